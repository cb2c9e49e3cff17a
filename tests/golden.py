"""Golden cases of saved queries: small tables, parameters and expected rows in one TOML file.

A table is text: a line of column names, then a line per row, cells between bars. An empty cell
takes the default; NULL is NULL. Names are those of receiver/storage/schema.sql or short ones:

- `at` is the row's time: `10:00`, `10:00:30.5`, or `01-01 10:00` on a day other than 2026-01-02
- `received` is a span's other time, its end unless said
- `ms` is a duration in milliseconds
- `last` is a history's last time, its first unless said
- `until` is when a silence ends, never unless said
- `n` writes the row n times, `every` so many seconds apart (1), each in a trace of its own
- `trace` is any short label, and comes back as such; without one the row is a trace of its own

`[defaults]` holds for every row that has such a column. The expected table names the columns that
the case is about, in the order wanted; its rows must be all the rows, in order.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import pyarrow as pa

from analysis.saved_query import SavedQuery

DAY = date(2026, 1, 2)
SHORT_NAMES = {
    "trace": "trace_id",
    "span": "span_id",
    "parent": "parent_span_id",
    "kind": "span_kind",
    "name": "span_name",
    "service": "service_name",
    "version": "service_version",
    "environment": "environment_name",
    "deployment": "deployment_id",
    "instance": "instance_id",
    "resource": "resource_id",
    "http": "http_status_code",
    "weight": "adjusted_count",
    "type": "exception_type",
    "message": "exception_message",
    "loose": "fingerprint_loose",
    "source": "exception_source",
}
TIME_COLUMNS = {
    "spans": "start_time_unix_nano",
    "exceptions": "time_unix_nano",
    "log_records": "time_unix_nano",
    "resources": "received_at_unix_nano",
    "export_requests": "received_at_unix_nano",
    "deployment_marks": "marked_at_unix_nano",
    "deployment_history": "first_seen_unix_nano",
    "exception_history": "first_seen_unix_nano",
    "resolutions": "decided_at_unix_nano",
    "silences": "decided_at_unix_nano",
}
DEFAULTS: dict[str, dict[str, str]] = {
    "stacktraces": {},
    "spans": {
        "span_kind": "SERVER",
        "at": "10:00",
        "ms": "10",
        "outcome": "ok",
        "flags": "0",
        "resource_id": "0",
        "scope_dropped_attributes_count": "0",
        "dropped_attributes_count": "0",
        "dropped_events_count": "0",
        "dropped_links_count": "0",
        "request_id": "1",
    },
    "exceptions": {
        "at": "10:00",
        "signal": "traces",
        "resource_id": "0",
        "fingerprint_version": "1",
        "request_id": "1",
    },
    "log_records": {
        "at": "10:00",
        "flags": "0",
        "resource_id": "0",
        "scope_dropped_attributes_count": "0",
        "dropped_attributes_count": "0",
        "request_id": "1",
        "received_at_unix_nano": "0",
    },
    "resources": {"at": "10:00", "attributes": "{}", "dropped_attributes_count": "0"},
    "export_requests": {
        "at": "10:00",
        "digest": "00000000-0000-0000-0000-000000000000",
        "signal": "traces",
        "transport": "grpc",
        "payload_bytes": "0",
        "accepted_count": "1",
        "rejected_count": "0",
    },
    "deployment_marks": {"at": "10:00", "irreversible": "false"},
    "deployment_history": {
        "at": "10:00",
        "spans": "1",
        "requests": "1",
        "failures": "0",
        "request_weight": "1",
        "failure_weight": "0",
    },
    "exception_history": {"at": "10:00", "fingerprint_version": "1", "sightings": "1"},
    "resolutions": {"at": "10:00", "withdrawn": "false"},
    "silences": {"at": "10:00", "withdrawn": "false"},
}
HISTORIES = {"deployment_history", "exception_history"}
REQUEST_KINDS = {"SERVER", "CONSUMER"}


@dataclass(frozen=True, slots=True)
class Case:
    """One golden file. `expected` is its table, the first row holding the column names."""

    path: Path
    title: str
    parameters: dict[str, object]
    defaults: dict[str, str]
    tables: dict[str, list[dict[str, str]]]
    expected: list[list[str]]


def read_case(path: Path) -> Case:
    """The case in a TOML file; the name of its folder is the query's."""
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    return Case(
        path=path,
        title=raw["title"],
        parameters=raw.get("parameters", {}),
        defaults={SHORT_NAMES.get(k, k): str(v) for k, v in raw.get("defaults", {}).items()},
        tables={name: _rows_by_name(text) for name, text in raw.get("tables", {}).items()},
        expected=_cells(raw["expected"]["rows"]),
    )


def fill(connection: duckdb.DuckDBPyConnection, case: Case) -> None:
    """Write the tables of the case into the attached store."""
    for table, rows in case.tables.items():
        columns = {name for name, *_ in connection.sql(f"DESCRIBE store.{table}").fetchall()}
        defaults = DEFAULTS[table] | {k: v for k, v in case.defaults.items() if k in columns}
        stored = [
            values
            for number, row in enumerate(rows, start=1)
            for values in _repeated(table, number, defaults | row)
        ]
        names = dict.fromkeys(name for values in stored for name in values)
        texts = {name: [_stored_text(values.get(name)) for values in stored] for name in names}
        connection.register("golden_rows", pa.table(texts))
        connection.execute(f"INSERT INTO store.{table} BY NAME FROM golden_rows")
        connection.unregister("golden_rows")


def bound(case: Case, query: SavedQuery) -> dict[str, object]:
    """The parameters of the case, times and trace labels as the query takes them."""
    types = {parameter.name: parameter.type for parameter in query.parameters}
    values: dict[str, object] = {}
    for name, value in case.parameters.items():
        if types.get(name) == "TIMESTAMP":
            values[name] = _moment(str(value)).isoformat()
        else:
            values[name] = _trace_key(str(value)).hex if name == "trace_id" else value
    return values


def shown(table: pa.Table, columns: list[str]) -> list[list[str]]:
    """The named columns of an answer as the cells of a golden table, names first."""
    texts = [[_text(name, value) for value in _values(table.column(name))] for name in columns]
    return [columns, *([list(row) for row in zip(*texts, strict=True)])]


def rewrite(case: Case, rows: list[list[str]]) -> None:
    """Put these rows in the place of the expected ones, in columns of equal width."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = (
        " | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
    head, mark, _old = case.path.read_text(encoding="utf-8").partition('[expected]\nrows = """\n')
    case.path.write_text(head + mark + "\n".join(lines) + '\n"""\n', encoding="utf-8")


def _stored_text(value: object) -> str | None:
    return None if value is None else str(value)


def _cells(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]


def _rows_by_name(text: str) -> list[dict[str, str]]:
    names, *rows = _cells(text)
    full = [SHORT_NAMES.get(name, name) for name in names]
    return [{n: c for n, c in zip(full, row, strict=True) if c} for row in rows]


def _repeated(table: str, number: int, row: dict[str, str]) -> Iterator[dict[str, Any]]:
    """The rows that a row of text stands for, with the stored columns' names and values."""
    times, every_s = int(row.get("n", "1")), float(row.get("every", "1"))
    not_stored = {"n", "every", "at", "last", "received", "ms", "until"}
    stored = {k: v for k, v in row.items() if k not in not_stored}
    start_ns = _nanoseconds(_moment(row["at"])) if table in TIME_COLUMNS else 0
    for i in range(times):
        values: dict[str, Any] = {k: None if v == "NULL" else v for k, v in stored.items()}
        if table in TIME_COLUMNS:
            values[TIME_COLUMNS[table]] = start_ns + round(i * every_s * 1e9)
        if table == "spans":
            values |= _span_values(values, row["ms"])
            ended_ns = values[TIME_COLUMNS[table]] + (values["duration_ns"] or 0)
            received = row.get("received")
            values["received_at_unix_nano"] = (
                _nanoseconds(_moment(received)) if received else ended_ns
            )
        if table in HISTORIES:
            values["last_seen_unix_nano"] = _nanoseconds(_moment(row.get("last", row["at"])))
        if table == "exceptions":
            kind = f"{values.get('exception_type')}/{values.get('exception_message')}"
            source = "event" if values["signal"] == "traces" else "log"
            keys = {"fingerprint": kind, "fingerprint_loose": kind.split("/")[0]}
            values = {"exception_source": source} | keys | values
        if table == "silences" and "until" in row:
            values["until_unix_nano"] = _nanoseconds(_moment(row["until"]))
        if table in {"spans", "exceptions", "log_records"}:
            label = stored.get("trace_id", f"{number}.{i + 1}")
            values["trace_id"] = None if label == "NULL" else str(_trace_key(label))
            values["span_id"] = values.get("span_id", number)
        yield values


def _span_values(values: dict[str, Any], ms: str) -> dict[str, Any]:
    """What a span's other columns follow from, where the case does not say."""
    failed = values["outcome"] in {"server_error", "timeout"}
    endpoint = "GET /" if values["span_kind"] in REQUEST_KINDS else None
    endpoint = values.get("endpoint", endpoint)
    return {
        "duration_ns": None if ms == "NULL" else round(float(ms) * 1e6),
        "status_code": values.get("status_code", "ERROR" if failed else "UNSET"),
        "endpoint": endpoint,
        "span_name": values.get("span_name", endpoint or values["span_kind"].lower()),
    }


def _moment(text: str) -> datetime:
    day, _, clock = text.rpartition(" ")
    on = date.fromisoformat(f"{DAY.year}-{day}") if day else DAY
    return datetime.combine(on, time.fromisoformat(clock))


def _nanoseconds(moment: datetime) -> int:
    seconds = moment.replace(tzinfo=UTC, microsecond=0).timestamp()
    return int(seconds) * 1_000_000_000 + moment.microsecond * 1000


def _trace_key(label: str) -> UUID:
    """A trace id that is the label's own bytes."""
    return UUID(bytes=label.encode().ljust(16, b"\0"))


def _values(column: pa.ChunkedArray) -> list[object]:
    """Python values; a time with nanoseconds as the number of them."""
    if pa.types.is_timestamp(column.type):
        return [
            None if n is None else pa.scalar(n, column.type)
            for n in column.cast(pa.int64()).to_pylist()
        ]
    return list(column.to_pylist())


def _text(name: str, value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, pa.TimestampScalar):
        return _time_text(value.cast(pa.int64()).as_py())
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.6g}"
    if name.endswith("trace_id") and isinstance(value, str):
        return bytes.fromhex(value).rstrip(b"\0").decode()
    if name.endswith("span_id") and isinstance(value, str):
        return str(int(value, 16))
    return str(value)


def _time_text(unix_nano: int) -> str:
    moment = datetime.fromtimestamp(unix_nano // 1_000_000_000, UTC)
    day = "" if moment.date() == DAY else f"{moment:%m-%d} "
    fraction = f".{unix_nano % 1_000_000_000:09d}".rstrip("0").rstrip(".")
    return f"{day}{moment:%H:%M:%S}{fraction}"
