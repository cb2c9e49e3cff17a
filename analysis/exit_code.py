"""How an invocation ends: the exit codes of the command line, and which error leads to which.

10 and 11 are those of gates; no error may ever end with them, so a crash never looks like a
verdict.
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """What a script reads from the end of a command."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NO_STORE = 3
    TIMEOUT = 4
    GATE_FAIL = 10
    GATE_UNDECIDED = 11
    INTERRUPTED = 130


class CommandFailed(Exception):
    """The command ran and could not do what was asked; the message is for the person who asked."""


class UsageRefused(Exception):
    """What was asked for makes no sense or is not allowed; the message says what would be."""


class OutputClosed(Exception):
    """Who reads standard output has seen enough, as `head` has; that is no failure."""


def exit_code_of(error: BaseException) -> ExitCode | None:
    """The exit code of an expected error, None for one that nobody expected."""
    try:
        table = _table()
    except ImportError:  # an installation that misses a package
        return None
    for error_class, code in table:
        if isinstance(error, error_class):
            return code
    return None


def _table() -> tuple[tuple[type[BaseException], ExitCode], ...]:
    """The one table, the more special first. Loaded with the first error, for it needs DuckDB."""
    from analysis.catalog import QueryFolderError, QueryHeaderError, QueryNameError
    from analysis.parameters import ParameterError
    from analysis.query_error import QueryError, QueryTimeout
    from analysis.settings import ConfigurationError
    from receiver.errors import AddressInUse, CredentialsUnusable, ReceiverError
    from receiver.storage.store import StoreError

    return (
        (KeyboardInterrupt, ExitCode.INTERRUPTED),
        (QueryTimeout, ExitCode.TIMEOUT),
        (QueryError, ExitCode.FAILED),
        (UsageRefused, ExitCode.USAGE),
        (ConfigurationError, ExitCode.USAGE),
        (ParameterError, ExitCode.USAGE),
        (QueryNameError, ExitCode.USAGE),
        (QueryHeaderError, ExitCode.USAGE),
        (QueryFolderError, ExitCode.USAGE),
        (StoreError, ExitCode.NO_STORE),
        (AddressInUse, ExitCode.NO_STORE),
        (CredentialsUnusable, ExitCode.USAGE),
        (ReceiverError, ExitCode.FAILED),
        (CommandFailed, ExitCode.FAILED),
        (OSError, ExitCode.FAILED),
    )
