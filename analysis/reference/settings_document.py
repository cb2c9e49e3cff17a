"""docs/reference/settings.md: everything that can be set, and where."""

from dataclasses import fields

import click

from analysis.commands.program import program
from analysis.known_settings import LISTS, SETTINGS
from analysis.reference.command_line import option_text
from analysis.reference.markdown_parts import MADE, code, document, table
from analysis.reference.toml_tables import TABLES
from analysis.verdict.thresholds import LIMITS, Thresholds

# Where none is set: what an empty default means.
_NONE = "none"


def settings_document() -> str:
    """The document."""
    lines = ["# Settings", "", MADE, ""]
    lines += [
        "A flag counts most, then the environment variable, then the key in `deploylens.toml`"
    ]
    lines += [
        "of the current folder, then the default. A key with a dot stands in the table of that"
    ]
    lines += ['name: `serve.grpc = "..."` is `grpc = "..."` under `[serve]`. An unknown key is an']
    lines += ["error. In a variable, several values stand between commas; folders as in PATH.", ""]
    rows = [
        (
            code(one.key) + (" (list)" if one.key in LISTS else ""),
            code(one.flag),
            code(one.variable),
            code(one.default) if one.default else _NONE,
            _meaning(one.flag),
        )
        for one in SETTINGS.values()
    ]
    lines += table(("key", "flag", "variable", "default", "what it is"), rows)
    lines += ["Only from the environment, for they are secrets or belong to one run:", ""]
    lines += table(
        ("variable", "what it is"),
        [
            ("`DEPLOYLENS_API_KEYS`", "API keys that senders may show, between commas."),
            ("`DEPLOYLENS_API_KEY`", "The key that is shown to the receiver of `--receiver`."),
            ("`DEPLOYLENS_DEBUG`", "Show where an error came from, as `--debug` does."),
            ("`NO_COLOR`", "No colours in a terminal."),
            ("`COLUMNS`", "How wide output is, instead of the terminal's width."),
        ],
    )
    lines += ['## [verdict] and [verdict.services."NAME"]', ""]
    lines += ["What a verdict is measured against; [thresholds](../thresholds.md) explains it.", ""]
    defaults = {one.name: one.default for one in fields(Thresholds)}
    lines += table(
        ("key", "default", "unit", "what it is", "allowed"),
        [
            (code(name), f"{defaults[name]:g}", one.unit, one.meaning, one.expected)
            for name, one in LIMITS.items()
        ],
    )
    for title, (words, keys) in TABLES.items():
        lines += [f"## {title}", "", words, ""]
        lines += table(("key", "what it is"), [(code(key), text) for key, text in keys.items()])
    return document(lines)


def _meaning(flag: str) -> str:
    """The help of the first command that has this flag."""
    for command in program.commands.values():
        for one in command.params:
            if isinstance(one, click.Option) and flag in one.opts:
                return option_text(one)
    return ""
