"""Export requests of spans with recorded exceptions, as Python's SDK sends them."""

from dataclasses import dataclass

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.ingest import key_values

START = 1_790_000_000_000_000_000
SECOND = 10**9
LIBRARY = (
    '  File "/usr/lib/python3.12/site-packages/flask/app.py", line 880, in dispatch\n    run()\n'
)


@dataclass(frozen=True, slots=True)
class Recorded:
    """An exception on the SERVER span of an endpoint, so many seconds after START."""

    type: str = "OrderError"
    message: str = "order 4711 is empty"
    function: str = "place"
    line: int = 41
    cause: str | None = None
    second: int = 0
    version: str = "1.0"
    service: str = "shop"
    endpoint: str = "/orders"

    @property
    def stacktrace(self) -> str:
        """The traceback, the frame of our own code last, as Python writes it."""
        cause = (
            ""
            if self.cause is None
            else (
                "Traceback (most recent call last):\n"
                f'  File "/app/shop/stock.py", line {self.line + 7}, in take\n    take()\n'
                f"{self.cause}\n\n"
                "The above exception was the direct cause of the following exception:\n\n"
            )
        )
        return (
            f"{cause}Traceback (most recent call last):\n{LIBRARY}"
            f'  File "/app/shop/orders.py", line {self.line}, in {self.function}\n    go()\n'
            f"{self.type}: {self.message}\n"
        )


def requests_of(*exceptions: Recorded) -> list[ExportTraceServiceRequest]:
    """An export request for each exception."""
    return [_request(number, one) for number, one in enumerate(exceptions, start=1)]


def _request(number: int, one: Recorded) -> ExportTraceServiceRequest:
    request = ExportTraceServiceRequest()
    entry = request.resource_spans.add()
    resource = {
        "service.name": one.service,
        "service.version": one.version,
        "deployment.environment.name": "prod",
        "telemetry.sdk.language": "python",
    }
    entry.resource.attributes.extend(key_values(resource))
    time = START + one.second * SECOND
    span = entry.scope_spans.add().spans.add(
        trace_id=(time + number).to_bytes(16, "big"),
        span_id=number.to_bytes(8, "big"),
        name=f"POST {one.endpoint}",
        kind=2,
        start_time_unix_nano=time,
        end_time_unix_nano=time + 1_000_000,
    )
    span.status.code = 2
    route = {"http.request.method": "POST", "http.route": one.endpoint}
    span.attributes.extend(key_values(route | {"http.response.status_code": 500}))
    event = span.events.add(name="exception", time_unix_nano=time)
    facts = {
        "exception.type": one.type,
        "exception.message": one.message,
        "exception.stacktrace": one.stacktrace,
    }
    event.attributes.extend(key_values(facts))
    return request
