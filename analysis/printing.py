"""Rich's tables and texts as plain strings, with colours only when asked for.

What is printed is never taken for markup, so text from a span cannot style or link anything.
"""

import io

from rich.console import Console, RenderableType


def printed(*renderables: RenderableType, width: int, colour: bool = False) -> str:
    """The renderables as text, each line without trailing blanks and ended by a line feed."""
    console = Console(
        file=io.StringIO(),
        width=width,
        force_terminal=colour,
        color_system="standard" if colour else None,
        legacy_windows=False,
        highlight=False,
        markup=False,
        emoji=False,
    )
    with console.capture() as captured:
        console.print(*renderables, sep="\n", soft_wrap=False)
    return "".join(f"{line.rstrip()}\n" for line in captured.get().splitlines())
