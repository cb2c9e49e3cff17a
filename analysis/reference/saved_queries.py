"""docs/reference/queries.md: every saved query with what it takes and returns."""

from collections.abc import Iterator

from analysis.catalog import Catalog, SavedQuery
from analysis.reference.markdown_parts import MADE, code, document, table


def saved_queries() -> str:
    """The document."""
    lines = ["# Saved queries", "", MADE, ""]
    lines += ["`deploylens query NAME -p parameter=value` asks one; `--show-sql` prints it. A"]
    lines += ["parameter without a default must be given; NULL means: work it out. Those about one"]
    lines += ["deployment take the same first seven parameters and end with the same ten columns,"]
    lines += ["which say what was compared with what.", ""]
    for query in Catalog.load():
        lines += _query(query)
    return document(lines)


def _query(query: SavedQuery) -> Iterator[str]:
    yield from (f"## {query.name}", "", query.title, "")
    if query.description:
        yield from (" ".join(query.description.split()), "")
    if query.parameters:
        rows = [
            (code(p.name), p.type, "" if p.required else code(str(p.default)), p.description)
            for p in query.parameters
        ]
        yield from table(("parameter", "type", "default", "what it is"), rows)
    columns = [(code(c.name), code(c.type), c.description) for c in query.columns]
    yield from table(("column", "type", "what it holds"), columns)
