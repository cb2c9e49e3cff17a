"""The outer layers of export requests: the resource, scope and request of every record."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.common.v1.common_pb2 import EntityRef

from receiver.flatten import attributes, bounds
from receiver.flatten.columns import CodedColumn, coalesce, distinct, from_arrow
from receiver.flatten.redaction import Redaction
from receiver.flatten.resources import Resource, read_resource
from receiver.signals import Signal

Rows = npt.NDArray[np.int64]

_LAYERS = {
    Signal.TRACES: ("resource_spans", "scope_spans", "spans"),
    Signal.LOGS: ("resource_logs", "scope_logs", "log_records"),
}


_IDENTITY = (
    "service_namespace",
    "service_name",
    "service_version",
    "version_source",
    "environment_name",
    "deployment_id",
    "instance_id",
)


@dataclass(frozen=True, slots=True)
class Scopes:
    """The instrumentation scope by scope entry; `Envelope.scope_rows` leads from records to it."""

    name: CodedColumn
    version: CodedColumn
    attributes: CodedColumn
    schema_url: CodedColumn
    dropped_attributes_count: npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Envelope:
    """The records of a group of requests, with the row of each in the layers around it."""

    records: pa.StructArray
    request_rows: Rows
    resource_rows: Rows
    scope_rows: Rows
    resources: tuple[Resource, ...]
    resource_codes: npt.NDArray[np.int32]
    scopes: Scopes

    def keep(self, mask: npt.NDArray[np.bool_]) -> "Envelope":
        """Only the records for which the mask holds."""
        return Envelope(
            records=self.records.filter(pa.array(mask)),
            request_rows=self.request_rows[mask],
            resource_rows=self.resource_rows[mask],
            scope_rows=self.scope_rows[mask],
            resources=self.resources,
            resource_codes=self.resource_codes,
            scopes=self.scopes,
        )

    def identity(self, name: str) -> CodedColumn:
        """A field of the resource, by record."""
        values = [getattr(resource, name) for resource in self.resources]
        return CodedColumn(self.resource_codes[self.resource_rows], values)

    def identity_columns(self, read: Mapping[str, CodedColumn]) -> dict[str, CodedColumn]:
        """Who sent each record; what the record's own attributes say goes before its resource.

        `read` holds attribute columns of the records by canonical name.
        """
        own = {
            "service_version": read["service.version"],
            "version_source": read["service.version"].map(lambda _: "service.version"),
            "environment_name": read["deployment.environment.name"],
            "deployment_id": read["deployment.id"],
        }
        return {
            name: coalesce(own[name], self.identity(name)) if name in own else self.identity(name)
            for name in _IDENTITY
        }

    def resource_ids(self) -> pa.Array:
        """`resource_id`, by record."""
        ids = np.array([resource.resource_id for resource in self.resources], dtype=np.uint64)
        return pa.array(ids[self.resource_codes[self.resource_rows]])

    def scope_columns(self) -> dict[str, pa.Array]:
        """The columns that tables of records share about the instrumentation scope."""
        rows = self.scope_rows
        return {
            "scope_name": self.scopes.name.take(rows).to_arrow(),
            "scope_version": self.scopes.version.take(rows).to_arrow(),
            "scope_attributes": self.scopes.attributes.take(rows).to_arrow(),
            "scope_schema_url": self.scopes.schema_url.take(rows).to_arrow(),
            "scope_dropped_attributes_count": pa.array(self.scopes.dropped_attributes_count[rows]),
        }


def open_envelope(batch: pa.RecordBatch, signal: Signal, redaction: Redaction) -> Envelope:
    """The layers of a record batch as `receiver.otlp.wire.requests_to_arrow` makes it, a row per
    request."""
    outer, middle, inner = _LAYERS[signal]
    resource_lists = batch.column(outer)
    resource_entries = pc.list_flatten(resource_lists)
    scope_lists = resource_entries.field(middle)
    scope_entries = pc.list_flatten(scope_lists)
    record_lists = scope_entries.field(inner)
    scope_rows = pc.list_parent_indices(record_lists).to_numpy()
    resource_rows = pc.list_parent_indices(scope_lists).to_numpy()[scope_rows]
    resources, resource_codes = _resources(resource_entries, redaction)
    return Envelope(
        records=pc.list_flatten(record_lists),
        request_rows=pc.list_parent_indices(resource_lists).to_numpy()[resource_rows],
        resource_rows=resource_rows,
        scope_rows=scope_rows,
        resources=resources,
        resource_codes=resource_codes,
        scopes=_scopes(scope_entries, redaction),
    )


def _resources(
    entries: pa.StructArray, redaction: Redaction
) -> tuple[tuple[Resource, ...], npt.NDArray[np.int32]]:
    """The distinct resources among the entries, and the index of each entry's resource."""
    resource = entries.field("resource")
    texts = attributes.decode(_lists(resource, "attributes"), redaction).json()
    dropped = pc.fill_null(pc.struct_field(resource, "dropped_attributes_count"), 0)
    references = _entity_references(_lists(resource, "entity_refs"))
    urls = from_arrow(entries.field("schema_url"))
    coded = from_arrow(texts)
    counts = from_arrow(dropped.cast(pa.string()))
    rows, codes = distinct(coded, counts, references, urls)
    bounds.check(len(rows), "different resources", bounds.RESOURCES_MAX)
    found = tuple(
        read_resource(coded.at(row), int(counts.at(row) or 0), references.at(row), urls.at(row))
        for row in rows.tolist()
    )
    return found, codes


def _entity_references(lists: pa.Array) -> CodedColumn:
    """Entity references as JSON text, by entry; they are rare."""
    if len(pc.list_flatten(lists)) == 0:
        return from_arrow(pa.nulls(len(lists), pa.string()))
    rows = [_entity_references_json(row) for row in lists.to_pylist()]
    return from_arrow(pa.array(rows, pa.string()))


def _entity_references_json(serialized: list[bytes]) -> str | None:
    references = [MessageToDict(EntityRef.FromString(content)) for content in serialized]
    return json.dumps(references, ensure_ascii=False) if references else None


def _scopes(entries: pa.StructArray, redaction: Redaction) -> Scopes:
    scope = entries.field("scope")
    dropped = pc.fill_null(pc.struct_field(scope, "dropped_attributes_count"), 0)
    found = attributes.decode(_lists(scope, "attributes"), redaction)
    return Scopes(
        name=from_arrow(pc.struct_field(scope, "name")),
        version=from_arrow(pc.struct_field(scope, "version")),
        attributes=from_arrow(found.json()),
        schema_url=from_arrow(entries.field("schema_url")),
        dropped_attributes_count=dropped.to_numpy().astype(np.uint32),
    )


def _lists(message: pa.StructArray, field: str) -> pa.Array:
    """A repeated field of a message that may be absent; absent counts as empty."""
    lists = pc.struct_field(message, field)
    if lists.null_count == 0:
        return lists
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy()
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pc.list_flatten(lists))
