"""docs/conformance.md lists every rule once, and every test of it."""

import ast
import re
from pathlib import Path

from tests.served import ROOT

# The rules of a server in OTLP 1.11.0: common, gRPC, HTTP, JSON.
IDS = [
    f"{chapter}{number}"
    for chapter, count in (("C", 17), ("G", 7), ("H", 11), ("J", 6))
    for number in range(1, count + 1)
]
LEVELS = {"MUST", "SHOULD", "MAY", "data", "client", "table", "note", "path"}


def table() -> list[list[str]]:
    """The rows of all tables: id, level, rule, what is done, tests."""
    text = (ROOT / "docs/conformance.md").read_text(encoding="utf-8")
    found = re.findall(r"^\| ([A-Z][0-9]+) \| (.+) \|$", text, re.MULTILINE)
    return [[name, *re.split(r" \| ", rest)] for name, rest in found]


def facts() -> dict[str, str]:
    """Every test in this folder but those of this file, with its docstring."""
    found = {}
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                assert node.name not in found, f"{path.name}: {node.name} is there twice"
                if path.name != Path(__file__).name:
                    found[node.name] = ast.get_docstring(node) or ""
    return found


def test_every_rule_is_listed_once() -> None:
    """The table has each rule once, in order, with a level, a rule, an answer and a test."""
    assert [row[0] for row in table()] == IDS
    for name, level, rule, done, shown_by in table():
        assert level in LEVELS, name
        assert rule.endswith("."), name
        assert done.endswith("."), name
        assert shown_by.startswith("`test_"), name


def test_every_test_is_listed_with_its_rule() -> None:
    """The tests of a rule are those that bear its name, all of them and no others."""
    listed = {row[0]: re.findall(r"`(test_\w+)`", row[4]) for row in table()}
    for name in IDS:
        mine = [one for one in facts() if one.startswith(f"test_{name.lower()}_")]
        assert sorted(listed[name]) == sorted(mine), name
    assert {one for several in listed.values() for one in several} == set(facts())


def test_every_test_states_a_fact() -> None:
    """Every test here has a docstring that says what is so."""
    assert [name for name, text in facts().items() if not text] == []
