"""The documents lead to each other, and nowhere else."""

import re
from pathlib import Path

import pytest

from analysis.catalog import Catalog
from analysis.commands.program import program
from tests.served import ROOT

DOCS = ROOT / "docs"
DOCUMENTS = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
LINK = re.compile(r"\]\(([^()\s]+)\)")
FENCE = re.compile(r"^( *)```.*?^\1```", re.MULTILINE | re.DOTALL)


def named(path: Path) -> str:
    """The path from the top of the repository."""
    return path.relative_to(ROOT).as_posix()


def anchors(path: Path) -> set[str]:
    """The anchors that GitHub gives the headings of a document."""
    found: list[str] = []
    text = FENCE.sub("", path.read_text(encoding="utf-8"))
    for heading in re.findall(r"^#{1,6} (.+)$", text, re.MULTILINE):
        bare = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", bare).strip().replace(" ", "-")
        again = [one for one in found if re.fullmatch(rf"{re.escape(slug)}(-\d+)?", one)]
        found.append(f"{slug}-{len(again)}" if again else slug)
    return set(found)


def links(path: Path) -> list[str]:
    """The targets of the links of a document, outside its code."""
    return LINK.findall(FENCE.sub("", path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_no_link_is_dead(path: Path) -> None:
    """Every relative link leads to a file that is there, and every anchor to a heading in it."""
    for target in links(path):
        if "://" in target or target.startswith("mailto:"):
            continue
        name, _, anchor = target.partition("#")
        file = path.parent / name if name else path
        assert file.exists(), target
        assert not anchor or file.suffix != ".md" or anchor in anchors(file), target


def test_the_index_leads_to_every_document() -> None:
    """docs/README.md links every document below docs."""
    index = DOCS / "README.md"
    linked = {(DOCS / target.partition("#")[0]).resolve() for target in links(index)}
    every = {path.resolve() for path in DOCS.rglob("*.md")} - {index.resolve()}
    assert sorted(map(named, every - linked)) == []


@pytest.mark.parametrize("path", sorted((DOCS / "how-to").glob("*.md")), ids=named)
def test_how_tos_name_what_there_is(path: Path) -> None:
    """Commands, their options and saved queries in a how-to are there to be used."""
    text = path.read_text(encoding="utf-8")
    blocks = " ".join(FENCE.findall(text) and [one[0] for one in FENCE.finditer(text)])
    for name, rest in re.findall(r"deploylens ([a-z][\w-]*)([^\n|#]*)", blocks.replace("\\\n", "")):
        if name not in program.commands:
            continue
        known = {flag for one in program.commands[name].params for flag in one.opts}
        known |= {flag for one in program.commands[name].params for flag in one.secondary_opts}
        for flag in re.findall(r"(?<=\s)--[a-z][\w-]*", rest.partition("$(")[0]):
            assert flag in known, f"deploylens {name} {flag}"
    own = re.findall(r"deploylens-queries/(\w+)\.sql", text)
    for name in re.findall(r"deploylens query (\w+)", blocks):
        assert name in Catalog.load() or name in own, name
