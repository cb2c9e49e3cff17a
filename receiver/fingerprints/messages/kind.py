"""An exception's message without what differs from one occurrence to the next.

Every value becomes the same `<*>`, so that an id which happens to be all digits and one which is
not give one message. Names stay: hosts, keys, columns, classes, settings; a missing `DATABASE_URL`
is not a missing `city`. The rules are our own, made from messages that runtimes, drivers, servers
and the OpenTelemetry demo produce.
"""

import re
from dataclasses import dataclass

from receiver.fingerprints.messages.lines import message_lines
from receiver.fingerprints.messages.payloads import without_payloads
from receiver.fingerprints.messages.quotations import without_quoted_values
from receiver.fingerprints.messages.substitution import VALUE, Replaced, Rule, Trace
from receiver.fingerprints.messages.values import MONTH, UNIT, without_formed_values
from receiver.fingerprints.messages.wordings import has_telling_words, without_worded_values

__all__ = ["VALUE", "Parameterized", "Replaced", "explain", "parameterize"]

TEXT_LENGTH_MAX = 4096
MESSAGE_LENGTH_MAX = 1000
PASSES_MAX = 30

# Between values only words, which no rule takes for more once the values are gone.
PLAIN = re.compile(
    r"""(?:[A-Za-z ,;()_'"]++|[.:](?![</:])|(?<=[a-z])-(?=[a-z])
        |<\*>(?![ ]?[A-Z]|[a-z.]|:(?![ ][A-Za-z])|[ ,;:./+_-]{0,3}<\*>))*+""",
    re.VERBOSE,
)
# The longest text in which every rule sees the whole of what it looks at.
SHORT_LENGTH_MAX = 200
LONG_NUMBER = Rule(
    "a long number",
    r"""[0-9] (?<![^\s('"=:\#\[<].) [0-9]{5,}+ (?= [\s)'"\],;>] | [.:!?](?:\s|\Z) | \Z )""",
)
COUNTED = r"(?:[a-z]{1,20}-)?(?:error|exception|issue|problem|item|row|record)"
PLURAL = Rule(
    "one or many",
    rf"(<\*>[ ](?:(?!{COUNTED}s?[ ])[a-z-]+[ ])?{COUNTED})s\b",
    r"\1",
)


@dataclass(frozen=True, slots=True)
class Parameterized:
    """A message's kind, and what was replaced to get it, in the order of the rules."""

    text: str
    replaced: tuple[Replaced, ...]


def parameterize(message: str) -> str:
    """The kind of a message: what is left of it when each value is `<*>`.

    Replaced: numbers, dates, times, durations, addresses, uuids, hex, random-looking words, e-mail
    addresses, ids in paths, the values of a query, of an SQL statement and of an object that is
    written out, and text announced as a value. Kept: words of letters with up to two digits
    (`ts-travel2-service`); scheme, host and path of a URL, because another host is another problem;
    status codes and error numbers; names of the code. Of many lines eight distinct ones count.
    Parameterizing twice changes nothing more.
    """
    return _fixed(message, None)


def without_long_numbers(message: str, trace: Trace = None) -> str:
    """The part of a message that is read, without numbers of six digits or more that stand alone.

    Such a number is a value whatever its digits are; status codes and error numbers are shorter.
    It goes before any other rule looks, so messages that differ in nothing else are one text.
    """
    return LONG_NUMBER.apply(message[:TEXT_LENGTH_MAX], trace)


def explain(message: str) -> Parameterized:
    """What `parameterize` makes of a message, and every piece that it replaced, with the reason."""
    trace: list[Replaced] = []
    text = _fixed(message, trace)
    return Parameterized(text, tuple(trace))


def _fixed(message: str, trace: Trace) -> str:
    """The message after passes until one changes nothing; a value may show once another is gone."""
    text, may_be_last = _pass(without_long_numbers(message, trace), trace)
    if text == message:
        return text
    if (
        may_be_last
        and len(message) <= SHORT_LENGTH_MAX
        and PLAIN.fullmatch(text)
        and not MONTH.search(text)
    ):
        return text
    for _ in range(PASSES_MAX):
        before = text
        text, _ = _pass(text, trace)
        if text == before:
            return text
    if trace is not None:
        trace.append(Replaced(text, "a text made so that each value hides another"))
    return VALUE


def _pass(text: str, trace: Trace) -> tuple[str, bool]:
    """The text after every rule, and whether what was quoted calls for no other pass."""
    if "{" in text or "[" in text or "=" in text:
        text = without_payloads(text, trace)
    text = message_lines(text)
    words = text.split()
    if has_telling_words(text, words):
        text = without_worded_values(text, trace)
    text = without_formed_values(text, words, trace)
    unquoted = text
    if "'" in text or '"' in text or "`" in text or not text.isascii():
        unquoted = without_quoted_values(text, trace)
    settled = unquoted == text or not (
        "'" in unquoted or '"' in unquoted or " (<*>)" in unquoted or UNIT.found_in(unquoted)
    )
    kept = PLURAL.apply(unquoted, trace) if "s" in unquoted and VALUE in unquoted else unquoted
    return (kept if len(kept) <= MESSAGE_LENGTH_MAX else _cut(kept)), settled


def _cut(text: str) -> str:
    """The beginning up to a space; a text so long without a space is one value."""
    return text[:MESSAGE_LENGTH_MAX].rpartition(" ")[0].rstrip() or VALUE
