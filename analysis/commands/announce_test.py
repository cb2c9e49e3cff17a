"""`deploylens announce-test`: send a test event to every target, and say what came back."""

import click

from analysis.commands.options import (
    Invocation,
    debug_option,
    examples,
    format_option,
    pass_invocation,
)
from analysis.exit_code import CommandFailed


@click.command(
    short_help="Send a test to webhooks and Grafana.",
    epilog=examples(
        "deploylens announce-test",
        "deploylens announce-test --target shop-team",
        "deploylens announce-test --format json",
    ),
)
@click.option("--target", metavar="NAME", help="Only the target of this name. [default: all]")
@format_option
@debug_option
@pass_invocation
def announce_test(invocation: Invocation, target: str | None) -> None:
    """Send a signed event of type test to each target in deploylens.toml, once, and say what came
    back.

    Grafana gets an annotation of the service deploylens-test, always the same one. Nothing is
    stored and no receiver is needed. Exits 0 when every target took it, else 1.
    """
    settings = invocation.settings()

    import secrets
    from datetime import UTC, datetime

    from analysis.announcing.event import trial_event
    from analysis.announcing.exchange import quiet_clients
    from analysis.announcing.telling import attempt_at
    from analysis.commands.output import say, write_rows
    from analysis.exit_code import UsageRefused
    from analysis.rows import text_rows
    from analysis.suggestion import did_you_mean

    targets = settings.targets.all
    if not targets:
        raise UsageRefused(
            "deploylens.toml names no target. Add [[webhooks]] with a url, or [grafana]:"
            " docs/how-to/announce-by-webhook.md shows how."
        )
    names = [one.name for one in targets]
    if target is not None and target not in names:
        hint = did_you_mean(target, names)
        raise UsageRefused(f"no target is called {target!r}.{hint} There are: {', '.join(names)}.")
    quiet_clients()
    document = trial_event(datetime.now(UTC), secrets.token_hex(16)).document()
    cells = []
    for one in targets:
        if target in (None, one.name):
            outcome = attempt_at(one, document)
            cells.append((one.name, outcome.state == "sent", outcome.said))
    shown = [(name, "taken" if good else "failed", said) for name, good, said in cells]
    write_rows(text_rows(("target", "result", "answer"), shown), settings.format)
    bad = [name for name, good, _said in cells if not good]
    if bad:
        raise CommandFailed(f"not taken by: {', '.join(bad)}.")
    say(f"{len(cells)} of {len(cells)} took event {document['id']}.")
