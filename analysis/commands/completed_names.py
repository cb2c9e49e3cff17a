"""Names that a shell completes: saved queries, and deployments that can be had at once.

Whoever presses TAB waits and reads no errors: what takes long or fails completes nothing.
"""

import os
from collections.abc import Callable
from contextlib import redirect_stderr, suppress
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from analysis.commands.options import Invocation
from analysis.settings import Settings

TIMEOUT_S = 0.3


def complete_query(
    context: click.Context, _parameter: click.Parameter, begun: str
) -> list[CompletionItem]:
    """The saved queries that begin so, ours and the user's, each with its title."""

    def names() -> list[CompletionItem]:
        from analysis.asking import load_catalog

        catalog = load_catalog(_settings(context))
        return [CompletionItem(query.name, help=query.title) for query in catalog]

    return _beginning(begun, names)


def complete_deployment(
    context: click.Context, _parameter: click.Parameter, begun: str
) -> list[CompletionItem]:
    """The deployments of the store that begin so, the latest first."""

    def names() -> list[CompletionItem]:
        from analysis.asking import load_catalog
        from analysis.database import open_database
        from analysis.deployment_name import Deployed
        from analysis.rows import rows_from_arrow

        settings = _settings(context)
        query = load_catalog(settings)["deployment_names"]
        with open_database(settings.store, wait_s=0) as database:
            rows = rows_from_arrow(database.run(query, timeout_s=TIMEOUT_S))
        known = [str(one.name) for one in rows.records(Deployed)]
        return [CompletionItem(name) for name in dict.fromkeys(known) if name.isprintable()]

    return _beginning(begun, names)


def _settings(context: click.Context) -> Settings:
    return (context.find_object(Invocation) or Invocation()).settings()


def _beginning(begun: str, names: Callable[[], list[CompletionItem]]) -> list[CompletionItem]:
    found: list[CompletionItem] = []
    with Path(os.devnull).open("w") as nowhere, redirect_stderr(nowhere), suppress(Exception):
        found = names()
    return [item for item in found if str(item.value).startswith(begun)]
