"""One look at a deployment on one line, for a log."""

from dataclasses import dataclass

from analysis.check.looks import Look
from analysis.check.verdict_words import VERDICT_WORDS, needed_text
from analysis.safe_text import shortened, shown
from analysis.verdict.check import Check

_LENGTH_MAX = 200


@dataclass(frozen=True, slots=True)
class LookText:
    """A line, and what it says without the figures that change with every request."""

    key: str
    text: str


def look_text(look: Look) -> LookText:
    """The verdict and the strongest reason; or why there is none yet."""
    if look.check is None:
        trouble = shortened(shown(str(look.trouble).partition("\n")[0]), _LENGTH_MAX)
        return LookText(trouble, f"NO ANSWER YET  {trouble}")
    check = look.check
    told = VERDICT_WORDS[check.verdict].title
    reason = shortened(shown(check.reasons[0]), _LENGTH_MAX) if check.reasons else ""
    missing = needed_text(check.needed)
    text = "  ".join(part for part in (told, reason, missing) if part)
    return LookText(_key(check), text if text.endswith((".", "!", "?")) else f"{text}.")


def _key(check: Check) -> str:
    found = sorted({f"{one.kind} {one.endpoint}" for one in check.findings})
    return " ".join((check.verdict, *found))
