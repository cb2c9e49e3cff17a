"""The stored tables as Parquet files, for other engines.

Rows are read page by page through the same door as every question, so it works while a receiver
writes, and memory stays bounded. What arrives after the start is left out: pages are ranges of
`request_id`, up to the last one at the start. Ids become hex text, as in the views, and exceptions
have the whole text of their stacks.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from analysis.database import Database, SqlLimits
from analysis.query_error import QueryTooLarge
from analysis.reading_room import SAVED_ROWS_MAX

if TYPE_CHECKING:
    import pyarrow as pa

PAGE_RECORDS = 100_000
_TIMEOUT_S = 300.0
_HEX_IDS = "trace_hex(trace_id) AS trace_id, span_hex(span_id) AS span_id"
_BY_REQUEST = "WHERE request_id BETWEEN $first AND $last"

Progress = Callable[[int, int], None]
_PAGES_SQL = """
SELECT min(request_id), max(request_id), sum(accepted_count)::BIGINT
FROM (
    SELECT request_id, accepted_count,
        (sum(accepted_count) OVER (ORDER BY request_id) - accepted_count) // $page_records AS page
    FROM store.export_requests
)
GROUP BY page
ORDER BY page
"""


@dataclass(frozen=True, slots=True)
class ExportedTable:
    """One stored table: what is selected of it, whether an export request brought its rows, and
    what stands in another table."""

    name: str
    columns: str
    by_request: bool
    joined: str = ""

    def sql(self) -> str:
        """The SELECT of one page, or of everything."""
        condition = f" {_BY_REQUEST}" if self.by_request else ""
        return f"SELECT {self.columns} FROM store.{self.name}{self.joined}{condition}"


TABLES = (
    ExportedTable("resources", "*", by_request=False),
    ExportedTable("deployment_marks", "*", by_request=False),
    ExportedTable("deployment_history", "*", by_request=False),
    ExportedTable("exception_history", "*", by_request=False),
    ExportedTable("resolutions", "*", by_request=False),
    ExportedTable("silences", "*", by_request=False),
    ExportedTable("grouping", "*", by_request=False),
    ExportedTable("retention_edge", "*", by_request=False),
    ExportedTable("export_requests", "*", by_request=True),
    ExportedTable(
        "spans",
        f"* REPLACE ({_HEX_IDS}, span_hex(parent_span_id) AS parent_span_id)",
        by_request=True,
    ),
    ExportedTable(
        "exceptions",
        f"exceptions.* EXCLUDE (stacktrace_id, message_at) REPLACE ({_HEX_IDS}), with_message("
        "stacktrace, exception_message, message_at) AS exception_stacktrace",
        by_request=True,
        joined=" LEFT JOIN store.stacktraces USING (stacktrace_id)",
    ),
    ExportedTable("log_records", f"* REPLACE ({_HEX_IDS})", by_request=True),
)


@dataclass(frozen=True, slots=True)
class Page:
    """A range of export requests, both ends included, and how many records they brought."""

    first: int
    last: int
    records: int


def parquet_paths(folder: Path) -> list[Path]:
    """The files that an export writes."""
    return [folder / f"{table.name}.parquet" for table in TABLES]


def export_parquet(database: Database, folder: Path, on_progress: Progress) -> dict[str, int]:
    """Write every table into the folder; returns the number of rows by table.

    A file appears whole or not at all. `on_progress` is told how many records are read, of how
    many.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pages = _pages(database)
    total = sum(page.records for page in pages) * sum(table.by_request for table in TABLES)
    done = 0
    counts = dict.fromkeys((table.name for table in TABLES), 0)
    for table, path in zip(TABLES, parquet_paths(folder), strict=True):
        with _parquet(path) as write:
            for page in pages if table.by_request else [None]:
                content = _read(database, table, page)
                write(content)
                counts[table.name] += content.num_rows
                done += page.records if page else 0
                on_progress(done, total)
    return counts


@contextmanager
def _parquet(path: Path) -> Iterator[Callable[["pa.Table"], None]]:
    """A Parquet file under a draft name until the block has ended well."""
    draft = path.with_name(f"{path.name}.part")
    with ExitStack() as files:
        files.callback(draft.unlink, missing_ok=True)
        writer: pq.ParquetWriter | None = None

        def write(content: "pa.Table") -> None:
            nonlocal writer
            if writer is None:
                writer = pq.ParquetWriter(draft, content.schema, compression="zstd")
                files.callback(writer.close)
            writer.write_table(content)

        yield write
        if writer is not None:
            writer.close()
            draft.replace(path)


def _read(database: Database, table: ExportedTable, page: Page | None) -> "pa.Table":
    bounds = {"first": page.first, "last": page.last} if page else {}
    answer = database.sql(table.sql(), bounds, SqlLimits(SAVED_ROWS_MAX, _TIMEOUT_S))
    if answer.truncated:
        raise QueryTooLarge(
            f"{table.name} has more than {SAVED_ROWS_MAX:,} rows that cannot be told apart by"
            " export request, so they cannot be read page by page."
        )
    return answer.table


def _pages(database: Database) -> list[Page]:
    """Ranges of requests that hold about PAGE_RECORDS records each; at least one, be it empty."""
    limits = SqlLimits(SAVED_ROWS_MAX, _TIMEOUT_S)
    answer = database.sql(_PAGES_SQL, {"page_records": PAGE_RECORDS}, limits)
    columns = (column.to_pylist() for column in answer.table.columns)
    return [Page(*row) for row in zip(*columns, strict=True)] or [Page(0, 0, 0)]
