"""The top of the page: the verdict as a word, an icon and a colour, and the figures that count."""

from collections.abc import Iterator
from dataclasses import dataclass

from analysis.check.figures import counted, moment, percent, points
from analysis.check.lines import Said, line
from analysis.check.sections import REASONS_FIRST, name_words
from analysis.check.verdict_words import VERDICT_WORDS, to_do
from analysis.page.spoken import Item, Piece, items, pieces, plain
from analysis.page.table import cell_text
from analysis.report.contents import Report
from analysis.report.judgement import not_judged
from analysis.verdict.check import Check, Onset, Verdict

_TONES = {
    Verdict.ROLL_BACK: ("bad", "cross"),
    Verdict.FIX_FORWARD: ("bad", "wrench"),
    Verdict.HOLD: ("warning", "pause"),
    Verdict.HEALTHY: ("good", "check"),
    Verdict.NOT_ENOUGH_DATA: ("unsure", "clock"),
    Verdict.NOT_THIS_DEPLOYMENT: ("warning", "elsewhere"),
}
_RELATIONS = {
    "before": "before this deployment began",
    "at": "when this deployment began",
    "after": "after this deployment began",
}


@dataclass(frozen=True, slots=True)
class Banner:
    """The verdict: its word, what is judged, and how both look."""

    word: str
    name: tuple[Piece, ...]
    title: str
    tone: str
    icon: str
    gate: str
    reasons: tuple[Item, ...]
    to_do: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure of the top, with what it is and a note on it."""

    label: str
    value: str
    note: str


def banner(report: Report) -> Banner:
    """The verdict of the report, or that there is none."""
    if report.check is None:
        return _no_verdict(report)
    check = report.check
    tone, icon = _TONES[check.verdict]
    name = name_words(check)
    word = VERDICT_WORDS[check.verdict].title
    reasons = items(line(Said(reason)) for reason in check.reasons[:REASONS_FIRST])
    return Banner(
        word=word,
        name=pieces(name),
        title=f"{plain(name)}: {word.lower()}",
        tone=tone,
        icon=icon,
        gate=check.gate.value,
        reasons=reasons,
        to_do=pieces(to_do(check).words),
    )


def _no_verdict(report: Report) -> Banner:
    version = report.name.version or "without a version"
    name = (
        Piece("sent", cell_text(report.name.service)),
        Piece("ours", " "),
        Piece("sent", cell_text(version)),
    )
    return Banner(
        word="NO VERDICT",
        name=name,
        title=f"{''.join(piece.text for piece in name)}: no verdict",
        tone="unsure",
        icon="clock",
        gate="wait",
        reasons=(),
        to_do=(Piece("ours", not_judged(report)),),
    )


def tiles(check: Check) -> Iterator[Tile]:
    """Failure rate, requests that failed, since when, who was hit."""
    rate, impact = check.failure_rate, check.impact
    value = percent(rate.candidate)
    if rate.baseline is not None and rate.candidate is not None:
        value = f"{percent(rate.baseline)} \u2192 {percent(rate.candidate)}".replace(
            " %", "\u00a0%"
        )
    note = "nothing to compare with"
    if rate.difference is not None:
        note = f"{points([rate.difference])[0]} points against the baseline"
    yield Tile("Requests that fail", value, note)
    yield Tile(
        "Failed",
        f"{impact.failed_requests:,}",
        f"of {counted(impact.requests, 'request')}",
    )
    yield _onset_tile(check.onset)
    users = "users unknown" if impact.users is None else counted(impact.users, "user")
    hit = counted(impact.endpoints, "endpoint")
    yield Tile("Hit", hit, f"{counted(impact.services, 'service')}, {users}")


def _onset_tile(onset: Onset) -> Tile:
    if onset.at is None:
        return Tile("Failures rose", "no", "no rise was found")
    day, _, at = moment(onset.at).partition(" ")
    relation = _RELATIONS.get(onset.relation or "", "")
    return Tile("Failures rose", f"{at} UTC", f"{day}, {relation}" if relation else day)
