"""A Markdown document that is written from top to bottom (GitHub Flavored Markdown, no HTML)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Document:
    """Blocks of a document. What goes in is Markdown; untrusted text is made safe before.

    `deeper` is by how many levels its headings are below what they are called with.
    """

    blocks: list[str] = field(default_factory=list)
    deeper: int = 0

    def heading(self, level: int, text: str) -> None:
        """A heading, 1 is the largest."""
        self.blocks.append(f"{'#' * (level + self.deeper)} {text}")

    def paragraph(self, *sentences: str) -> None:
        """Sentences in one paragraph; nothing when all are empty."""
        said = [sentence for sentence in sentences if sentence]
        if said:
            self.blocks.append(" ".join(said))

    def bullets(self, items: Iterable[str]) -> None:
        """A list."""
        self.blocks.append("\n".join(f"- {item}" for item in items))

    def table(self, header: str, rows: Iterable[Sequence[str]]) -> None:
        """A table. In the header `name | #count` a `#` marks numbers, which stand to the right."""
        names = [name.strip() for name in header.split("|")]
        ruler = ["--:" if name.startswith("#") else "---" for name in names]
        lines = [[name.removeprefix("#") for name in names], ruler, *rows]
        self.blocks.append("\n".join(f"| {' | '.join(cells)} |" for cells in lines))

    def blank(self, question: str) -> None:
        """Something that only people know, for them to fill in."""
        self.blocks.append(f"> **To fill in:** {question}")

    def text(self) -> str:
        """The whole document."""
        return "\n\n".join(self.blocks) + "\n"
