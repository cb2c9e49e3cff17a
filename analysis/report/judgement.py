"""The verdict in the report and what it rests on, in the words that a check has for it."""

from collections.abc import Iterable

from analysis.check.finding_words import finding_lines
from analysis.check.lines import Line, Said, line
from analysis.check.markdown_lines import items_markdown, line_markdown, prose
from analysis.check.proof import bound_text, compared, onset_text, proof, rate_text
from analysis.check.sections import origin_lines, signature_lines
from analysis.check.verdict_words import VERDICT_WORDS, needed_text, to_do
from analysis.report.contents import Report
from analysis.report.document import Document
from analysis.report.impact import in_all
from analysis.report.markdown_block import Markdown, block
from analysis.report.words import cell, counted, time
from analysis.verdict.check import Check

_LISTED_MAX = 8


def not_judged(report: Report) -> str:
    """Why there is no verdict: one sentence."""
    marked_at = report.deployment.marked_at if report.deployment else None
    if marked_at is None:
        return "There is no verdict: nothing of it was sent or marked."
    return (
        f"There is no verdict yet: it was marked at {time(marked_at)} UTC, and nothing sent after"
        " that is stored."
    )


def verdict(report: Report) -> Markdown:
    """The verdict, what to do, and every reason."""
    check, document = report.check, Document()
    if check is None:
        return Markdown(not_judged(report))
    told = VERDICT_WORDS[check.verdict].title
    document.paragraph(f"**{told}** (gate: {check.gate}).", line_markdown(to_do(check)))
    reasons = [line(Said(reason)) for reason in check.reasons]
    missing = needed_text(check.needed)
    document.bullets(items_markdown([*reasons, *([line(missing)] if missing else [])]))
    return block(document)


def verdict_sentence(report: Report) -> Markdown:
    """The verdict in one sentence, with the rates and how often such evidence misleads."""
    check = report.check
    if check is None:
        return Markdown(not_judged(report))
    told = VERDICT_WORDS[check.verdict].title
    return Markdown(
        f"The verdict on the data is **{told}**. {rate_text(check)}. {bound_text(check)}."
    )


def sureness(report: Report) -> Markdown:
    """What was compared with what, the rates, how sure the difference is, and who was hit."""
    check = report.check
    if check is None:
        return Markdown(not_judged(report))
    explained = in_all(report)
    return _list([*proof(check), *compared(check), *([line(explained)] if explained else [])], "")


def verdict_history(report: Report) -> Markdown:
    """How the verdict became what it is: the minute of each change, and the strongest reason."""
    document = Document()
    rows = [
        [f"{look.minutes}", VERDICT_WORDS[look.verdict].title, _cell(_first(look.reasons))]
        for look in report.looks
    ]
    if not rows:
        return Markdown("The verdict cannot be told minute by minute: nothing could be compared.")
    document.table("#minutes known | verdict | strongest reason", rows)
    return block(document)


def findings(report: Report) -> Markdown:
    """The findings of the verdict, strongest first."""
    found = report.check.findings if report.check else ()
    lines = [one for finding in found[:_LISTED_MAX] for one in finding_lines(finding)]
    more = len(found) - _LISTED_MAX
    if more > 0:
        lines.append(line(f"and {more:,} more"))
    return _list(lines, "Nothing stands out.")


def patterns(report: Report) -> Markdown:
    """Known patterns of failure that were recognised, each with its evidence and first check."""
    found = report.check.signatures if report.check else ()
    lines = [one for signature in found for one in signature_lines(signature)]
    return _list(lines, "None of the known patterns of failure was recognised.")


def ruled_out(report: Report) -> Markdown:
    """Causes that were looked at and do not hold, with the numbers."""
    said = report.check.ruled_out if report.check else ()
    return _list(_said(said), "No cause could be ruled out by numbers.")


def caveats(report: Report) -> Markdown:
    """Why to take all this with care."""
    said = [*(report.check.caveats if report.check else ())]
    said += report.suspicion.caveats if report.suspicion else ()
    return _list(_said(dict.fromkeys(said)), "None.")


def suspects(report: Report) -> Markdown:
    """Commits that may be the cause, files that changed and teams to contact; no person is named.

    Empty without a checkout.
    """
    found = report.suspicion
    if found is None:
        return Markdown("")
    document = Document()
    if found.suspects:
        document.table(
            "commit | change | files of it that matter",
            [
                [cell(one.commit[:12]), cell(one.summary), _files(one.files)]
                for one in found.suspects[:_LISTED_MAX]
            ],
        )
    else:
        document.paragraph("No commit touches the lines that fail.")
    if found.changed:
        document.table(
            "changed file | kind | commits | what",
            [
                [
                    cell(one.path),
                    one.kind,
                    " ".join(cell(commit[:12]) for commit in one.commits[:_LISTED_MAX]),
                    "; ".join(cell(detail) for detail in one.details[:_LISTED_MAX]),
                ]
                for one in found.changed[: 2 * _LISTED_MAX]
            ],
        )
    if found.owners:
        document.paragraph(f"Teams to contact: {', '.join(map(cell, found.owners))}.")
    return block(document)


def contributing_factors(report: Report) -> Markdown:
    """What contributed, by the data: patterns with their evidence, and where failures start."""
    check = report.check
    if check is None:
        return Markdown(not_judged(report))
    lines = [one for signature in check.signatures for one in signature_lines(signature)]
    return _list([*lines, *_starts(check)], "The data names no contributing factor.")


def onset_sentence(report: Report) -> Markdown:
    """When failures rose, with its interval, and how that lies to the deployment."""
    text = onset_text(report.check.onset) if report.check else ""
    return Markdown(f"{text}." if text else "The failure rate did not rise provably.")


def _starts(check: Check) -> Iterable[Line]:
    for origin in check.origins[:3]:
        yield from origin_lines(origin)


def _files(files: tuple[str, ...]) -> str:
    shown = ", ".join(cell(name) for name in files[:4])
    return shown + (f" and {counted(len(files) - 4, 'more file')}" if len(files) > 4 else "")


def _first(reasons: tuple[str, ...]) -> str:
    return reasons[0] if reasons else ""


def _cell(sentence: str) -> str:
    """A sentence in a table, where a bar would end its cell."""
    return "&#124;".join(prose(part) if part.strip() else "" for part in sentence.split("|"))


def _said(said: Iterable[str]) -> list[Line]:
    return [line(Said(sentence)) for sentence in said]


def _list(lines: Iterable[Line], none: str) -> Markdown:
    document = Document()
    items = items_markdown(lines)
    if not items:
        return Markdown(none)
    document.bullets(items)
    return block(document)
