"""An explained exception for a terminal. All text of senders is harmless in it."""

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from analysis.deciding import RESOLUTION, Decided
from analysis.explained_exception import ExplainedException, Occurrence
from analysis.replaced_values import replaced_values
from analysis.safe_text import shortened, shown
from receiver.fingerprints.explanation import Part
from receiver.fingerprints.messages.kind import Replaced

_TEXT_LENGTH_MAX = 300
_NAME_LENGTH_MAX = 120
_VALUE_LENGTH_MAX = 40
_REPLACED_MAX = 8
_INDENT = (0, 0, 0, 2)
_TIME_WIDTH = len("2026-11-21 09:26:00")
_MARKS = {(True, True): "S L", (True, False): "S  ", (False, True): "  L", (False, False): "  ·"}


def explanation_text(found: ExplainedException) -> Iterator[RenderableType]:
    """The sections, from what the exception is to where it was seen."""
    yield from _heading(found)
    yield from _section("What it is grouped by (S strict key, L loose key, · left out)")
    yield _parts(found.explanation.parts)
    if found.siblings:
        yield from _siblings(found)
    yield from _decided(found)
    yield from _examples(found)


def _heading(found: ExplainedException) -> Iterator[RenderableType]:
    group = found.group
    yield Text(str(group), style="bold")
    yield Text()
    yield _row("strict", group.fingerprint)
    yield _row("loose", group.fingerprint_loose)
    if found.named.loose:
        more = len(found.named.groups) - 1
        note = f"You named the loose key. Below is its group seen last{_and_more(more)}."
        yield Padding(Text(note), _INDENT)
    times = "once" if group.sightings == 1 else f"{group.sightings:,} times"
    services = ", ".join(_name(name) for name in group.service_names)
    last = "" if group.first_seen == group.last_seen else f" to {_time(group.last_seen)}"
    yield _row("seen", f"{times} in {services}, {_time(group.first_seen)}{last} UTC")
    yield from _grouped_by(found)


def _grouped_by(found: ExplainedException) -> Iterator[RenderableType]:
    """With what it was grouped, and what it would be now."""
    wanted, stored = found.wanted, found.stored
    rules = "and the rules of deploylens.toml" if wanted.rules_digest else "without own rules"
    yield _row("grouped by", f"version {found.latest.fingerprint_version} of the algorithm")
    if found.grouped_otherwise:
        now = found.explanation
        yield _row("now", f"strict {now.strict}, loose {now.loose}", "yellow")
    if stored != wanted or found.grouped_otherwise:
        yield Padding(
            Text(
                "The stored fingerprints were made with another version or other rules than this"
                f" explanation: version {wanted.fingerprint_version} {rules}. `deploylens serve`"
                " groups again when it starts, `deploylens regroup` does it without a receiver.",
                style="yellow",
            ),
            _INDENT,
        )


def _parts(parts: tuple[Part, ...]) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for part in parts:
        counts = part.strict or part.loose
        text = Text(_cut(part.text) or "(none)", style="" if counts else "dim")
        if part.detail and part.detail != part.text:
            text.append(f"\n{_detail(part)}", style="dim")
        replaced = replaced_values(part)
        if replaced:
            text.append(f"\n{_replaced(replaced)}", style="dim")
        text.append(f"\n{shown(part.reason)}", style="italic" if counts else "dim italic")
        mark = Text(_MARKS[part.strict, part.loose], style="green" if counts else "dim")
        grid.add_row(mark, Text(part.kind, style="" if counts else "dim"), text)
    return grid


def _replaced(replaced: Sequence[Replaced]) -> str:
    """The first values that do not count, each with its rule."""
    first = [f"{_cut_value(one.text)} ({one.rule})" for one in replaced[:_REPLACED_MAX]]
    more = len(replaced) - _REPLACED_MAX
    return f"replaced: {', '.join(first)}" + (f" and {more} more" if more > 0 else "")


def _detail(part: Part) -> str:
    return f"was: {_cut(part.detail)}" if "message" in part.kind else _cut(part.detail)


def _siblings(found: ExplainedException) -> Iterator[RenderableType]:
    yield from _section("Told apart from, at the same place (one loose key)")
    for sibling in found.siblings:
        yield Padding(Text(f"{sibling.group.fingerprint}  {sibling.group}"), _INDENT)
        differs = sibling.differs
        why = "nothing that is kept tells why" if differs is None else f"differs in {_cut(differs)}"
        yield Padding(Text(why, style="italic"), (0, 0, 0, 20))
    if found.siblings_left_out:
        yield Padding(Text(f"and {found.siblings_left_out:,} more"), _INDENT)


def _decided(found: ExplainedException) -> Iterator[RenderableType]:
    if found.states or found.decisions:
        yield from _section("State and decisions")
    for state in found.states:
        version = _name(state.service_version or "(no version)")
        where = f" in {_name(state.environment_name)}" if state.environment_name else ""
        word = state.state or "not seen, nor in what it is compared with"
        why = f" ({_name(state.why)})" if state.why else ""
        silenced = ", silenced" if state.silenced else ""
        text = f"{_name(state.service_name)}@{version}{where}: {word}{why}{silenced}"
        yield Padding(Text(text), _INDENT)
    for decision in found.decisions:
        style = "" if decision.active else "dim"
        yield Padding(Text(_decision(decision), style=style), _INDENT)


def _decision(decision: Decided) -> str:
    resolved = decision.kind == RESOLUTION
    word = "resolved" if resolved else "silenced"
    if decision.withdrawn:
        word = f"no more {word}, taken back"
    elif not decision.active:
        word += ", which is over"
    where = f" in {_name(decision.service_name)}" if decision.service_name else ""
    start = f" from {_name(decision.in_version)} on" if decision.in_version else ""
    end = f" until {_time(decision.until)} UTC" if decision.until else ""
    note = f": {_cut(decision.note)}" if decision.note else ""
    return f"{_time(decision.decided_at)} UTC {word}{where}{start}{end}{note}"


def _examples(found: ExplainedException) -> Iterator[RenderableType]:
    yield from _section("Seen last")
    if not found.examples:
        yield Padding(
            Text("its occurrences were deleted; the example that was kept is told"), _INDENT
        )
    for one in found.examples:
        yield Padding(Text(_example(one), overflow="fold"), _INDENT)
        trace = f"trace {shown(one.trace_id)}" if one.trace_id else "outside a trace"
        yield Padding(Text(trace, style="dim"), (0, 0, 0, 2 + _TIME_WIDTH + 2))


def _example(one: Occurrence) -> str:
    version = f"@{_name(one.service_version)}" if one.service_version else ""
    endpoint = f"  {_name(one.endpoint)}" if one.endpoint else ""
    return f"{_time(one.time)}  {_name(one.service_name)}{version}{endpoint}"


def _section(title: str) -> Iterator[RenderableType]:
    yield Text()
    yield Text(title, style="bold")


def _row(name: str, text: str, style: str = "") -> RenderableType:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(width=12)
    grid.add_column(overflow="fold")
    grid.add_row(f"  {name}", Text(text, style=style))
    return grid


def _and_more(more: int) -> str:
    return f"; {more} more follow" if more else ""


def _time(text: str | None) -> str:
    return "?" if text is None else text[:19].replace("T", " ")


def _cut(text: str) -> str:
    return shortened(shown(text), _TEXT_LENGTH_MAX)


def _cut_value(text: str) -> str:
    return shortened(shown(text), _VALUE_LENGTH_MAX)


def _name(text: str | None) -> str:
    return shortened(shown(text or ""), _NAME_LENGTH_MAX)
