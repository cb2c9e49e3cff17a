"""An incident as Markdown that pastes into GitHub and the like, in the order of the terminal's.

Text that came with telemetry stays text in it: no link, no mention, no HTML.
"""

from analysis.check.lines import Line, Said, Sent, Typed, Word
from analysis.check.markdown_lines import prose
from analysis.formats.markdown_text import code, inline
from analysis.incident.incident import Incident
from analysis.incident.incident_lines import headline, sections
from analysis.report.document import Document
from analysis.safe_text import shortened

_NAME_LENGTH_MAX = 200
_SENTENCE_LENGTH_MAX = 600


def incident_markdown(incident: Incident) -> str:
    """The whole incident."""
    document = Document()
    document.heading(2, _text(headline(incident)))
    for section in sections(incident):
        document.heading(3, section.title)
        items: list[str] = []
        for one in section.lines:
            if one.below and items:
                items[-1] += f"\n  - {_text(one)}"
            else:
                items.append(_text(one))
        document.bullets(items)
    return document.text()


def _text(one: Line) -> str:
    return "".join(_marked(word, first=at == 0) for at, word in enumerate(one.words))


def _marked(word: Word, *, first: bool) -> str:
    match word:
        case Sent(text):
            return inline(shortened(text, _NAME_LENGTH_MAX)) if text else "(none)"
        case Said(text):
            return prose(shortened(text, _SENTENCE_LENGTH_MAX), starts_line=first)
        case Typed(text):
            return code(text)
        case _:
            return word
