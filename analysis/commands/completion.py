"""`deploylens completion`: the script that completes commands, options and names in a shell.

click asks this program itself what may come next; nothing of that is ever said on standard error.
"""

import os

import click
from click.shell_completion import BashComplete, add_completion_class, get_completion_class
from click.shell_completion import split_arg_string as split_words

from analysis.commands.options import debug_option, examples
from analysis.commands.output import write

_PROGRAM, _VARIABLE = "deploylens", "_DEPLOYLENS_COMPLETE"
_INSTALL = {
    "bash": "# To install: deploylens completion bash >> ~/.bashrc, and start a new shell.",
    "zsh": (
        "# To install: deploylens completion zsh >> ~/.zshrc, below the line with compinit, and"
        " start a new shell."
    ),
    "fish": (
        "# To install: deploylens completion fish > ~/.config/fish/completions/deploylens.fish"
    ),
}
# bash cuts a word at each of COMP_WORDBREAKS, among them '@', '=' and ':'. So the whole line is
# passed on, and what stands before the last cut is taken off again.
_BASH = """\
%(complete_func)s() {
    local IFS=$'\\n' line=${COMP_LINE:0:COMP_POINT} part=${COMP_WORDS[COMP_CWORD]}
    local word=${line##*[[:space:]]} before type value
    case $part in @|=|:|==|::) part= ;; esac
    before=${word%%"$part"}
    COMPREPLY=()
    while IFS=',' read -r type value; do
        case $type in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain) COMPREPLY+=("${value#"$before"}") ;;
        esac
    done < <(COMP_LINE=$line %(complete_var)s=bash_complete "$1" 2>/dev/null)
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""


@add_completion_class
class WholeLineBash(BashComplete):
    """Completion for bash, which sees the line as it was typed."""

    source_template = _BASH

    @staticmethod
    def _check_version() -> None:
        """The script is printed wherever it is asked for, as when an image is built."""

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the cursor, and the one that is begun."""
        line = os.environ.get("COMP_LINE", "")
        words = split_words(line)[1:]
        begun = "" if not words or line[-1:].isspace() else words.pop()
        return words, begun


@click.command(
    short_help="Print the script that completes in bash, zsh or fish.",
    epilog=examples(
        "deploylens completion bash >> ~/.bashrc",
        "deploylens completion zsh >> ~/.zshrc",
        "deploylens completion fish > ~/.config/fish/completions/deploylens.fish",
    ),
)
@click.argument("shell", type=click.Choice(tuple(_INSTALL)))
@debug_option
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that completes commands, options, saved queries and SERVICE@VERSION in
    SHELL; its comment says where it belongs.

    Deployments come from the store that is set, when they can be had at once.
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"{shell} is not completed by this version of click.")
    script = kind(context.find_root().command, {}, _PROGRAM, _VARIABLE).source().strip()
    first, _, rest = script.partition("\n")
    # zsh looks for '#compdef' in the first line.
    lines = [first, _INSTALL[shell], rest] if first.startswith("#") else [_INSTALL[shell], script]
    write("\n".join(lines) + "\n")
