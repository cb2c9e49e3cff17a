"""Writes the reference into a folder, `docs/reference` unless another is named."""

import sys
from pathlib import Path

from analysis.reference.documents import documents


def main(arguments: list[str]) -> None:
    """Write every document that is not there yet or says something else."""
    folder = Path(arguments[0] if arguments else "docs/reference")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in documents().items():
        path = folder / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
