"""What must become of a hostile request, worked out with google.protobuf alone."""

import gzip
import json
import re
import zlib
from dataclasses import dataclass

from google.protobuf.json_format import ParseError
from google.protobuf.message import DecodeError

from receiver.signals import Signal
from tests.hostile_payloads import Payload
from tests.otlp_requests import from_json
from tests.row_oracle import Expected, digest

# Where JSON is read that google.protobuf refuses: an id that is not hex where OTLP has none, two
# members of a oneof (the last counts), a null among elements, base64 of either alphabet.
LENIENT = re.compile(
    r"fromhex|non-hexadecimal|multiple .* oneof|null is not allowed|base64|padding", re.IGNORECASE
)
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request must be taken, and which rows it must become.

    `sure` is False where the receiver has a choice; then only an honest answer is asked.
    """

    accepted: bool
    expected: Expected | None = None
    digest: object = None
    sure: bool = True
    reason: str = ""


def verdict(payload: Payload) -> Verdict:
    """What must become of it."""
    body = payload.body
    if payload.encoding == "gzip":
        try:
            body = gzip.decompress(body)
        except (OSError, EOFError, ValueError, zlib.error) as error:
            return Verdict(accepted=False, reason=f"gzip: {error}")
    if payload.transport == "http/json":
        return _json_verdict(payload.signal, body)
    # Of a damaged gzip header Python's module ignores what others refuse.
    return _protobuf_verdict(payload.signal, body, sure=payload.kind != "damaged gzip")


def _protobuf_verdict(signal: Signal, body: bytes, sure: bool) -> Verdict:
    try:
        return Verdict(True, Expected(signal, body), digest(signal, body), sure)
    except DecodeError as error:
        return Verdict(False, reason=str(error))


def _json_verdict(signal: Signal, body: bytes) -> Verdict:
    """By google.protobuf, after what it does not know was put right: hex ids, lone surrogates."""
    try:
        text = body.decode("utf-8-sig")
        document = json.loads(text, parse_constant=str)
    except (ValueError, RecursionError) as error:
        return Verdict(False, reason=f"not JSON: {error}")
    try:
        clean = json.dumps(_without_surrogates(document))
        message = from_json(clean, signal)
    except (ParseError, ValueError, TypeError, AttributeError, RecursionError, OverflowError) as e:
        reason = f"{type(e).__name__}: {e}"
        return Verdict(False, sure=LENIENT.search(reason) is None, reason=reason)
    content = message.SerializeToString()
    return Verdict(True, Expected(signal, content), digest(signal, content), sure=False)


def _without_surrogates(node: object) -> object:
    if isinstance(node, str):
        return _SURROGATE.sub("\ufffd", node)
    if isinstance(node, dict):
        return {_SURROGATE.sub("\ufffd", key): _without_surrogates(v) for key, v in node.items()}
    return [_without_surrogates(item) for item in node] if isinstance(node, list) else node
