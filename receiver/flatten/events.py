"""The events and links inside spans: as JSON text, and the exceptions among the events as rows."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from receiver.flatten import attributes, bounds, ids, json_text
from receiver.flatten.attributes import Attributes
from receiver.flatten.columns import CodedColumn, from_arrow
from receiver.flatten.envelope import Envelope
from receiver.flatten.exception_groups import ExceptionGroups
from receiver.flatten.exceptions import (
    NO_EXCEPTIONS,
    Carried,
    Carriers,
    ExceptionRows,
    Rows,
    exception_rows,
    is_exception_event,
)
from receiver.flatten.redaction import PLAIN, Redaction
from receiver.flatten.stack_attributes import STACK_KEY, take_stacks
from receiver.flatten.times import known
from receiver.signals import Signal


def read_events(
    events: pa.Array,
    envelope: Envelope,
    columns: Mapping[str, pa.Array],
    redaction: Redaction,
    groups: ExceptionGroups,
) -> tuple[ExceptionRows, pa.Array]:
    """Exceptions among the events, and the events as JSON.

    The stack of an exception is not among its event's attributes any more: it is stored with the
    exception.
    """
    flat = pc.list_flatten(events)
    if len(flat) == 0:
        return NO_EXCEPTIONS, pa.nulls(len(events), pa.string())
    bounds.check(len(flat), "events", bounds.EVENTS_MAX)
    event_name = from_arrow(flat.field("name"))
    parents = pc.list_parent_indices(events).to_numpy()
    found, carried, rows = _read(flat.field("attributes"), event_name, redaction)
    carriers = Carriers(
        signal=Signal.TRACES,
        event_name=event_name,
        time_unix_nano=_event_times(flat, columns["start_time_unix_nano"].to_numpy()[parents]),
        record_rows=parents,
        sdk_language=envelope.identity("sdk_language"),
    )
    exceptions = exception_rows(carried, rows, carriers, columns, groups)
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
    return exceptions, json_text.joined("[", events, objects, "]")


def _read(
    lists: pa.Array, event_name: CodedColumn, redaction: Redaction
) -> tuple[Attributes, Carried, Rows]:
    """The attributes of the events, what may be exceptions, and the rows that are.

    Stacks are taken out of the attributes, if all of them can be: each is the first of its name,
    and belongs to an exception.
    """
    named = event_name.matches(is_exception_event)
    if redaction.mark(STACK_KEY) == PLAIN:
        stacks = take_stacks(lists)
        found = attributes.decode(stacks.lists, redaction)
        others = Carried.of(found)
        carried = replace(others, has_stack=stacks.known, texts=stacks.texts, on_wire=stacks)
        rows = carried.held(named)
        if not others.has_stack.any() and stacks.known.sum() == stacks.known[rows].sum():
            return found, carried, rows
    found = attributes.decode(lists, redaction)
    carried = Carried.of(found)
    return found, carried, carried.held(named)


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
