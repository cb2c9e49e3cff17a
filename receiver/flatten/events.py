"""The events and links inside spans: as JSON text, and the exceptions among the events as rows."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from receiver.flatten import attributes, bounds, ids, json_text
from receiver.flatten.columns import from_arrow
from receiver.flatten.envelope import Envelope
from receiver.flatten.exceptions import Carriers, exception_rows
from receiver.flatten.redaction import Redaction
from receiver.flatten.times import known
from receiver.signals import Signal


def read_events(
    events: pa.Array, envelope: Envelope, columns: Mapping[str, pa.Array], redaction: Redaction
) -> tuple[pa.Table | None, npt.NDArray[np.int64], pa.Array]:
    """Exceptions among the events, spans with a timeout among those, and the events as JSON."""
    flat = pc.list_flatten(events)
    nothing = np.empty(0, dtype=np.int64)
    if len(flat) == 0:
        return None, nothing, pa.nulls(len(events), pa.string())
    bounds.check(len(flat), "events", bounds.EVENTS_MAX)
    found = attributes.decode(flat.field("attributes"), redaction)
    parents = pc.list_parent_indices(events).to_numpy()
    carriers = Carriers(
        signal=Signal.TRACES,
        attributes=found,
        event_name=from_arrow(flat.field("name")),
        time_unix_nano=_event_times(flat, columns["start_time_unix_nano"].to_numpy()[parents]),
        record_rows=parents,
        sdk_language=envelope.identity("sdk_language"),
    )
    exceptions, timeouts = exception_rows(carriers, columns)
    objects = json_text.concat(
        '{"time_unix_nano":',
        flat.field("time_unix_nano").cast(pa.string()),
        ',"name":',
        json_text.quoted(flat.field("name")),
        ',"attributes":',
        pc.coalesce(found.json(), json_text.text("{}")),
        ',"dropped_attributes_count":',
        flat.field("dropped_attributes_count").cast(pa.string()),
        "}",
    )
    return exceptions, timeouts, json_text.joined("[", events, objects, "]")


def links_json(links: pa.Array, redaction: Redaction) -> pa.Array:
    """Links as JSON arrays, NULL for a span without links."""
    flat = pc.list_flatten(links)
    if len(flat) == 0:
        return pa.nulls(len(links), pa.string())
    bounds.check(len(flat), "links", bounds.LINKS_MAX)
    found = attributes.decode(flat.field("attributes"), redaction)
    objects = json_text.concat(
        '{"trace_id":"',
        ids.hex_text(flat.field("trace_id")),
        '","span_id":"',
        ids.hex_text(flat.field("span_id")),
        '","trace_state":',
        json_text.quoted(flat.field("trace_state")),
        ',"attributes":',
        pc.coalesce(found.json(), json_text.text("{}")),
        ',"dropped_attributes_count":',
        flat.field("dropped_attributes_count").cast(pa.string()),
        ',"flags":',
        flat.field("flags").cast(pa.string()),
        "}",
    )
    return json_text.joined("[", links, objects, "]")


def _event_times(events: pa.StructArray, span_starts: npt.NDArray[np.int64]) -> pa.Array:
    """The time of every event; where that is unknown, or past the year 2200, its span's start."""
    times = events.field("time_unix_nano").to_numpy()
    return pa.array(np.where(known(times), times.astype(np.int64), span_starts))
