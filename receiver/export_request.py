"""One export request on its way into the store, and the answer it waits for."""

import hashlib
import uuid
from concurrent.futures import Future
from dataclasses import dataclass, field

from google.protobuf.message import DecodeError

from receiver.errors import MalformedRequest
from receiver.otlp.profile_fields import without_profile_fields
from receiver.otlp.request_bounds import check_parsed, check_protobuf
from receiver.otlp.wire import REQUEST_TYPES
from receiver.signals import Signal


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a request: how many records are stored, how many were refused and why.

    `duplicate` says that the same bytes had been stored before and nothing was added; what was
    refused then is counted again.
    """

    accepted: int
    rejected: int = 0
    reason: str | None = None
    duplicate: bool = False


def _uncancellable() -> "Future[Answer]":
    """A future that a sender who goes away cannot cancel: the rows are stored all the same."""
    future: Future[Answer] = Future()
    future.set_running_or_notify_cancel()
    return future


@dataclass(frozen=True, slots=True, eq=False)
class ExportRequest:
    """A validated export request. `digest` identifies its signal and its bytes."""

    signal: Signal
    transport: str
    payload: bytes
    digest: uuid.UUID
    record_count: int
    received_at_unix_nano: int
    answer: "Future[Answer]" = field(default_factory=_uncancellable)


def read_request(
    signal: Signal, transport: str, payload: bytes, received_at_unix_nano: int
) -> ExportRequest:
    """The request in these bytes, checked by the strict parser; raises MalformedRequest."""
    return ExportRequest(
        signal=signal,
        transport=transport,
        payload=payload,
        digest=_digest(signal, payload),
        record_count=_count_records(signal, payload),
        received_at_unix_nano=received_at_unix_nano,
    )


def canonical(signal: Signal, payload: bytes) -> bytes:
    """The same message as the strict parser understands it: one member per `oneof`, nothing
    unknown, and nothing that only profiles have."""
    message = REQUEST_TYPES[signal].FromString(payload)
    message.DiscardUnknownFields()
    return without_profile_fields(signal, message.SerializeToString())


def _count_records(signal: Signal, payload: bytes) -> int:
    check_protobuf(payload)
    try:
        message = REQUEST_TYPES[signal].FromString(payload)
    except DecodeError as error:
        raise MalformedRequest(
            f"the body is not a valid {REQUEST_TYPES[signal].DESCRIPTOR.name}: {error}."
            " Check that the exporter sends this signal here, and as protobuf."
        ) from None
    if signal is Signal.TRACES:
        scopes = [entry.scope_spans for entry in message.resource_spans]
        records = sum(len(scope.spans) for some in scopes for scope in some)
    else:
        scopes = [entry.scope_logs for entry in message.resource_logs]
        records = sum(len(scope.log_records) for some in scopes for scope in some)
    check_parsed(len(scopes) + sum(map(len, scopes)), records)
    return records


def _digest(signal: Signal, payload: bytes) -> uuid.UUID:
    hasher = hashlib.sha256(signal.encode() + b"\0")
    hasher.update(payload)
    return uuid.UUID(bytes=hasher.digest()[:16])
