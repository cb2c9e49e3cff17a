"""`deploylens check`: the verdict on one deployment, for people and for pipelines."""

from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from analysis.commands.check_options import CheckOptions, as_duration, as_moment, deployment_options
from analysis.commands.check_output import (
    FORMATS,
    CheckFile,
    as_files,
    leave_for_github,
    rendered,
    told_in_log,
)
from analysis.commands.options import (
    Invocation,
    debug_option,
    examples,
    pass_invocation,
    receiver_option,
    store_option,
)
from analysis.commands.output import say, write
from analysis.commands.repo_option import checkout, repo_option, suspected
from analysis.exit_code import ExitCode, OutputClosed

if TYPE_CHECKING:
    from analysis.check.looks import Look
    from analysis.verdict.check import Check

INTERVAL_S = 15.0
_SAY_AGAIN_S = 60.0
_UNDECIDED = {
    "pass": ExitCode.DONE,
    "fail": ExitCode.GATE_FAIL,
    "wait": ExitCode.GATE_UNDECIDED,
}


@click.command(
    short_help="Judge a deployment: roll back, hold or carry on.",
    epilog=examples(
        "deploylens check shop@1.4.0",
        "deploylens check shop@1.4.0 --wait 15m              # in a pipeline, after the deploy",
        "deploylens check shop@1.4.0 --wait 15m --on-inconclusive fail --format json",
        "deploylens check shop@1.4.0 --at 2026-11-21T10:34:00Z   # as it would have been then",
        "deploylens check shop@1.4.0 --receiver https://deploylens.example.com:4321 --wait 15m",
        "deploylens check shop@1.4.0 --repo .                # and which commits to look at",
        "deploylens check shop@1.4.0 --format github         # in a GitHub workflow",
        "deploylens check shop@1.4.0 --write junit=check.xml --write codequality=quality.json",
    )
    + "\n\n\b\nExit codes: 0 healthy, 10 roll_back or fix_forward, 11 undecided (hold,\n"
    "not_enough_data, not_this_deployment), also when --wait is over; --on-inconclusive\n"
    "pass makes it 0, fail makes it 10. 1 to 4: no verdict was reached.",
)
@deployment_options
@click.option(
    "--at",
    callback=as_moment,
    metavar="TIME",
    help="Judge as of this moment; no row that starts later is read. [default: now]",
)
@click.option(
    "--wait",
    callback=as_duration,
    metavar="DURATION",
    help="Ask again every 15 s until the gate passes or fails, this long at most."
    " [default: ask once]",
)
@click.option(
    "--on-inconclusive",
    type=click.Choice(tuple(_UNDECIDED)),
    default="wait",
    help="What an undecided gate ends as: 0, 10 or 11. [default: wait, which is 11]",
)
@click.option(
    "--factors",
    is_flag=True,
    help="Also look for what failing requests have in common; takes longer.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="For people, programs, a pull request or a pipeline. [env DEPLOYLENS_FORMAT; default"
    " table]",
)
@click.option(
    "--write",
    "written",
    multiple=True,
    callback=as_files,
    metavar="FORMAT=FILE",
    help="Also write the check in this format into a file; may be repeated.",
)
@repo_option
@receiver_option
@store_option
@debug_option
@pass_invocation
def check(
    invocation: Invocation,
    deployment: str,
    environment: str | None,
    deployment_id: str | None,
    baseline: str | None,
    window: timedelta | None,
    at: str | None,
    wait: timedelta | None,
    on_inconclusive: str,
    factors: bool,
    form: str | None,
    written: tuple[CheckFile, ...],
    repo: Path | None,
) -> int:
    """Say whether a deployment broke something, how sure that is, and what to do.

    It is compared with another version in the same minutes if one served, else with the time
    before. However often it is asked, and whenever one stops, a version that is as good as the one
    before is rolled back at most once in a hundred times. docs/verdict.md tells how.

    With --wait a deployment that has sent nothing yet is waited for; one that is still unknown at
    the end is an error, not a verdict.
    """
    for file in written:
        file.clear()
    if at is not None and wait is not None:
        raise click.UsageError(
            "--at names one moment, and --wait asks again as time goes by. Give one of them."
        )
    settings = invocation.settings()
    form = form or (settings.format if settings.format in FORMATS else "table")
    options = CheckOptions(deployment, environment, deployment_id, baseline, window, at, factors)

    from analysis.check.looks import looks

    question, source = options.question(settings), checkout(settings, repo)
    wait_s = wait.total_seconds() if wait is not None else 0.0
    progress = _Progress(wait_s, form)
    for look in looks(question, INTERVAL_S, wait_s):
        last = look
        if look.is_decided:
            break
        progress.tell(look)
    found = suspected(last.found(), settings, source)
    _give(found, form, written)
    return _exit_code(found, on_inconclusive)


def _give(found: "Check", form: str, written: tuple[CheckFile, ...]) -> None:
    """Write the check wherever it was asked for."""
    with suppress(OutputClosed):  # whoever read only the first lines gets the verdict all the same
        write(rendered(found, form))
    for file in written:
        file.write(found)
    if form == "github":
        leave_for_github(found)


def _exit_code(found: "Check", on_inconclusive: str) -> ExitCode:
    from analysis.verdict.check import Gate

    if found.gate is not Gate.WAIT:
        return ExitCode.DONE if found.gate is Gate.PASS else ExitCode.GATE_FAIL
    code = _UNDECIDED[on_inconclusive]
    if on_inconclusive != "wait":
        say(f"Undecided ({found.verdict}): ends with {code} for --on-inconclusive.")
    return code


class _Progress:
    """Tells on standard error what is waited for: when it changes, and once a minute."""

    def __init__(self, wait_s: float, form: str) -> None:
        from time import monotonic

        self._form = form

        self._clock, self._end = monotonic, monotonic() + wait_s
        self._waits = wait_s > 0
        self._told, self._told_at = "", -_SAY_AGAIN_S

    def tell(self, look: "Look") -> None:
        """Tells it, if there is a look to come."""
        from analysis.check.look_text import look_text

        now = self._clock()
        left_s = self._end - now
        if not self._waits or left_s <= 0:
            return
        state = look_text(look)
        if state.key == self._told and now - self._told_at < _SAY_AGAIN_S:
            return
        self._told, self._told_at = state.key, now
        text = f"{state.text} Asking again for {_length(left_s)}."
        say(told_in_log(text, self._form))


def _length(seconds: float) -> str:
    from analysis.duration import duration_text

    return duration_text(round(seconds) * 1e9)
