"""The parameters of saved queries: what people write becomes a value of the declared type."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.catalog import ParameterError, SavedQuery, bind
from analysis.parameters import parse_value, value_text
from analysis.saved_query import read_saved_query

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def at(time: str) -> datetime:
    """A UTC time as it is bound: without a zone."""
    return datetime.fromisoformat(time)


def query(tmp_path: Path, *params: str) -> SavedQuery:
    """A saved query that declares and uses these parameters."""
    header = "".join(f"-- param {param}\n" for param in params)
    selected = ", ".join(f"${param.split()[0]}" for param in params)
    path = tmp_path / "asked.sql"
    path.write_text(f"-- A title.\n{header}SELECT {selected}\n")
    return read_saved_query(path, trusted=False)


@pytest.mark.parametrize(
    ("param", "text", "bound"),
    [
        ("a VARCHAR: x", "2026", "2026"),
        ("a VARCHAR: x", "", ""),
        ("a BIGINT: x", "-9223372036854775808", -(2**63)),
        ("a BIGINT: x", " 9007199254740993 ", 2**53 + 1),
        ("a DOUBLE: x", "1e-3", 0.001),
        ("a BOOLEAN: x", "True", True),
        ("a BOOLEAN: x", "no", False),
        ("a TIMESTAMP: x", "2026-11-21T09:26:00Z", at("2026-11-21T09:26:00")),
        ("a TIMESTAMP: x", "2026-11-21 09:26", at("2026-11-21T09:26:00")),
        ("a TIMESTAMP: x", "2026-11-21T09:26:00.5+02:00", at("2026-11-21T07:26:00.500000")),
        ("a TIMESTAMP: x", "2026-11-21", at("2026-11-21T00:00:00")),
        ("a TIMESTAMP: x", "30m", at("2026-11-21T11:30:00")),
        ("a TIMESTAMP: x", "1h30m ago", at("2026-11-21T10:30:00")),
        ("a TIMESTAMP: x", "now", at("2026-11-21T12:00:00")),
        ("a INTERVAL: x", "14d", timedelta(days=14)),
        ("a INTERVAL: x", "90 seconds", timedelta(seconds=90)),
        ("a INTERVAL: x", "1h30m", timedelta(minutes=90)),
    ],
)
def test_values_are_typed(tmp_path: Path, param: str, text: str, bound: object) -> None:
    """What people write becomes a value of the declared type; times are UTC."""
    assert bind(query(tmp_path, param), {"a": text}, NOW) == {"a": bound}


@pytest.mark.parametrize(
    ("param", "value", "expected"),
    [
        ("a BIGINT: x", "ten", "'ten' is not a whole number"),
        ("a BIGINT: x", "9223372036854775808", "is not a whole number from -9223372036854775808"),
        ("a BIGINT: x", "1_000", "is not a whole number"),
        ("a BIGINT: x", True, "True is not a whole number"),
        ("a DOUBLE: x", "nan", "'nan' is not a finite number"),
        ("a BOOLEAN: x", "maybe", "'maybe' is not true or false"),
        ("a TIMESTAMP: x", "yesterday", "'yesterday' is not a time in UTC such as"),
        ("a TIMESTAMP: x", "99999999d", "is not a time in UTC"),
        ("a INTERVAL: x", "2 months", "'2 months' is not a duration"),
        ("a INTERVAL: x", "", "'' is not a duration"),
        ("a INTERVAL: x", "0s", "'0s' is not a duration"),
        ("a INTERVAL: x", "40000d", "at most a hundred years"),
        ("a TIMESTAMP: x", "1969-12-31T23:59", "in the years 1970 to 2200"),
        ("a TIMESTAMP: x", "2201-01-01", "in the years 1970 to 2200"),
        ("a VARCHAR: x", 5, "5 is not text"),
        ("a VARCHAR: x", None, "may not be NULL"),
    ],
)
def test_ill_typed_values_are_named(
    tmp_path: Path, param: str, value: object, expected: str
) -> None:
    """A value that is not of its type is refused with parameter, what was seen and what is due."""
    with pytest.raises(ParameterError) as refused:
        bind(query(tmp_path, param), {"a": value})
    assert "asked: parameter 'a'" in str(refused.value)
    assert expected in str(refused.value)


def test_missing_and_unknown_parameters_are_named(tmp_path: Path) -> None:
    """A required parameter that is missing and one that does not exist are each named."""
    asked = query(tmp_path, "service_name VARCHAR: the service", "since TIMESTAMP = NULL: from")
    with pytest.raises(ParameterError, match=r"needs parameter 'service_name' .*the service"):
        bind(asked, {})
    with pytest.raises(
        ParameterError, match=r"no parameter 'servicename'\. Did you mean 'service_n"
    ):
        bind(asked, {"servicename": "x"})


def test_defaults_are_bound(tmp_path: Path) -> None:
    """A parameter that is not given takes its default literal, typed; NULL is None."""
    asked = query(
        tmp_path,
        "a VARCHAR = 'it''s: so': x",
        "b TIMESTAMP = TIMESTAMP '2026-01-02 03:04:05': x",
        "c INTERVAL = INTERVAL '5 minutes': x",
        "d DOUBLE = -0.5: x",
        "e BOOLEAN = TRUE: x",
        "f BIGINT = NULL: x",
    )
    assert bind(asked, {}) == {
        "a": "it's: so",
        "b": at("2026-01-02T03:04:05"),
        "c": timedelta(minutes=5),
        "d": -0.5,
        "e": True,
        "f": None,
    }


def test_bound_values_bind_to_themselves(tmp_path: Path) -> None:
    """Binding what was bound changes nothing, so a caller may bind early to show the values."""
    asked = query(tmp_path, "a TIMESTAMP: x", "b INTERVAL = '1h': x", "c BIGINT = 3: x")
    once = bind(asked, {"a": "1h"}, NOW)
    assert bind(asked, once) == once


@given(
    st.one_of(
        st.tuples(st.just("VARCHAR"), st.text()),
        st.tuples(st.just("BIGINT"), st.integers(-(2**63), 2**63 - 1)),
        st.tuples(st.just("DOUBLE"), st.floats(allow_nan=False, allow_infinity=False)),
        st.tuples(st.just("BOOLEAN"), st.booleans()),
        st.tuples(st.just("TIMESTAMP"), st.datetimes(at("1970-01-01"), at("2200-12-31"))),
        st.tuples(st.just("INTERVAL"), st.timedeltas(timedelta(0, 0, 1), timedelta(3650))),
        st.tuples(st.sampled_from(["VARCHAR", "TIMESTAMP"]), st.none()),
    )
)
def test_values_survive_as_text(typed: tuple[str, object]) -> None:
    """A bound value written as text, as it travels to a receiver, reads back as the same value."""
    type_name, value = typed
    assert parse_value(type_name, value_text(value)) == value
