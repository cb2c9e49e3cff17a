"""A sentence of ours with its names replaced, and everything unknown taken out of it."""

import re
from collections.abc import Iterable, Mapping

from analysis.report.own_words import own_words
from analysis.safe_text import shortened, shown

REMOVED = "(removed)"
# The lengths to which sentences cut the names that they quote.
_CUT_LENGTHS = (80, 120, 160, 200)
_NAME_LENGTH_MAX = 400
_OPENING, _CLOSING = "([{<\"'‘", ")]}>\"'’,.:;?!…"
_QUOTED = re.compile("“[^”]*”?")
_NUMBER = re.compile(
    r"[+-]?(\d{1,3}(,\d{3})+|\d{1,6})(\.\d{1,6})?(e[+-]?\d{1,3})?(%|th|ms|s|h|min)?", re.ASCII
)
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)?T?(\d\d:\d\d(:\d\d(\.\d{1,9})?)?)?Z?", re.ASCII)
_LETTERS = re.compile(r"[^\W\d_]+")
# Stand for a name that was replaced, so that no later rule looks into it.
_MARK, _END = "\ue000", "\ue001"
_MARKED = re.compile(f"{_MARK}(\\d+){_END}")


class RedactedText:
    """Knows every name of a report and what it is called."""

    def __init__(self, called: Mapping[str, str]) -> None:
        """`called` maps names to what stands for them; a name may stand for itself."""
        forms = {form: new for name, new in called.items() for form in _forms(name)}
        self._new = list(forms.values())
        self._at = {form: index for index, form in enumerate(forms)}
        ordered = sorted(self._at, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(_bounded, ordered))) if ordered else None

    def of(self, text: str) -> str:
        """The sentence as it may leave."""
        text = _QUOTED.sub(REMOVED, text.replace(_MARK, "?").replace(_END, "?"))
        if self._pattern is not None:
            text = self._pattern.sub(lambda found: f"{_MARK}{self._at[found[0]]}{_END}", text)
        words = ["".join(_word(word)) for word in text.split(" ")]
        kept = [w for at, w in enumerate(words) if w != REMOVED or at == 0 or words[at - 1] != w]
        return _MARKED.sub(lambda found: self._new[int(found[1])], " ".join(kept))


def _forms(name: str) -> Iterable[str]:
    """The name as sentences write it; none of a short number, which says nothing."""
    if not any(c.isalpha() for c in name) and len(name) < 4:
        return ()
    safe = shown(name[: 2 * _NAME_LENGTH_MAX])
    return {safe[:_NAME_LENGTH_MAX], *(shortened(safe, length) for length in _CUT_LENGTHS)} - {""}


def _bounded(name: str) -> str:
    before = r"(?<!\w)" if name[0].isalnum() else ""
    after = r"(?!\w)" if name[-1].isalnum() else ""
    return f"{before}{re.escape(name)}{after}"


def _word(word: str) -> Iterable[str]:
    """A word when it is ours, a number, a time or stands for a name; else that it was removed."""
    bare = word.lstrip(_OPENING)
    opening = word[: len(word) - len(bare)]
    core = bare.rstrip(_CLOSING)
    parts = _MARKED.sub("", core).split("@")
    if core == REMOVED.strip("()") or all(map(_is_ours, parts)):
        return (word,)
    return opening.replace("(", ""), REMOVED, bare[len(core) :].replace(")", "")


def _is_ours(core: str) -> bool:
    if _NUMBER.fullmatch(core) or _TIME.fullmatch(core):
        return True
    if any(c.isdigit() for c in core):
        return False
    words = own_words()
    return all(found.lower() in words for found in _LETTERS.findall(core)) and core.isprintable()
