"""Export requests with real-looking values, the same ones for the same seed."""

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from benchmarks.stack_groups import Failure, failure

_START = 1_790_000_000_000_000_000
_ROUTES = ("/api/orders/{id}", "/api/cart", "/api/products/{id}", "/api/checkout", "/healthz")
_KINDS = (Span.SPAN_KIND_INTERNAL, Span.SPAN_KIND_SERVER, Span.SPAN_KIND_CLIENT)
_AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0",
    "okhttp/4.12.0",
    "python-requests/2.32.3",
)
_UNKNOWN_FIELD = b"\xc1\x3e"  # field 1000, eight bytes
_STACK = "Traceback (most recent call last):\n" + "".join(
    f'  File "/app/shop/{name}.py", line {line}, in {name}\n    return {name}(order)\n'
    for name, line in (("views", 41), ("service", 118), ("pricing", 77), ("tax", 9))
)


def payloads(
    count: int,
    spans: int,
    failing: float = 0.02,
    seed: int = 7,
    distinct: bool = False,
    stack_groups: int = 0,
) -> Iterator[bytes]:
    """`count` serialized requests of `spans` spans with nine attributes each, from four services.

    A share `failing` of the spans ends with an exception that carries a short stack trace, or one
    of so many groups of long ones. With `distinct` every attribute value is another one.
    """
    random_source = random.Random(seed)
    shape = _Shape(failing, distinct, stack_groups)
    for _ in range(count):
        yield _request(spans, shape, random_source).SerializeToString()


def endless(first: Sequence[bytes]) -> Iterator[bytes]:
    """The requests again and again, none the same bytes: each round ends in a field of its own,
    which receivers ignore."""
    for number in itertools.count():
        mark = b"" if number < len(first) else _UNKNOWN_FIELD + number.to_bytes(8, "little")
        yield first[number % len(first)] + mark


@dataclass(frozen=True, slots=True)
class _Shape:
    """What is in the requests, as `payloads` has it."""

    failing: float
    distinct: bool
    stack_groups: int


def _request(spans: int, shape: _Shape, random_source: random.Random) -> ExportTraceServiceRequest:
    request = ExportTraceServiceRequest()
    services = min(4, spans)
    for service in range(services):
        entry = request.resource_spans.add()
        version = f"1.{random_source.randint(4, 5)}.0"
        entry.resource.attributes.extend(
            _attribute(key, value)
            for key, value in {
                "service.name": f"shop-{service}",
                "service.version": version,
                "service.instance.id": f"shop-{service}-{version}-{random_source.randint(0, 3)}",
                "deployment.environment.name": "production",
                "deployment.id": f"deploy-{version}",
                "telemetry.sdk.language": "python",
                "telemetry.sdk.version": "1.45.2",
                "host.name": f"node-{random_source.randint(0, 9)}",
            }.items()
        )
        scope = entry.scope_spans.add()
        scope.scope.name, scope.scope.version = "opentelemetry.instrumentation.fastapi", "0.66b2"
        mine = spans // services + (service < spans % services)
        scope.spans.extend(
            _span(random_source.random() < shape.failing, shape, random_source) for _ in range(mine)
        )
    return request


def _span(fails: bool, shape: _Shape, random_source: random.Random) -> Span:
    start = _START + random_source.randrange(3_600_000_000_000)
    route = random_source.choice(_ROUTES)
    span = Span(
        trace_id=random_source.randbytes(16),
        span_id=random_source.randbytes(8),
        parent_span_id=random_source.randbytes(8) if random_source.random() < 0.8 else b"",
        name=f"GET {route}",
        kind=random_source.choice(_KINDS),
        start_time_unix_nano=start,
        end_time_unix_nano=start + random_source.randrange(500_000, 900_000_000),
        flags=257,
    )
    span.attributes.extend(
        _attribute(key, value)
        for key, value in {
            "http.request.method": "GET",
            "http.route": route,
            "http.response.status_code": 500 if fails else 200,
            "url.path": route.replace("{id}", str(random_source.randrange(100_000))),
            "url.scheme": "https",
            "server.address": "shop.internal",
            "server.port": 8443,
            "user_agent.original": random_source.choice(_AGENTS),
            "client.address": f"10.0.{random_source.randrange(256)}.{random_source.randrange(256)}",
        }.items()
    )
    if shape.distinct:
        for attribute in span.attributes:
            attribute.value.string_value = random_source.randbytes(10).hex()
    if fails:
        _add_exception(span, start, shape.stack_groups, random_source)
    return span


def _add_exception(span: Span, start: int, stack_groups: int, random_source: random.Random) -> None:
    if stack_groups:
        one = failure(stack_groups, random_source)
    else:
        message = f"no price for order {random_source.randrange(1_000_000)}"
        one = Failure("KeyError", message, f"{_STACK}KeyError: '{message}'\n")
    span.status.code = Status.STATUS_CODE_ERROR
    event = span.events.add(name="exception", time_unix_nano=start + 400_000)
    event.attributes.extend(
        _attribute(key, value)
        for key, value in {
            "exception.type": one.type,
            "exception.message": one.message,
            "exception.stacktrace": one.stacktrace,
        }.items()
    )


def _attribute(key: str, value: str | int) -> KeyValue:
    attribute = KeyValue(key=key)
    if isinstance(value, int):
        attribute.value.int_value = value
    else:
        attribute.value.string_value = value
    return attribute
