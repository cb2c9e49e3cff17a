"""HTTP/1.1 as uvicorn speaks it, with a bound on the head of a request.

The parser keeps a path and headers until they are whole, and has no bound of its own. All of that
comes before anybody is asked for a key.
"""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# Path and headers of a request, or the trailers after its body.
HEAD_BYTES_MAX = 64 * 1024


class HttpProtocol(HttpToolsProtocol):
    """One connection; answers 400 to a head larger than HEAD_BYTES_MAX and closes it."""

    _unfinished_bytes = 0
    _finished = False

    def data_received(self, data: bytes) -> None:
        """Reads what came; what belongs to no head that is still open does not count."""
        if self.transport.is_closing():
            return
        self._finished = False
        super().data_received(data)
        self._unfinished_bytes = 0 if self._finished else self._unfinished_bytes + len(data)
        if self._unfinished_bytes > HEAD_BYTES_MAX:
            self._refuse()

    def on_headers_complete(self) -> None:
        """The head is whole; it may have come so large in one piece."""
        self._finished = True
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > HEAD_BYTES_MAX:
            self._refuse()
        elif not self.transport.is_closing():
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of the body; one whose head was refused has nowhere to go."""
        self._finished = True
        if not self.transport.is_closing():
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The end of the request."""
        self._finished = True
        if not self.transport.is_closing():
            super().on_message_complete()

    def _refuse(self) -> None:
        if not self.transport.is_closing():
            text = f"The head of the request is larger than {HEAD_BYTES_MAX} bytes."
            self.send_400_response(text)
