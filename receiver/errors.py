"""What can go wrong while receiving, told apart by what the sender should do next.

`receiver.transport.status` maps these to gRPC and HTTP codes.
"""


class ReceiverError(Exception):
    """Base of every error that a sender or an operator is told about.

    `reason` is one word for it in metrics and logs; there are few of them.
    """

    reason = "other"


class MalformedRequest(ReceiverError):
    """The request can never be accepted; sending it again does not help.

    `field` is where: a path into the request, a header, or the body as a whole.
    """

    reason = "malformed"

    def __init__(self, message: str, field: str = "body") -> None:
        """Keeps the place for the answer to the sender."""
        super().__init__(message)
        self.field = field


class UnsupportedMedia(MalformedRequest):
    """The body is declared as something that is not OTLP."""

    reason = "media_type"


class RequestTooLarge(MalformedRequest):
    """The request is larger than the limit, as sent or after decompression."""

    reason = "too_large"


class ResponseTooLarge(ReceiverError):
    """The request was stored, but the answer is larger than the limit of answers."""

    reason = "response_too_large"


class Unavailable(ReceiverError):
    """The request could not be stored now; sending it again later may succeed.

    `retry_delay_s` says when.
    """

    def __init__(self, message: str, retry_delay_s: float, reason: str = "unavailable") -> None:
        """Keeps the delay for the answer to the sender."""
        super().__init__(message)
        self.retry_delay_s = retry_delay_s
        self.reason = reason


class SenderSlow(Unavailable):
    """The sender took so long over its request that it was given up."""


class Unauthenticated(ReceiverError):
    """The sender showed no key, or none that is good; sending again does not help."""

    reason = "unauthenticated"


class NeverWhole(ReceiverError):
    """The message of a gRPC call never came whole: it was too large, or its sender went away.

    grpc tells the sender which, and us only that.
    """

    reason = "never_whole"


class SenderGone(ReceiverError):
    """The sender closed the connection before its request was whole."""

    reason = "sender_gone"


class CredentialsUnusable(ReceiverError):
    """A file of keys or certificates cannot be used; the message never shows a key."""


class AddressInUse(ReceiverError):
    """Another program listens where the receiver should."""
