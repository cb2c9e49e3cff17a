"""How wide text is in a terminal, where some letters take two columns and some none."""

from rich.cells import cell_len, chop_cells


def text_width(text: str) -> int:
    """The columns that the text takes."""
    return len(text) if text.isascii() else cell_len(text)


def padded(text: str, width: int, right: bool = False) -> str:
    """The text with blanks after it, or before it when it stands to the right."""
    blanks = " " * max(0, width - text_width(text))
    return blanks + text if right else text + blanks


def wrapped(text: str, width: int) -> list[str]:
    """The text in lines no wider than that, broken at blanks, and within words that are wider."""
    if text_width(text) <= width:
        return [text]
    lines = [""]
    for word in text.split(" "):
        if text_width(f"{lines[-1]} {word}") <= width:
            lines[-1] = f"{lines[-1]} {word}" if lines[-1] else word
        else:
            lines += chop_cells(word, width)
    return [line for line in lines if line] or [""]
