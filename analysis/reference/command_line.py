"""docs/reference/command-line.md: every command with its arguments, options and examples."""

import re
from collections.abc import Iterator

import click

from analysis.commands.command_groups import GROUPS
from analysis.commands.program import program
from analysis.exit_code import ExitCode
from analysis.known_settings import SETTINGS
from analysis.reference.markdown_parts import MADE, code, document, table

_MEANINGS = {
    ExitCode.DONE: "done, or the gate passes: `healthy`",
    ExitCode.FAILED: "it ran and failed: a query error, a damaged file, a name that is not stored",
    ExitCode.USAGE: "usage or configuration",
    ExitCode.NO_STORE: "the store or the receiver cannot be reached or opened",
    ExitCode.TIMEOUT: "it took longer than it may",
    ExitCode.GATE_FAIL: "the gate fails: `roll_back`, `fix_forward`",
    ExitCode.GATE_UNDECIDED: (
        "the gate is undecided: `hold`, `not_enough_data`, `not_this_deployment`"
    ),
    ExitCode.INTERRUPTED: "interrupted with Ctrl-C",
}
_NOTES = re.compile(r"\s*\[((?:env|default)[^\]]*)\]\s*")


def command_line() -> str:
    """The document."""
    lines = [
        "# Command line",
        "",
        MADE,
        "",
        "```",
        "deploylens [--store FILE] [--debug] COMMAND",
        "```",
    ]
    lines += ["", "Data goes to standard output, everything else to standard error. Times are UTC."]
    lines += ["Settings are read from flags, else the environment, else `deploylens.toml`:"]
    lines += ["[settings](settings.md). `--debug` shows where an error came from.", ""]
    for title, names in GROUPS.items():
        lines += [f"## {title}", ""]
        for name in names:
            lines += _command(name, program.commands[name])
    lines += ["## Exit codes", ""]
    lines += table(("code", "meaning"), [(str(one.value), _MEANINGS[one]) for one in ExitCode])
    return document(lines)


def _command(name: str, command: click.Command) -> Iterator[str]:
    context = click.Context(command, info_name=f"deploylens {name}")
    usage = " ".join(command.collect_usage_pieces(context))
    yield from (f"### deploylens {name}", "", "```", f"deploylens {name} {usage}", "```", "")
    for paragraph in (command.help or "").replace("\f", "").split("\n\n"):
        yield from (" ".join(paragraph.replace("\b", "").split()), "")
    rows = [_option(one) for one in command.params if isinstance(one, click.Option)]
    yield from table(("option", "what it does", "variable", "default"), rows)
    for block in (command.epilog or "").split("\b\n")[1:]:
        title, _, body = block.strip("\n").partition("\n")
        if title == "Examples:":
            yield from ("```sh", *(line.strip() for line in body.splitlines() if line), "```", "")
        else:
            yield from (" ".join(block.split()), "")


def _option(option: click.Option) -> tuple[str, str, str, str]:
    """Its flags, what it does, and the variable and default that its help names in brackets."""
    flags = ", ".join((*option.opts, *option.secondary_opts))
    shown = code(f"{flags} {_metavar(option)}".strip())
    notes: dict[str, str] = {}
    for found in _NOTES.findall(option.help or ""):
        for note in found.split(";"):
            kind, _, value = note.strip().partition(" ")
            notes[kind.rstrip(":")] = value.strip()
    text = option_text(option)
    settings = [] if option.expose_value else SETTINGS.values()
    variables = [one.variable for one in settings if one.flag in option.opts]
    variables += [notes["env"]] if "env" in notes and not variables else []
    variable = code(variables[0]) if variables else ""
    return shown, text, variable, notes.get("default", "")


def option_text(option: click.Option) -> str:
    """What an option does, without its variable and default."""
    return _NOTES.sub(" ", option.help or "").strip()


def _metavar(option: click.Option) -> str:
    if option.is_flag:
        return ""
    if isinstance(option.type, click.Choice):
        return "|".join(map(str, option.type.choices))
    return option.metavar or (option.name or "").upper()
