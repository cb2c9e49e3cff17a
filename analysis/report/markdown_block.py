"""Text that is Markdown already, told apart from text that has yet to be made safe."""

from analysis.report.document import Document


class Markdown(str):
    """Markdown that was written here, of which every untrusted part was made safe before."""

    __slots__ = ()


def block(document: Document) -> Markdown:
    """What the document holds, without a line break at its end; empty when it holds nothing."""
    return Markdown("\n\n".join(document.blocks))


def sentences(*said: str) -> Markdown:
    """One paragraph of the sentences that are not empty."""
    return Markdown(" ".join(sentence for sentence in said if sentence))
