"""The queries behind the report, so that anybody can ask them again."""

from analysis.report.contents import Report
from analysis.report.document import Document
from analysis.report.markdown_block import Markdown, block
from analysis.report.words import cell, number


def appendix(report: Report) -> Markdown:
    """Parameters, queries, how many rows each had, and a hash of them."""
    document = Document()
    document.paragraph(
        "Everything above comes from these saved queries; `deploylens query NAME -p KEY=VALUE` asks"
        " one again. The hash is over its rows: the same hash means the same rows."
    )
    document.table(
        "parameter of all | value",
        [[name, cell(value) or "(empty)"] for name, value in report.parameters.items()],
    )
    document.table(
        "query | parameters of its own | #rows | hash",
        [
            [
                query.name,
                " ".join(f"{key}={cell(value)}" for key, value in query.parameters.items()),
                number(query.row_count),
                f"`{query.digest}`" if query.digest else "(removed)",
            ]
            for query in report.queries
        ],
    )
    return block(document)
