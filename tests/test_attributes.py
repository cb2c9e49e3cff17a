"""What becomes of attribute values on their way into the store."""

import base64
import json
import math
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

from receiver.flatten.attributes import decode
from receiver.flatten.redaction import NO_REDACTION
from tests.ingest import any_value, ingesting, row, rows, stored, trace_request

FATES = {
    "an integer beyond 2^53 stays exact": (2**63 - 1, "9223372036854775807"),
    "a negative integer": (-(2**63), "-9223372036854775808"),
    "a whole double keeps its point": (1.0, "1.0"),
    "a small double": (1e-300, "1e-300"),
    "NaN is spelled as OTLP/JSON spells it": (math.nan, '{"doubleValue": "NaN"}'),
    "negative infinity": (-math.inf, '{"doubleValue": "-Infinity"}'),
    "a boolean": (True, "true"),
    "an empty string": ("", '""'),
    "an empty value": (None, "null"),
    "bytes become base64": (b"\x00\xff", '{"bytesValue": "AP8="}'),
    "an array of mixed types": (
        [1, "a", 2.5, None, [b"x"]],
        '[1,"a",2.5,null,[{"bytesValue": "eA=="}]]',
    ),
    "an empty array": ([], "[]"),
    "a nested key-value list": ({"a": {"b": [True]}}, '{"a":{"b":[true]}}'),
    "quotes, backslashes and control characters": (
        '"\\\n\x00\x1b[31m',
        '"\\"\\\\\\n\\u0000\\u001b[31m"',
    ),
    "text beyond ASCII": ("größe 日本 🙂", '"größe 日本 🙂"'),
}


@pytest.mark.parametrize("fate", FATES)
def test_value_keeps_type(tmp_path: Path, fate: str) -> None:
    """Every kind of attribute value has one spelling in the stored JSON."""
    value, spelled = FATES[fate]
    store = tmp_path / "s.duckdb"
    stored(store, trace_request({"key": value}))
    assert row(store, "SELECT attributes FROM spans") == {"attributes": f'{{"key":{spelled}}}'}


def test_sql_reads_big_integer(tmp_path: Path) -> None:
    """SQL reads an integer beyond 2^53 back exactly."""
    store = tmp_path / "s.duckdb"
    stored(store, trace_request({"big": 2**53 + 1}))
    assert row(store, "SELECT (attributes->>'big')::BIGINT AS big FROM spans") == {"big": 2**53 + 1}


def test_duplicate_keys_stay(tmp_path: Path) -> None:
    """Duplicate keys stay in order; whoever reads the key gets the first, promoted columns too."""
    request = trace_request({"http.route": "/first"})
    attributes = request.resource_spans[0].scope_spans[0].spans[0].attributes
    attributes.append(KeyValue(key="http.route", value=any_value("/second")))
    store = tmp_path / "s.duckdb"
    stored(store, request)
    found = row(
        store, "SELECT attributes, http_route, attributes->>'http.route' AS read FROM spans"
    )
    assert found == {
        "attributes": '{"http.route":"/first","http.route":"/second"}',
        "http_route": "/first",
        "read": "/first",
    }


def test_two_members_of_a_oneof(tmp_path: Path) -> None:
    """Of two members of one value on the wire the last counts, as protobuf says."""
    value = any_value("text").SerializeToString() + any_value(5).SerializeToString()
    pair = b"\x0a\x03key\x12" + bytes([len(value)]) + value
    (text,) = decode(pa.array([[pair]], pa.list_(pa.binary())), NO_REDACTION).json().to_pylist()
    assert text == '{"key":5}'


def test_no_attributes_is_null(tmp_path: Path) -> None:
    """A span without attributes has NULL, not an empty object."""
    store = tmp_path / "s.duckdb"
    stored(store, trace_request({}, {"a": 1}))
    assert [
        r["attributes"] for r in rows(store, "SELECT attributes FROM spans ORDER BY span_id")
    ] == [
        None,
        '{"a":1}',
    ]


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=12,
)
keys = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.dictionaries(keys, values, max_size=6), max_size=6))
def test_json_holds_what_was_sent(attribute_sets: list[dict[str, object]]) -> None:
    """Whatever the attributes are, the JSON text holds them, and DuckDB reads it as JSON."""
    lists = [
        [KeyValue(key=k, value=any_value(v)).SerializeToString() for k, v in one.items()]
        for one in attribute_sets
    ]
    texts = decode(pa.array(lists, pa.list_(pa.binary())), NO_REDACTION).json().to_pylist()
    assert [{} if text is None else json.loads(text) for text in texts] == [
        {key: _as_json(value) for key, value in one.items()} for one in attribute_sets
    ]
    for text in filter(None, texts):
        assert duckdb.execute("SELECT json_valid($text)", {"text": text}).fetchone() == (True,)


def _as_json(value: object) -> object:
    if isinstance(value, bytes):
        return {"bytesValue": base64.b64encode(value).decode()}
    if isinstance(value, list):
        return [_as_json(item) for item in value]
    if isinstance(value, dict):
        return {key: _as_json(item) for key, item in value.items()}
    return value


def test_many_rows_keep_their_own(tmp_path: Path) -> None:
    """In a group of many spans every span keeps its own attributes."""
    store = tmp_path / "s.duckdb"
    with ingesting(store) as ingest:
        ingest.send(trace_request(*({"n": n, "same": "x"} for n in range(1, 3001))))
    wrong = row(
        store, "SELECT count(*) AS n FROM spans WHERE (attributes->>'n')::UBIGINT <> span_id"
    )
    assert wrong == {"n": 0}
    assert row(store, "SELECT count(*) AS n FROM spans") == {"n": 3000}
