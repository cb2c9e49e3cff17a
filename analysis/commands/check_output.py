"""How a check comes out: on standard output, in files, and for the next steps of a pipeline."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from analysis.exit_code import CommandFailed

if TYPE_CHECKING:
    from analysis.verdict.check import Check

FORMATS = ("table", "json", "markdown", "github", "junit", "codequality", "dotenv")
_WIDTH_PIPED = 80


@dataclass(frozen=True, slots=True)
class CheckFile:
    """A file and the format of the check in it."""

    form: str
    path: Path

    def clear(self) -> None:
        """Removes what an earlier run left: without a verdict it must not look like this one's."""
        if self.path.is_file() and not self._is_stream:
            try:
                self.path.resolve().unlink()  # a link stays, and is written through
            except OSError as error:
                raise CommandFailed(f"cannot write {self.path}: {error.strerror}.") from None

    @property
    def _is_stream(self) -> bool:
        """Whether it is `/dev/stdout` or the like, which somebody else opened."""
        system = self.path.absolute().parts[1:2] in (("dev",), ("proc",))
        return system and self.path.is_symlink()

    def write(self, check: "Check") -> None:
        """Writes the check; raises CommandFailed."""
        from analysis.check.check_text import check_text
        from analysis.printing import printed

        text = (
            printed(*check_text(check), width=_WIDTH_PIPED, colour=False)
            if self.form == "table"
            else rendered(check, self.form)
        )
        try:
            self.path.write_text(text, encoding="utf-8", errors="replace")
        except OSError as error:
            raise CommandFailed(f"cannot write {self.path}: {error.strerror}.") from None


def as_files(
    _context: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[CheckFile, ...]:
    """`FORMAT=FILE`, each; raises BadParameter, also for a folder that is not there."""
    files = []
    for value in values:
        form, equals, name = value.partition("=")
        path = Path(name).expanduser()
        if form not in FORMATS or not equals or not name:
            choices = ", ".join(FORMATS)
            raise click.BadParameter(
                f"{value!r} is not FORMAT=FILE, with one of the formats {choices}.", param=parameter
            )
        if path.is_dir() or not path.parent.is_dir():
            what = "is a folder" if path.is_dir() else "is in a folder that does not exist"
            raise click.BadParameter(f"{name!r} {what}.", param=parameter)
        files.append(CheckFile(form, path))
    return tuple(files)


def rendered(check: "Check", form: str) -> str:
    """The check in this format, for standard output."""
    if form == "json":
        from analysis.check.check_json import check_document, document_text

        return document_text(check_document(check))
    if form == "markdown":
        from analysis.check.check_markdown import check_markdown

        return check_markdown(check)
    if form == "junit":
        from analysis.check.junit_xml import junit_xml

        return junit_xml(check)
    if form == "codequality":
        from analysis.check.code_quality import code_quality

        return code_quality(check)
    if form == "dotenv":
        from analysis.check.dotenv import dotenv

        return dotenv(check)
    text = _text(check)
    if form == "github":
        from analysis.check.github_commands import github_log

        return github_log(check, text)
    return text


def leave_for_github(check: "Check") -> None:
    """The summary and the outputs of a step of GitHub Actions; raises CommandFailed."""
    from analysis.check.check_markdown import check_markdown
    from analysis.check.github_files import write_github_files

    try:
        write_github_files(check, check_markdown(check), os.environ)
    except OSError as error:
        raise CommandFailed(f"cannot write {error.filename}: {error.strerror}.") from None


def told_in_log(text: str, form: str) -> str:
    """A line on standard error; in a GitHub workflow the runner reads that too."""
    if form != "github":
        return text

    from analysis.check.github_commands import defused

    return defused(text)


def _text(check: "Check") -> str:
    from analysis.check.check_text import check_text
    from analysis.printing import printed
    from analysis.terminal import stdout_colour, stdout_width

    width = stdout_width() or _WIDTH_PIPED
    return printed(*check_text(check), width=width, colour=stdout_colour())
