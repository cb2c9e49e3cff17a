"""Spans of the real SDK, for its real exporters."""

from collections.abc import Mapping, Sequence

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.util.types import AttributeValue


def some_spans(
    attributes: Mapping[str, AttributeValue] | None = None,
    resource: Mapping[str, AttributeValue] | None = None,
) -> Sequence[ReadableSpan]:
    """One ended span with these attributes, also on an event in it and on its scope."""
    memory = InMemorySpanExporter()
    provider = TracerProvider(resource=Resource({"service.name": "shop", **(resource or {})}))
    provider.add_span_processor(SimpleSpanProcessor(memory))
    tracer = provider.get_tracer("shop", attributes=attributes)
    with tracer.start_as_current_span("work") as span:
        span.set_attributes(attributes or {})
        span.add_event("done", attributes)
    provider.shutdown()
    return memory.get_finished_spans()
