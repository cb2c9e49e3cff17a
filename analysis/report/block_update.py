"""The block of a report inside somebody's document: put in, or replaced, and nothing else touched.

Two HTML comments stand around a block, each alone on its line; they show nowhere:

    <!-- deploylens:begin checkout@1.4.0 -->
    <!-- deploylens:end checkout@1.4.0 -->

A pair without a name says where a block goes that the document does not have yet. Works on bytes:
what is outside the block may be in any encoding that has ASCII in it.
"""

import re
from dataclasses import dataclass
from urllib.parse import quote

from analysis.exit_code import UsageRefused
from analysis.report.contents import Report
from analysis.safe_text import shown

_BLANK = re.compile(r"^(> |\| )\*\*to fill in", re.IGNORECASE | re.MULTILINE)
_MARKER = re.compile(
    rb" {0,3}<!--[ \t]*deploylens:(begin|end)"
    rb"(?:[ \t]+([!-~]+(?: [a-z_]+=[!-~]*)*))?[ \t]*-->[ \t]*"
)
_LIKE_A_MARKER = re.compile(rb"<!--\s*deploylens:", re.IGNORECASE)
_LIKE_A_MARKER_TEXT = re.compile(r"<!--(?=\s*deploylens:)", re.IGNORECASE)
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+\Z")
_FENCE = re.compile(rb" {0,3}(`{3,}(?=[^`]*$)|~{3,})(.*)")
_BOM, _UTF_16 = b"\xef\xbb\xbf", (b"\xff\xfe", b"\xfe\xff")


class DocumentRefused(UsageRefused):
    """A document that cannot be updated; it stays as it is."""


@dataclass(frozen=True, slots=True)
class _Block:
    """Where a block lies: offsets of the lines of its markers. `name` is empty for a place."""

    name: str
    begin: int
    inside: int
    inside_end: int
    line: int


def block_name(report: Report) -> str:
    """What the markers of a report's block name: SERVICE@VERSION, and where it runs if that was
    said. The same options give the same name."""
    said = {"environment": "environment_name", "deployment": "deployment_id"}
    parts = [f"{_quoted(report.name.service)}@{_quoted(report.name.version)}"]
    for word, parameter in said.items():
        if parameter in report.parameters:
            parts.append(f"{word}={_quoted(report.parameters[parameter])}")
    return " ".join(parts)


def markers(name: str) -> tuple[str, str]:
    """The two lines around the block of that name."""
    return f"<!-- deploylens:begin {name} -->", f"<!-- deploylens:end {name} -->"


def updated(document: bytes, name: str, block: str) -> bytes:
    """The document with this block in it under this name; all other bytes stay.

    Raises DocumentRefused when the markers are damaged, or there are none.
    """
    found = _blocks(document)
    old = next((one for one in found if one.name == name), None)
    if old is not None:
        body = _body(block, _line_end(document, old))
        return document[: old.inside] + body + document[old.inside_end :]
    place = next((one for one in found if not one.name), None)
    if place is None:
        begin, end = markers(name)
        raise DocumentRefused(
            "it has no block of this deployment, and does not say where one goes. Put these two"
            f" lines where it belongs:\n{begin}\n{end}"
        )
    line_end = _line_end(document, place)
    first, last = (one.encode() + line_end for one in markers(name))
    new = first + _body(block, line_end) + last
    return document[: place.begin] + new + document[place.begin :]


def refuse_damaged(document: bytes) -> None:
    """Raise DocumentRefused for a document whose markers are damaged."""
    _blocks(document)


def refuse_blanks(block: str) -> None:
    """Raise DocumentRefused for a block with blanks for people: what they write there would be gone
    with the next update."""
    if _BLANK.search(block):
        raise DocumentRefused(
            "the template has blanks for people to fill in, and the next update would replace what"
            " they wrote. Leave --template out, or use one without blank() and timeline."
        )


def _quoted(text: str) -> str:
    """Text without what could end a comment or a name in it."""
    return quote(text, safe="/:+!$*,;~").replace("--", "-%2D").replace("--", "-%2D")


def _body(block: str, line_end: bytes) -> bytes:
    text = _LIKE_A_MARKER_TEXT.sub("<!- -", block.strip("\n"))
    return (f"\n{text}\n\n".encode("utf-8", "replace")).replace(b"\n", line_end)


def _line_end(document: bytes, block: _Block) -> bytes:
    """How the line of its first marker ends; all lines of the block end so."""
    found = re.search(rb"(\r\n|\n|\r)\Z", document[block.begin : block.inside])
    return found[0] if found else b"\n"


def _blocks(document: bytes) -> list[_Block]:
    """Every block and place of the document; raises DocumentRefused for damaged markers."""
    if document.startswith(_UTF_16):
        raise DocumentRefused("it is UTF-16 text. Save it as UTF-8.")
    found: list[_Block] = []
    opened: _Block | None = None
    fence, fence_line = b"", 0
    for number, start, line in _lines(document):
        marker = _MARKER.fullmatch(line)
        if marker is None:
            if _LIKE_A_MARKER.search(line):
                raise _damaged(number, "a marker stands alone on its line, unchanged, not indented")
            if opened is None:
                fence, fence_line = _fence(fence, line), fence_line if fence else number
            continue
        if fence:
            raise _damaged(number, f"it is inside the code block that begins in line {fence_line}")
        kind, name = marker[1].decode(), (marker[2] or b"").decode()
        after = start + len(_LINE.match(document, start)[0])  # type: ignore[index]  # it has a line
        if kind == "begin":
            if opened is not None:
                raise _damaged(number, f"the block that begins in line {opened.line} has no end")
            if name and any(one.name == name for one in found):
                raise _damaged(number, f"a block of {shown(name)} stands above already")
            opened = _Block(name, start, after, after, number)
            continue
        if opened is None:
            raise _damaged(number, "no block begins above it")
        if opened.name != name:
            raise _damaged(number, f"the block in line {opened.line} has another name")
        found.append(_Block(name, opened.begin, opened.inside, start, opened.line))
        if not name and document[opened.inside : start].strip():
            raise _damaged(number, "a pair without a name marks a place; nothing stands in it")
        opened = None
    if opened is not None:
        raise _damaged(opened.line, "the block that begins here has no end")
    return found


def _lines(document: bytes) -> list[tuple[int, int, bytes]]:
    """Each line: its number, where it starts, and its bytes without the line end and a BOM."""
    lines, first = [], len(_BOM) if document.startswith(_BOM) else 0
    for number, found in enumerate(_LINE.finditer(document, first), start=1):
        lines.append((number, found.start(), found[0].rstrip(b"\r\n")))
    return lines


def _fence(fence: bytes, line: bytes) -> bytes:
    """The fence that is open after this line; empty when none is. (CommonMark 0.31, 4.5)"""
    found = _FENCE.fullmatch(line)
    if found is None:
        return fence
    if not fence:
        return found[1]
    closes = found[1][:1] == fence[:1] and len(found[1]) >= len(fence) and not found[2].strip()
    return b"" if closes else fence


def _damaged(line: int, why: str) -> DocumentRefused:
    return DocumentRefused(
        f"line {line}: a marker of deploylens is damaged: {why}. Mend it by hand; nothing was"
        " changed."
    )
