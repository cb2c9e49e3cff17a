"""Every document of the reference by the name of its file."""

from analysis.reference.command_line import command_line
from analysis.reference.saved_queries import saved_queries
from analysis.reference.settings_document import settings_document


def documents() -> dict[str, str]:
    """The documents as Markdown; the same program makes the same bytes."""
    return {
        "command-line.md": command_line(),
        "queries.md": saved_queries(),
        "settings.md": settings_document(),
    }
