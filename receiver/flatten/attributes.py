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

from receiver.flatten import bounds, json_text
from receiver.flatten.attribute_columns import attribute_columns
from receiver.flatten.columns import CodedColumn, Mask
from receiver.flatten.redaction import PLAIN, SECRET, Marks, Redaction
from receiver.otlp.wire import PROFILES_ONLY, any_values_to_arrow, key_values_to_arrow


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
        return json_text.gathered("{", self.lists, self.fragments, self.occurrences, "}")

    def columns(self, names: Mapping[str, Sequence[str]]) -> dict[str, CodedColumn]:
        """A column for each entry: the value of the first of its attribute names that a row has."""
        return attribute_columns(
            names, self.keys, self.texts, self.occurrences, self.parents, len(self.lists)
        )


def decode(lists: pa.Array, redaction: Redaction) -> Attributes:
    """Attributes from lists of serialized `KeyValue` messages, a `list<binary>` without NULLs;
    secrets are replaced."""
    flat = pc.list_flatten(lists)
    encoded = flat.dictionary_encode()
    pairs = key_values_to_arrow(encoded.dictionary)
    double = _with_two_members(pairs.field("value"))
    if double.any():
        pairs = key_values_to_arrow(_strict(KeyValue, encoded.dictionary, double))
    keys = pairs.field("key").dictionary_encode()
    key_codes = keys.indices.to_numpy().astype(np.int32)
    key_values = keys.dictionary.to_pylist()
    marks = redaction.marks(key_values)[key_codes]
    texts, values_json = _any_values(pairs.field("value"), redaction, marks)
    labels = json_text.concat(json_text.quoted(keys.dictionary), ":")
    fragments = json_text.concat(labels.take(keys.indices), values_json, ",")
    return Attributes(
        lists=lists,
        parents=pc.list_parent_indices(lists).to_numpy(),
        occurrences=encoded.indices.to_numpy().astype(np.int32),
        keys=CodedColumn(key_codes, key_values),
        texts=texts,
        fragments=fragments,
    )


def decode_any_values(
    serialized: pa.Array, redaction: Redaction
) -> tuple[pa.Array, pa.Array, pa.Array]:
    """Serialized `AnyValue` messages or NULLs as text, as JSON and as the name of the type; secrets
    in key-value lists are replaced."""
    value = any_values_to_arrow(serialized.fill_null(b""))
    double = _with_two_members(value)
    if double.any():
        value = any_values_to_arrow(_strict(AnyValue, serialized.fill_null(b""), double))
    unnamed = np.full(len(value), PLAIN, dtype=np.int8)
    texts, values_json = _any_values(value, redaction, unnamed)
    types = pa.nulls(len(serialized), pa.string())
    for name in value.type.names:
        if name not in PROFILES_ONLY:
            label = name.removesuffix("_value")
            types = pc.if_else(pc.is_valid(value.field(name)), label, types)
    return texts, values_json, types


def _with_two_members(value: pa.StructArray) -> Mask:
    """Which `AnyValue`s came with two members of their oneof; only the strict parser knows which
    counts."""
    members = np.zeros(len(value), dtype=np.int8)
    for name in value.type.names:
        field = value.field(name)
        if field.null_count < len(field):
            members += field.is_valid().to_numpy(zero_copy_only=False)
    mask: Mask = members > 1
    return mask


def _strict(message_type: Any, serialized: pa.Array, which: Mask) -> pa.Array:
    """The messages, those of the mask as the strict parser understands them: one member per oneof.

    `message_type` is Any because the generated message classes are untyped.
    """
    bounds.check(int(which.sum()), "values of two types", bounds.NESTED_VALUES_MAX)
    contents = serialized.filter(pa.array(which)).to_pylist()
    strict = [message_type.FromString(content).SerializeToString() for content in contents]
    return pc.replace_with_mask(serialized, pa.array(which), pa.array(strict, pa.binary()))


def _any_values(
    value: pa.StructArray, redaction: Redaction, marks: Marks
) -> tuple[pa.Array, pa.Array]:
    """A struct of `AnyValue` members as plain text (NULL when empty) and as JSON text ("null" when
    empty)."""
    strings = redaction.column(value.field("string_value"), marks)
    numbers = value.field("int_value").cast(pa.string())
    booleans = value.field("bool_value").cast(pa.string())
    scalars = pc.coalesce(numbers, booleans, _doubles_json(value.field("double_value")))
    rest = _rare_values(value, redaction, marks)
    texts = pc.coalesce(strings, scalars, rest)
    return texts, pc.coalesce(json_text.quoted(strings), scalars, rest, json_text.text("null"))


def _rare_values(value: pa.StructArray, redaction: Redaction, marks: Marks) -> pa.Array:
    """JSON text of bytes, arrays and key-value lists, which are few; NULL elsewhere."""
    bounds.check(_nested_at_most(value), "values in arrays and maps", bounds.NESTED_VALUES_MAX)
    result: list[str | None] = [None] * len(value)
    for name, render in _RENDER.items():
        member = value.field(name)
        if member.null_count == len(member):
            continue
        for row in np.flatnonzero(member.is_valid().to_numpy(zero_copy_only=False)):
            result[row] = render(member[int(row)].as_py(), redaction, int(marks[row]))
    return pa.array(result, pa.string())


def _nested_at_most(value: pa.StructArray) -> int:
    """Not less than the number of values that `_rare_values` touches: each nested one begins with
    the tag of field 1, which may be written with zeros behind it."""
    found = 0
    for name in _RENDER:
        member = value.field(name)
        found += len(member) - member.null_count
        content = member.buffers()[-1] if member.null_count < len(member) else None
        if content is not None and name != "bytes_value":
            json_text.check_control_characters(member)
            characters = np.frombuffer(content, np.uint8)
            found += int(np.count_nonzero((characters & 0x7F) == _FIRST_FIELD_TAG))
    return found


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


def _bytes_json(content: bytes, redaction: Redaction, mark: int) -> str:
    if mark != PLAIN and content:  # a URL in bytes is not taken apart
        return json.dumps(redaction.text(content.hex(), SECRET))
    return json.dumps({"bytesValue": base64.b64encode(content).decode()})


def _array_json(serialized: bytes, redaction: Redaction, mark: int) -> str:
    return _items_json(ArrayValue.FromString(serialized).values, redaction, mark)


def _items_json(values: Any, redaction: Redaction, mark: int) -> str:  # Any: a repeated field
    return "[" + ",".join(_any_value_json(value, redaction, mark) for value in values) + "]"


def _kvlist_json(serialized: bytes, redaction: Redaction, mark: int) -> str:
    return _members_json(KeyValueList.FromString(serialized).values, redaction, mark)


def _members_json(values: Any, redaction: Redaction, mark: int) -> str:  # Any: a repeated field
    """Members of a list; in a secret list every one is secret."""
    members = (
        f"{json.dumps(member.key, ensure_ascii=False)}:"
        + _any_value_json(member.value, redaction, max(mark, redaction.mark(member.key)))
        for member in values
    )
    return "{" + ",".join(members) + "}"


def _any_value_json(value: AnyValue, redaction: Redaction, mark: int) -> str:
    match value.WhichOneof("value"):
        case "string_value":
            return json.dumps(redaction.text(value.string_value, mark), ensure_ascii=False)
        case "bool_value":
            return json.dumps(value.bool_value)
        case "int_value":
            return json.dumps(value.int_value)
        case "double_value":
            return _double_json(value.double_value)
        case "bytes_value":
            return _bytes_json(value.bytes_value, redaction, mark)
        case "array_value":
            return _items_json(value.array_value.values, redaction, mark)
        case "kvlist_value":
            return _members_json(value.kvlist_value.values, redaction, mark)
    return "null"


_FIRST_FIELD_TAG = 0x0A
_RENDER = {
    "bytes_value": _bytes_json,
    "array_value": _array_json,
    "kvlist_value": _kvlist_json,
}
