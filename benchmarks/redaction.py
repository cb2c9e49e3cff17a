"""What redaction adds to the decoding of attributes, in microseconds a span.

    python -m benchmarks.redaction

Decodes one attribute a span, distinct in every span, which is the worst case: repeated values are
decoded once. The best of several runs, on one thread.
"""

import json
import time

import pyarrow as pa
import pyarrow.compute as pc
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from benchmarks.payloads import payloads
from receiver.flatten.attributes import decode
from receiver.flatten.redaction import NO_REDACTION, Redaction
from receiver.flatten.redaction_rules import RedactionRules
from receiver.otlp.wire import requests_to_arrow
from receiver.signals import Signal

_SPANS = 32_768
_RUNS = 9
_RULES = {
    "off": NO_REDACTION,
    "drop": Redaction(RedactionRules()),
    "drop, one key more": Redaction(RedactionRules(keys=("*.ssn",))),
    "hash": Redaction(RedactionRules(mode="hash"), b"k" * 32),
}
_CASES = {
    "an address": ("client.address", "10.0.0.{}"),
    "a secret": ("http.request.header.authorization", "Bearer {}"),
    "a URL": ("url.full", "https://shop.example/api/orders/{}?page=2"),
    "a URL with a secret": ("url.full", "https://shop.example/api/orders/{}?token=abc"),
}


def main() -> None:
    """Measures once and prints the figures as JSON."""
    cases = {name: _lists(key, text) for name, (key, text) in _CASES.items()}
    cases = {"the nine attributes of benchmarks.ingest": _usual(), **cases}
    print(json.dumps({name: measure(lists) for name, lists in cases.items()}, indent=2))


def measure(lists: pa.Array) -> dict[str, float]:
    """Microseconds a span by rules; these take turns, so that all meet the same machine."""
    best = dict.fromkeys(_RULES, float("inf"))
    for _ in range(_RUNS):
        for name, redaction in _RULES.items():
            started = time.perf_counter()
            decode(lists, redaction)
            best[name] = min(best[name], time.perf_counter() - started)
    return {name: round(seconds / len(lists) * 1e6, 2) for name, seconds in best.items()}


def _lists(key: str, text: str) -> pa.Array:
    rows = [
        [KeyValue(key=key, value=AnyValue(string_value=text.format(n))).SerializeToString()]
        for n in range(_SPANS)
    ]
    return pa.array(rows, pa.list_(pa.binary()))


def _usual() -> pa.Array:
    """The attributes of spans as they usually are, most of them repeated."""
    spans_per_request = 8192
    sent = list(payloads(_SPANS // spans_per_request, spans_per_request))
    lists = requests_to_arrow(Signal.TRACES, sent).column("resource_spans")
    for layer in ("scope_spans", "spans", "attributes"):
        lists = pc.list_flatten(lists).field(layer)
    return lists


if __name__ == "__main__":
    main()
