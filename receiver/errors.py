"""What can go wrong while receiving, told apart by what the sender should do next.

`receiver.status` maps these to gRPC and HTTP codes.
"""


class ReceiverError(Exception):
    """Base of every error that a sender or an operator is told about."""


class MalformedRequest(ReceiverError):
    """The request can never be accepted; sending it again does not help."""


class RequestTooLarge(MalformedRequest):
    """The request is larger than the limit, as sent or after decompression."""


class Unavailable(ReceiverError):
    """The request could not be stored now; sending it again later may succeed.

    `retry_delay_s` says when.
    """

    def __init__(self, message: str, retry_delay_s: float) -> None:
        """Keeps the delay for the answer to the sender."""
        super().__init__(message)
        self.retry_delay_s = retry_delay_s


class AddressInUse(ReceiverError):
    """Another program listens where the receiver should."""
