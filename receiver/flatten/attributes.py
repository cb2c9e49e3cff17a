"""Lists of serialized `KeyValue` messages as JSON text and as columns, decoding each distinct
attribute once.

In telemetry most attributes repeat. So the wire bytes are dictionary-encoded first; keys, values
and JSON text are made for the distinct ones only, and the rows are put together from those by
index.

JSON keeps OTLP's types: integers are written in full, doubles always carry `.` or `e`, arrays and
key-value lists nest, an empty value is null. What JSON cannot express is spelled as OTLP/JSON
spells it: `{"bytesValue": "<base64>"}` and `{"doubleValue": "NaN"}`. Duplicate keys stay, in order;
whoever reads a key gets the first.
"""

import base64
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from opentelemetry.proto.common.v1.common_pb2 import (
    AnyValue,
    ArrayValue,
    KeyValue,
    KeyValueList,
)

from receiver.flatten import json_text
from receiver.flatten.columns import CodedColumn
from receiver.otlp.wire import any_values_to_arrow, key_values_to_arrow


@dataclass(frozen=True, slots=True)
class Attributes:
    """The attributes of a number of rows.

    `parents[i]` is the row of occurrence i and `occurrences[i]` its index among the distinct ones.
    """

    lists: pa.Array
    parents: npt.NDArray[np.int64]
    occurrences: npt.NDArray[np.int32]
    keys: CodedColumn
    texts: pa.StringArray
    fragments: pa.StringArray

    def json(self) -> pa.Array:
        """One JSON object by row, NULL for a row without attributes."""
        if len(self.occurrences) == 0:
            return pa.nulls(len(self.lists), pa.string())
        members = self.fragments.take(pa.array(self.occurrences))
        return json_text.joined("{", self.lists, members, "}")

    def columns(self, names: Mapping[str, Sequence[str]]) -> dict[str, CodedColumn]:
        """A column for each entry: the value of the first of its attribute names that a row has."""
        wanted = {key for keys in names.values() for key in keys}.intersection(self.keys.values)
        hits = self.keys.matches(wanted.__contains__)
        # Backwards, so that of duplicate keys the first one is assigned last and stays.
        positions = np.flatnonzero(hits[self.occurrences])[::-1]
        found, parents = self.occurrences[positions], self.parents[positions]
        nothing = CodedColumn(np.full(len(self.lists), -1, dtype=np.int32), [])
        return {
            column: self._column(keys, found, parents) if wanted.intersection(keys) else nothing
            for column, keys in names.items()
        }

    def _column(
        self, keys: Sequence[str], found: npt.NDArray[np.int32], parents: npt.NDArray[np.int64]
    ) -> CodedColumn:
        """Gives occurrences to their rows, the least wanted key first: the most wanted stays."""
        ranks = {key: rank for rank, key in enumerate(keys)}
        rank_of_found = self.keys.lookup(lambda key: ranks.get(key, -1), -1)[found]
        codes = np.full(len(self.lists), -1, dtype=np.int32)
        for rank in reversed(range(len(keys))):
            hit = rank_of_found == rank
            codes[parents[hit]] = found[hit]
        used = np.unique(codes[codes >= 0])
        values = [text or None for text in self.texts.take(pa.array(used)).to_pylist()]
        compact = np.searchsorted(used, codes).astype(np.int32)
        return CodedColumn(np.where(codes >= 0, compact, np.int32(-1)), values)


def decode(lists: pa.Array) -> Attributes:
    """Attributes from lists of serialized `KeyValue` messages, a `list<binary>` without NULLs."""
    flat = pc.list_flatten(lists)
    encoded = flat.dictionary_encode()
    pairs = key_values_to_arrow(encoded.dictionary)
    if _has_two_members(pairs.field("value")):
        pairs = key_values_to_arrow(_strict(KeyValue, encoded.dictionary))
    keys = pairs.field("key").dictionary_encode()
    key_codes = keys.indices.to_numpy().astype(np.int32)
    texts, values_json = _any_values(pairs.field("value"))
    labels = pa.array(
        [json.dumps(key, ensure_ascii=False) + ":" for key in keys.dictionary.to_pylist()],
        pa.string(),
    )
    fragments = json_text.concat(labels.take(keys.indices), values_json)
    return Attributes(
        lists=lists,
        parents=pc.list_parent_indices(lists).to_numpy(),
        occurrences=encoded.indices.to_numpy().astype(np.int32),
        keys=CodedColumn(key_codes, keys.dictionary.to_pylist()),
        texts=texts,
        fragments=fragments,
    )


def decode_any_values(serialized: pa.Array) -> tuple[pa.Array, pa.Array, pa.Array]:
    """Serialized `AnyValue` messages or NULLs as text, as JSON and as the name of the type."""
    value = any_values_to_arrow(serialized.fill_null(b""))
    if _has_two_members(value):
        value = any_values_to_arrow(_strict(AnyValue, serialized.fill_null(b"")))
    texts, values_json = _any_values(value)
    types = pa.nulls(len(serialized), pa.string())
    for name in reversed(value.type.names):
        label = name.removesuffix("_value")
        types = pc.if_else(pc.is_valid(value.field(name)), label, types)
    return texts, values_json, types


def _has_two_members(value: pa.StructArray) -> bool:
    """Whether any `AnyValue` came with two members of its oneof; only the strict parser knows which
    counts."""
    members = np.zeros(len(value), dtype=np.int8)
    for name in value.type.names:
        field = value.field(name)
        if field.null_count < len(field):
            members += field.is_valid().to_numpy(zero_copy_only=False)
    return bool((members > 1).any())


def _strict(message_type: Any, serialized: pa.Array) -> pa.Array:  # Any: untyped message classes
    """The messages as the strict parser understands them, with one member per oneof."""
    contents = serialized.to_pylist()
    strict = [message_type.FromString(content).SerializeToString() for content in contents]
    return pa.array(strict, pa.binary())


def _any_values(value: pa.StructArray) -> tuple[pa.Array, pa.Array]:
    """A struct of `AnyValue` members as plain text (NULL when empty) and as JSON text ("null" when
    empty)."""
    strings = value.field("string_value")
    numbers = value.field("int_value").cast(pa.string())
    booleans = value.field("bool_value").cast(pa.string())
    scalars = pc.coalesce(numbers, booleans, _doubles_json(value.field("double_value")))
    rest = _rare_values(value)
    texts = pc.coalesce(strings, scalars, rest)
    return texts, pc.coalesce(json_text.quoted(strings), scalars, rest, json_text.text("null"))


def _rare_values(value: pa.StructArray) -> pa.Array:
    """JSON text of bytes, arrays and key-value lists, which are few; NULL elsewhere."""
    result: list[str | None] = [None] * len(value)
    for name, render in _RENDER.items():
        member = value.field(name)
        if member.null_count == len(member):
            continue
        for row in np.flatnonzero(member.is_valid().to_numpy(zero_copy_only=False)):
            result[row] = render(member[int(row)].as_py())
    return pa.array(result, pa.string())


def _doubles_json(numbers: pa.Array) -> pa.Array:
    if numbers.null_count == len(numbers):
        return pa.nulls(len(numbers), pa.string())
    texts = numbers.cast(pa.string())
    whole = pc.match_substring_regex(texts, r"^-?[0-9]+$")
    texts = pc.if_else(whole, json_text.concat(texts, ".0"), texts)
    special = [_double_json(number) for number in (math.nan, math.inf, -math.inf)]
    for text, spelled in zip(("nan", "inf", "-inf"), special, strict=True):
        texts = pc.if_else(pc.equal(texts, text), spelled, texts)
    return texts


def _double_json(number: float) -> str:
    if not math.isfinite(number):
        name = "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"
        return json.dumps({"doubleValue": name})
    return repr(number)


def _bytes_json(content: bytes) -> str:
    return json.dumps({"bytesValue": base64.b64encode(content).decode()})


def _array_json(serialized: bytes) -> str:
    values = ArrayValue.FromString(serialized).values
    return "[" + ",".join(_any_value_json(value) for value in values) + "]"


def _kvlist_json(serialized: bytes) -> str:
    return _members_json(KeyValueList.FromString(serialized).values)


def _members_json(values: Any) -> str:  # Any: a repeated field of an untyped generated message
    members = (
        f"{json.dumps(member.key, ensure_ascii=False)}:{_any_value_json(member.value)}"
        for member in values
    )
    return "{" + ",".join(members) + "}"


def _any_value_json(value: AnyValue) -> str:
    member = value.WhichOneof("value")
    content = getattr(value, member) if member else None
    match member:
        case "string_value" | "bool_value" | "int_value":
            return json.dumps(content, ensure_ascii=False)
        case "double_value":
            return _double_json(value.double_value)
        case "bytes_value":
            return _bytes_json(value.bytes_value)
        case "array_value":
            return "[" + ",".join(_any_value_json(item) for item in value.array_value.values) + "]"
        case "kvlist_value":
            return _members_json(value.kvlist_value.values)
    return "null"


_RENDER = {
    "bytes_value": _bytes_json,
    "array_value": _array_json,
    "kvlist_value": _kvlist_json,
}
