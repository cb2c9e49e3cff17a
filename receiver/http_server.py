"""An HTTP server in a thread of its own."""

import socket
import threading

import uvicorn
from starlette.types import ASGIApp

from receiver.errors import AddressInUse
from receiver.settings import Address

_GRACE_S = 5


class HttpServer:
    """Serves an ASGI application until it is stopped."""

    def __init__(self, app: ASGIApp, address: Address, purpose: str, flag: str) -> None:
        """Binds the port; raises AddressInUse, which names the purpose and the flag."""
        self._socket = _bind(address, purpose, flag)
        self.address = Address(address.host, self._socket.getsockname()[1])
        config = uvicorn.Config(
            app,
            http="httptools",
            lifespan="off",
            log_config=None,
            access_log=False,
            log_level="warning",
            server_header=False,
            timeout_graceful_shutdown=_GRACE_S,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name=f"deploylens-{purpose}"
        )

    def start(self) -> None:
        """Begins to serve."""
        self._thread.start()

    def stop(self) -> None:
        """Takes no new requests, waits for those under way, and ends."""
        self._server.should_exit = True
        if self._thread.ident is not None:
            self._thread.join()
        self._socket.close()


def _bind(address: Address, purpose: str, flag: str) -> socket.socket:
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise AddressInUse(f"cannot listen for {purpose} on {address}: {error.strerror}") from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(where)
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise AddressInUse(
            f"cannot listen for {purpose} on {address}: {error.strerror}."
            f" Stop the program that listens there, or give another address with {flag}."
        ) from None
    return listener
