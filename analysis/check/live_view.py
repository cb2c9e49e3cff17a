"""A watch as a screen that is painted again and again, and fits the terminal however small it is.

All text that came with telemetry is harmless in it.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from analysis.check.check_text import plain_text
from analysis.check.figures import percent
from analysis.check.look_text import look_text
from analysis.check.progress import Progress, evidence, sample
from analysis.check.sections import name_words
from analysis.check.verdict_words import VERDICT_WORDS, to_do
from analysis.check.watched import Watched
from analysis.duration import duration_text
from analysis.formats.text_width import padded, text_width, wrapped
from analysis.overview.deployment_line import FailureMinute, minute_of
from analysis.overview.sparkline import sparkline
from analysis.safe_text import shortened, shown
from analysis.verdict.check import Check, Verdict

SPARK_MINUTES = 30
_REASON_LENGTH_MAX = 400
_NAME_WIDTH = 13
_VERSION_LENGTH_MAX = 20
_CHANGES_LEAST = 3


@dataclass(frozen=True, slots=True)
class LiveView:
    """What is on the screen: what was watched, its latest minutes, and the moment it is painted.

    `minutes` are those of all versions of the service; `next_look_s` is None while a look is taken.
    """

    deployment: str
    watched: Watched
    minutes: tuple[FailureMinute, ...]
    now: datetime
    next_look_s: float | None

    def __rich_console__(self, _console: Console, options: ConsoleOptions) -> RenderResult:
        """The lines that this terminal has room for."""
        yield Text("\n").join(live_lines(self, options.max_width, options.size.height))


def live_lines(view: LiveView, width: int, height: int) -> list[Text]:
    """At most `height` lines; the reasons and the changes share what the rest leaves."""
    top = [*_headline(view, width), Text()]
    check = view.watched.look.check if view.watched.look else None
    why: list[Text] = []
    if check is not None:
        top += [*_bars(check, width), *_sparks(view, check, width)]
        why = _reasons(check, width)
    changes = _changes(view, width)
    foot = Text("Ctrl-C ends. Looking often costs no certainty.", style="dim")
    room = max(0, height - len(top) - 1)
    kept = why[: max(0, room - min(len(changes), _CHANGES_LEAST + 1) - 1)]
    lines = [*top, *kept, *([Text()] if kept else [])]
    lines += changes[: max(0, height - len(lines) - 1)]
    return [*lines[: height - 1], foot]


def _headline(view: LiveView, width: int) -> list[Text]:
    """The verdict, what to do, how long it has been that, and when it is looked at again."""
    look = view.watched.look
    name = shortened(shown(view.deployment), 60)
    if look is None:
        return [Text.assemble(("LOOKING", "bold"), f"  {name}", overflow="ellipsis", no_wrap=True)]
    since = view.watched.changes[-1].at
    stands = duration_text(round((view.now - since).total_seconds()) * 10**9)
    again = "looking now" if view.next_look_s is None else f"next look in {view.next_look_s:.0f} s"
    status = f"for {stands}, since {since.astimezone(UTC):%H:%M:%S} UTC · {again}"
    if look.check is None:
        lines = [Text.assemble(("NO ANSWER YET", "bold black on yellow"), f"  {name}")]
        lines += [Text(line) for line in wrapped(look_text(look).key, width)[:4]]
        return [*lines, Text(status, style="dim")]
    words = VERDICT_WORDS[look.check.verdict]
    who = plain_text(name_words(look.check))
    title = Text.assemble((f" {words.title} ", words.style), f"  {who}  gate: {look.check.gate}")
    title.truncate(width, overflow="ellipsis")
    advice = [
        Text(line, style="bold") for line in wrapped(plain_text(to_do(look.check).words), width)
    ]
    return [title, *advice, Text(status, style="dim")]


def _bars(check: Check, width: int) -> list[Text]:
    found = [one for one in (evidence(check), sample(check)) if one is not None]
    lines = [_bar(one, width) for one in found]
    return [*lines, Text()] if lines else []


def _bar(one: Progress, width: int) -> Text:
    room = max(4, min(40, width - _NAME_WIDTH - 3 - text_width(one.text)))
    line = Text(f"{padded(one.name, _NAME_WIDTH)}  {one.bar(room)} {one.text}")
    line.truncate(width, overflow="ellipsis")
    return line


def _sparks(view: LiveView, check: Check, width: int) -> list[Text]:
    """The failure rates of both sides over the last half hour, minute by minute."""
    if not view.minutes:
        return []
    end = minute_of(datetime.fromisoformat(f"{view.minutes[0].last_time[:19]}+00:00"))
    candidate, baseline = check.deployment, check.baseline
    rate = check.failure_rate
    sides = [("candidate", candidate.version, rate.candidate)]
    if baseline is not None and baseline.version != candidate.version:
        sides.append(("baseline", baseline.version, rate.baseline))
    lines = [
        Text(f"failure rate over {SPARK_MINUTES} minutes, and of all that was judged", style="dim")
    ]
    for side, version, failing in sides:
        own = [
            one
            for one in view.minutes
            if (one.service_version or "") == (version or "")
            and one.service_namespace == candidate.namespace
        ]
        blocks = sparkline(own, end, SPARK_MINUTES, SPARK_MINUTES)
        named = shortened(shown(version or "no version"), _VERSION_LENGTH_MAX)
        line = Text(f"{padded(side, _NAME_WIDTH)}  {blocks} {percent(failing):>8}  {named}")
        line.truncate(width, overflow="ellipsis")
        lines.append(line)
    return [*lines, Text()]


def _reasons(check: Check, width: int) -> list[Text]:
    lines = []
    for reason in check.reasons:
        first, *more = wrapped(shortened(shown(reason), _REASON_LENGTH_MAX), width - 2)
        lines += [Text(f"- {first}"), *(Text(f"  {one}") for one in more)]
    return lines


def _changes(view: LiveView, width: int) -> list[Text]:
    """The changes of the verdict, the latest first."""
    changes = view.watched.changes
    if len(changes) < 2:
        return []
    lines = [Text("Changes", style="bold")]
    for before, one in reversed(list(pairwise(changes))):
        told = (
            f"{one.at.astimezone(UTC):%H:%M:%S}  {_title(before.verdict)} -> {_title(one.verdict)}"
        )
        lines.append(Text(shortened(told, width)))
    return lines


def _title(verdict: Verdict | None) -> str:
    return VERDICT_WORDS[verdict].title if verdict else "NO ANSWER"
