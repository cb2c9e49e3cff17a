"""An HTTP server in a thread of its own."""

import ssl
import threading

import uvicorn
from starlette.types import ASGIApp

from receiver.transport.http_protocol import HttpProtocol
from receiver.transport.listener import Listener

_GRACE_S = 5


class HttpServer:
    """Serves an ASGI application until it is stopped."""

    def __init__(
        self,
        app: ASGIApp,
        listener: Listener,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Serves on the listener's port and closes it at the end; speaks TLS if a context is
        given."""
        self._listener = listener
        self.address = listener.address
        config = uvicorn.Config(
            app,
            http=HttpProtocol,
            lifespan="off",
            log_config=None,
            access_log=False,
            log_level="warning",
            server_header=False,
            timeout_graceful_shutdown=_GRACE_S,
        )
        config.load()
        config.ssl = tls
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run,
            args=([listener.socket],),
            name=f"deploylens-{listener.purpose}",
        )

    def start(self) -> None:
        """Begins to serve."""
        self._thread.start()

    def stop(self) -> None:
        """Takes no new requests, waits for those under way, and ends."""
        self._server.should_exit = True
        if self._thread.ident is not None:
            self._thread.join()
        self._listener.close()
