"""Why a store that a receiver holds cannot be asked."""

from receiver.storage.store import StoreError


class LeaseUnreadable(StoreError):
    """A receiver of another user holds the store, and what it left for readers is not ours."""


class ReceiverApiOff(StoreError):
    """A receiver holds the store and was told to offer no local API."""


class ReceiverUnreachable(StoreError):
    """The receiver that holds the store does not answer; it may be starting or stopping."""


class ReceiverOverloaded(StoreError):
    """The receiver answers, but refuses the question for now."""
