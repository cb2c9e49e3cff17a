"""The list of commands in `deploylens --help`, by what one wants to do."""

import click

GROUPS = {
    "Receive": ("serve", "import", "demo", "doctor"),
    "Look": ("deployments", "incident", "trace", "queries", "query", "sql"),
    "Judge": ("check", "watch", "backtest"),
    "Report and tell": ("report", "mark", "announce-test"),
    "Exceptions": ("explain-exception", "resolve", "silence", "regroup"),
    "Keep": ("export", "compact", "completion"),
}


class GroupedCommands(click.Group):
    """A group of commands that lists them by task; one that belongs to no task comes last."""

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands under the titles of their groups, in the order given there."""
        grouped = {name for names in GROUPS.values() for name in names}
        rest = tuple(name for name in self.list_commands(context) if name not in grouped)
        every = {name: self.commands[name] for name in self.list_commands(context)}
        width = max(len(name) for name in every)
        limit = formatter.width - 6 - width
        for title, names in {**GROUPS, "More": rest}.items():
            rows = [
                (name.ljust(width), every[name].get_short_help_str(limit))
                for name in names
                if name in every
            ]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)
