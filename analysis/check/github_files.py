"""What a check leaves for the next steps of a GitHub workflow: a summary, and outputs.

The runner names the files in GITHUB_STEP_SUMMARY and GITHUB_OUTPUT. (docs.github.com, workflow
commands: environment files.)
"""

import secrets
from collections.abc import Mapping
from pathlib import Path

from analysis.verdict.check import Check

# GitHub refuses the summary of a step that is larger.
SUMMARY_BYTES_MAX = 1024 * 1024
_CUT = "\n\n*The rest had no room in a summary of 1 MiB.*\n"


def write_github_files(check: Check, markdown: str, environ: Mapping[str, str]) -> None:
    """Append what each file that is named takes; raises OSError."""
    summary, outputs = environ.get("GITHUB_STEP_SUMMARY"), environ.get("GITHUB_OUTPUT")
    if summary:
        path = Path(summary)
        taken = path.stat().st_size if path.is_file() else 0
        _append(path, summary_that_fits(f"{markdown.rstrip()}\n", SUMMARY_BYTES_MAX - taken))
    if outputs:
        _append(Path(outputs), output_lines(check))


def summary_that_fits(markdown: str, bytes_max: int) -> str:
    """The text, cut after a line when it is larger; empty when there is no room to say so."""
    if len(markdown.encode()) <= bytes_max:
        return markdown
    room = bytes_max - len(_CUT.encode())
    if room <= 0:
        return ""
    whole, _newline, _rest = markdown.encode()[:room].rpartition(b"\n")
    return whole.decode(errors="ignore") + _CUT


def output_lines(check: Check) -> str:
    """`gate`, `verdict` and `reasons`, a line for each; nobody can guess what ends the last."""
    delimiter = f"deploylens-{secrets.token_hex(16)}"
    reasons = "\n".join(" ".join(reason.split()) for reason in check.reasons)
    return (
        f"gate={check.gate}\nverdict={check.verdict}\n"
        f"reasons<<{delimiter}\n{reasons}\n{delimiter}\n"
    )


def _append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8", errors="replace") as file:
        file.write(text)
