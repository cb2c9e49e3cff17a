"""Recorded exceptions and the pairs of them that a person would put in one group, or not."""

import json
import os
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
MOVED = 9  # lines that appear above what fails, as after an edit


class Corpus:
    """Occurrences and pairs of one language, written as `tests/data/grouping/LANGUAGE.jsonl`."""

    def __init__(self, language: str, wire_language: str) -> None:
        """`wire_language` is what telemetry.sdk.language says."""
        self.language = language
        self.wire_language = wire_language
        self.occurrences: dict[str, dict[str, str]] = {}
        self.pairs: list[dict[str, object]] = []

    def add(self, name: str, fields: list[str], source: str) -> None:
        """One exception: its type, its message and its stack as recorded."""
        self.occurrences[name] = {
            "id": f"{self.language}/{name}",
            "type": fields[0],
            "message": fields[1],
            "stacktrace": fields[2],
            "language": self.wire_language,
            "from": source,
        }

    def add_run(self, variant: str, printed: str, source: str) -> None:
        """Every exception a program printed: fields end with \\x1f, exceptions with \\x1e."""
        for record in printed.split("\x1e"):
            if record.strip():
                name, *fields = record.strip("\n").split("\x1f")
                self.add(f"{variant}/{name}", fields, source)

    def pair(self, one: str, other: str, same: bool, why: str) -> None:
        """Both must be recorded; one that is missing is a mistake in the list of pairs."""
        for name in (one, other):
            if name not in self.occurrences:
                raise SystemExit(f"{self.language}: no exception {name} was recorded")
        ids = [f"{self.language}/{one}", f"{self.language}/{other}"]
        self.pairs.append({"pair": ids, "same": same, "why": why})

    def write(self, folder: Path) -> None:
        """Only what a pair needs."""
        used = {name for pair in self.pairs for name in pair["pair"]}  # type: ignore[attr-defined]
        rows = [row for row in self.occurrences.values() if row["id"] in used]
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in [*rows, *self.pairs])
        (folder / f"{self.language}.jsonl").write_text(text, encoding="utf-8")
        same = sum(bool(pair["same"]) for pair in self.pairs)
        print(f"{self.language}: {len(rows)} exceptions, {same} same, {len(self.pairs) - same} not")


def copied(name: str, root: Path, folder: str, extra: str = "", moved: bool = False) -> Path:
    """A copy of a program under `root`, with lines and a closure more where it says MOVE, EXTRA."""
    place = root / folder.lstrip("/")
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(HERE / name, place)
    for path in place.rglob("*.*"):
        if path.is_file():
            lines = path.read_text("utf-8").splitlines()
            path.write_text("\n".join(edited(line, extra, moved) for line in lines) + "\n", "utf-8")
    return place


def edited(line: str, extra: str, moved: bool) -> str:
    """The line, or what an edit put in its place."""
    mark = line.strip().lstrip("#/%")
    if mark == "MOVE":
        return "\n" * MOVED if moved else ""
    if mark == "EXTRA":
        return extra if moved else ""
    return line


def run(words: list[str], cwd: Path, root: Path, **settings: str) -> str:
    """What a command prints, with paths as if `root` were the root of the machine."""
    done = subprocess.run(
        words, cwd=cwd, env={**os.environ, **settings}, capture_output=True, check=False
    )
    if done.returncode:
        raise SystemExit((done.stdout + done.stderr)[-2000:].decode(errors="replace"))
    return done.stdout.decode(errors="replace").replace(str(root), "").replace("\r\n", "\n")
