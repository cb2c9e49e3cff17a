"""A saved query: one SELECT in one file, whose header declares its parameters and columns.

The header is the comment at the top, one fact per line: `-- Title.` first, then
`-- param name TYPE = default: text`, `-- column name TYPE: text` and description, in any order.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from analysis.parameters import EXPECTED, Parameter, ParameterError, default_value, parse_value
from analysis.suggestion import did_you_mean

_PARAM = re.compile(
    r"param (?P<name>\w+) (?P<type>\w+)"
    r"(?: = (?P<default>(?:[A-Za-z_]+ )?'(?:[^']|'')*'|[^\s:']+))?: (?P<description>.+)"
)
_COLUMN = re.compile(r"column (?P<name>\w+) (?P<type>[^:]+): (?P<description>.+)")
_PARAM_FORM = "-- param name TYPE = default: text (no '= default' when a value must be given)"
_COLUMN_FORM = "-- column name TYPE: text"
_FIRST_WORDS = ("SELECT", "WITH", "FROM")
_TOKEN = re.compile(
    r"--[^\n]*|/\*.*?\*/"  # comments
    r"|[eE]'(?:\\.|''|[^'\\])*'|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\""  # text and quoted names
    r"|\$(?P<tag>[A-Za-z_]\w*)?\$.*?\$(?P=tag)?\$"  # dollar-quoted text
    r"|\$(?P<parameter>\w+)",
    re.DOTALL,
)


class QueryHeaderError(ValueError):
    """A saved query whose file does not follow the grammar; the message names file and fix."""


@dataclass(frozen=True, slots=True)
class Column:
    """One returned column; `type` is DuckDB's name for it, as DESCRIBE shows it."""

    name: str
    type: str
    description: str


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """One file under a query folder. `trusted` is true for the packaged ones only.

    `sql` is the statement without its header; a query that is not trusted runs in the sandbox.
    """

    name: str
    title: str
    description: str
    parameters: tuple[Parameter, ...]
    columns: tuple[Column, ...]
    sql: str
    path: Path
    trusted: bool

    @property
    def digest(self) -> str:
        """SHA-256 of the statement: two programs with one digest mean the same query."""
        return sha256(self.sql.encode()).hexdigest()


def read_saved_query(path: Path, *, trusted: bool) -> SavedQuery:
    """The saved query in a file; raises QueryHeaderError when it breaks the grammar."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise QueryHeaderError(f"{path}: cannot be read as UTF-8 text: {error}") from None
    if not re.fullmatch(r"[a-z][a-z0-9_]*", path.stem):
        raise QueryHeaderError(
            f"{path}: the file name gives the query its name, and {path.stem!r} is not"
            " lower-case letters, digits and underscores. Rename the file."
        )
    header_length = next(
        (i for i, line in enumerate(lines) if not line.startswith("--")), len(lines)
    )
    facts = [line.removeprefix("--").strip() for line in lines[:header_length]]
    if not facts or not facts[0] or facts[0].startswith(("param ", "column ")):
        raise QueryHeaderError(f"{path}: the first line must be the title, as '-- Title.'.")
    query = SavedQuery(
        name=path.stem,
        title=facts[0],
        description="\n".join(
            f for f in facts[1:] if not f.startswith(("param ", "column "))
        ).strip(),
        parameters=_parameters(path, facts),
        columns=_columns(path, facts),
        sql=without_tail("\n".join(lines[header_length:]).lstrip()),
        path=path,
        trusted=trusted,
    )
    _check(query)
    return query


def used_parameters(sql: str) -> set[str]:
    """The names written as `$name` in a statement, outside comments and quoted text."""
    found = (match.group("parameter") for match in _TOKEN.finditer(sql))
    return {name for name in found if name}


def without_tail(sql: str) -> str:
    """The statement without the semicolons and comments after its end, so that it can be nested."""
    text = sql.rstrip()
    while True:
        comments = [m.start() for m in _TOKEN.finditer(text) if m[0].startswith(("--", "/*"))]
        if text.endswith(";"):
            text = text.removesuffix(";").rstrip()
        elif comments and _TOKEN.fullmatch(text, comments[-1]):
            text = text[: comments[-1]].rstrip()
        else:
            return text


def bind(
    query: SavedQuery, given: Mapping[str, object], now: datetime | None = None
) -> dict[str, object]:
    """A value for every parameter of the query: what was given, parsed by its type, else default.

    `now` is what ages such as `30m` count back from. Raises ParameterError naming the parameter.
    """
    moment = now or datetime.now(UTC)
    names = [parameter.name for parameter in query.parameters]
    for name in given:
        if name not in names:
            known = f"It takes: {', '.join(names)}." if names else "It takes none."
            hint = did_you_mean(name, names)
            raise ParameterError(f"{query.name} has no parameter {name!r}.{hint} {known}")
    return {p.name: _bound(query, p, given, moment) for p in query.parameters}


def _bound(
    query: SavedQuery, parameter: Parameter, given: Mapping[str, object], now: datetime
) -> object:
    if parameter.name not in given:
        if parameter.required:
            raise ParameterError(
                f"{query.name} needs parameter {parameter.name!r} ({parameter.type}:"
                f" {parameter.description}). Give it as -p {parameter.name}=VALUE."
            )
        return default_value(parameter, now)
    if parameter.required and given[parameter.name] is None:
        raise ParameterError(f"{query.name}: parameter {parameter.name!r} may not be NULL.")
    try:
        return parse_value(parameter.type, given[parameter.name], now)
    except ValueError as error:
        raise ParameterError(f"{query.name}: parameter {parameter.name!r}: {error}.") from None


def _parameters(path: Path, facts: list[str]) -> tuple[Parameter, ...]:
    parameters = []
    for number, fact in enumerate(facts, start=1):
        if not fact.startswith("param "):
            continue
        match = _PARAM.fullmatch(fact)
        if match is None:
            raise QueryHeaderError(f"{path}:{number}: {fact!r} is not {_PARAM_FORM!r}.")
        parameter = Parameter(**match.groupdict())
        if parameter.type not in EXPECTED:
            raise QueryHeaderError(
                f"{path}:{number}: parameter {parameter.name!r} has type {parameter.type!r}."
                f" A parameter is one of {', '.join(EXPECTED)}."
            )
        try:
            default_value(parameter)
        except ValueError as error:
            raise QueryHeaderError(
                f"{path}:{number}: default of parameter {parameter.name!r}: {error}."
            ) from None
        parameters.append(parameter)
    return tuple(parameters)


def _columns(path: Path, facts: list[str]) -> tuple[Column, ...]:
    columns = []
    for number, fact in enumerate(facts, start=1):
        if fact.startswith("column "):
            match = _COLUMN.fullmatch(fact)
            if match is None:
                raise QueryHeaderError(f"{path}:{number}: {fact!r} is not {_COLUMN_FORM!r}.")
            columns.append(Column(**match.groupdict()))
    return tuple(columns)


def _check(query: SavedQuery) -> None:
    """Refuse a statement that is no SELECT, and parameters and columns declared wrongly."""
    bare = re.sub(r"--[^\n]*|/\*.*?\*/", " ", query.sql, flags=re.DOTALL).strip()
    if not bare.upper().startswith(_FIRST_WORDS):
        raise QueryHeaderError(
            f"{query.path}: after the header comes one SELECT; this starts with {bare[:20]!r}."
        )
    for kind, names in (
        ("parameter", [p.name for p in query.parameters]),
        ("column", [c.name for c in query.columns]),
    ):
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise QueryHeaderError(f"{query.path}: {kind} {twice[0]!r} is declared twice.")
    declared, used = {p.name for p in query.parameters}, used_parameters(query.sql)
    for name in sorted(used - declared):
        raise QueryHeaderError(
            f"{query.path}: ${name} is used but not declared.{did_you_mean(name, declared)}"
            f" Add the line '-- param {name} VARCHAR: what it is' with its type."
        )
    for name in sorted(declared - used):
        raise QueryHeaderError(
            f"{query.path}: parameter {name!r} is declared but not used."
            f"{did_you_mean(name, used)} Remove the line or use ${name}."
        )
