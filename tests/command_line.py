"""The real command line in this process: what it printed, what it said, how it ended."""

import io
import os
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from analysis.__main__ import run


@dataclass(frozen=True, slots=True)
class Ended:
    """The end of a command."""

    code: int
    out: str
    err: str


def deploylens(
    *arguments: str | Path,
    store: Path | None = None,
    here: Path | None = None,
    environ: dict[str, str] | None = None,
) -> Ended:
    """Run a command in `here`, with no settings but those given."""
    out, err = io.StringIO(), io.StringIO()
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DEPLOYLENS")}
    clean.pop("COLUMNS", None)
    home = {"XDG_CONFIG_HOME": str((here or Path("/")) / "no-such-folder")}
    given = [str(argument) for argument in arguments]
    if store is not None:
        given += ["--store", str(store)]
    with (
        patch.dict(os.environ, {**clean, **home, **(environ or {})}, clear=True),
        chdir(here or Path.cwd()),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        code = run(given)
    return Ended(int(code), out.getvalue(), err.getvalue())
