"""The entry point of the command line: runs a command and turns every error into words and an exit
code."""

import io
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

import click

from analysis.commands.program import program
from analysis.exit_code import ExitCode, OutputClosed, exit_code_of
from analysis.safe_text import shown_lines


def main() -> None:
    """Run the command line of this process and exit."""
    _open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # what the terminal has no letter for is escaped
            stream.reconfigure(errors="backslashreplace")
    interrupt = Interrupt()
    signal.signal(signal.SIGINT, interrupt)
    code = run(sys.argv[1:], interrupt)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _drop_stdout()
    sys.exit(code)


class Interrupt:
    """The handler of Ctrl-C, which remembers: DuckDB turns KeyboardInterrupt into another error."""

    def __init__(self) -> None:
        """Nothing has been pressed yet."""
        self.seen = False

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        """Stop what the main thread does."""
        self.seen = True
        raise KeyboardInterrupt


def run(arguments: Sequence[str], interrupt: Interrupt | None = None) -> int:
    """Run one command; returns its exit code. Errors are told on standard error."""
    debug = "--debug" in arguments or bool(os.environ.get("DEPLOYLENS_DEBUG"))
    try:
        code = program.main(list(arguments), prog_name="deploylens", standalone_mode=False)
        return code if isinstance(code, int) else ExitCode.DONE
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return _tell_interrupted()
    except OutputClosed:
        _drop_stdout()
        return ExitCode.DONE
    except Exception as error:  # the one edge where errors become words
        if interrupt is not None and interrupt.seen:
            return _tell_interrupted()
        return _tell(error, debug)


def _open_closed_streams() -> None:
    """Put nothing where a standard stream was closed (`>&-`), so that no file takes its number."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            mode = "r" if number == 0 else "w"
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))


def _tell_interrupted() -> int:
    click.echo("Interrupted.", err=True)
    return ExitCode.INTERRUPTED


def _tell(error: Exception, debug: bool) -> int:
    if debug:
        import traceback

        click.echo(shown_lines(traceback.format_exc()), err=True)
    code = exit_code_of(error)
    if code is None:
        click.echo(
            f"Error: deploylens itself failed: {type(error).__name__}: {shown_lines(str(error))}\n"
            "This is a bug. With --debug it shows where; please report that.",
            err=True,
        )
        return ExitCode.FAILED
    click.echo(_for_log(f"Error: {shown_lines(_message(error))}"), err=True)
    return code


def _for_log(text: str) -> str:
    """The text; where GitHub's runner reads the log, without what it would take for a command."""
    if os.environ.get("GITHUB_ACTIONS") != "true":
        return text

    from analysis.check.github_commands import defused

    return defused(text)


def _message(error: Exception) -> str:
    """The error in words; the system's own names the file first."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}."
    return str(error)


def _drop_stdout() -> None:
    """Send what is still buffered nowhere, so that Python does not complain at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
