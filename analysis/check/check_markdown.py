"""A check as Markdown that pastes into GitHub and the like, in the order of the terminal's."""

from analysis.check.lines import Said, line
from analysis.check.markdown_lines import items_markdown, line_markdown, words_markdown
from analysis.check.sections import REASONS_FIRST, name_words, sections
from analysis.check.verdict_words import VERDICT_WORDS, to_do
from analysis.report.document import Document
from analysis.verdict.check import Check


def check_markdown(check: Check) -> str:
    """The whole check."""
    document = Document()
    name = words_markdown(name_words(check))
    document.heading(2, f"{VERDICT_WORDS[check.verdict].title}: {name}")
    document.paragraph(f"**Gate: {check.gate}.**", line_markdown(to_do(check)))
    if check.reasons:
        document.bullets(line_markdown(line(Said(one))) for one in check.reasons[:REASONS_FIRST])
    for section in sections(check):
        document.heading(3, section.title)
        document.bullets(items_markdown(section.lines))
    return document.text()
