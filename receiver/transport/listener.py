"""A port that is bound before anything serves it."""

import socket

from receiver.errors import AddressInUse
from receiver.settings import Address

_BACKLOG = 2048


class Listener:
    """Holds a port; who connects before something serves it waits."""

    def __init__(self, address: Address, purpose: str, flag: str) -> None:
        """Binds the port; raises AddressInUse, which names the purpose and the flag."""
        self.purpose = purpose
        self.socket = _bind(address, purpose, flag)
        self.address = Address(address.host, self.socket.getsockname()[1])

    def close(self) -> None:
        """Lets go of the port."""
        self.socket.close()


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
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise AddressInUse(
            f"cannot listen for {purpose} on {address}: {error.strerror}."
            f" Stop the program that listens there, or give another address with {flag}."
        ) from None
    return listener
