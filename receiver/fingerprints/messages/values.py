"""Values that show by their form: numbers, times, addresses, ids, hashes, tokens."""

import re

from receiver.fingerprints.messages.announcements import announces
from receiver.fingerprints.messages.paths import (
    CAPITALS,
    DIGITS,
    PATH,
    RANDOM_LENGTH_MIN,
    RUNS,
    URL,
    is_random,
)
from receiver.fingerprints.messages.substitution import AFTER, VALUE, Rule, Trace

# Possessive quantifiers, and a boundary where a match may begin: no text makes a pattern look at a
# character more than a few times.
START = r"(?<![A-Za-z0-9])"
END = r"(?![A-Za-z0-9])"
MONTH = re.compile("Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec")
HEX = re.compile(r"[0-9a-f]{7,}+|[0-9A-F]{7,}+")
MIXED_HEX = re.compile(r"(?=.{4})[a-f]++[0-9]++[a-f][0-9a-f]*+")
MIXED = re.compile(r"(?=.*[a-z])(?=.*[A-Z])")

# A number that follows one of these words is a kind of failure: three digits at most, or five. The
# word is of letters only (statusCode, HTTP), so that it is still there when the values are gone.
CODE_3 = (
    *("status", "code", "exit", "signal", "base", "returned", "replied", "answered", "responded"),
    *("responded with", "http", "http/", "http/1.0", "http/1.1", "http/2", "http/3", "http/2.0"),
)
CODE_5 = ("errno", "sqlstate", "error code", "error")
CODE_WINDOW = 24
CODE_SEPARATORS = " :=#('\"[-"
# RFC 9110: the number stands before its phrase, 404 Not Found; so do requests' "404 Client Error".
REASON = re.compile(
    r"[ ](?:Bad Request|Unauthorized|Payment Required|Forbidden|Not Found|Method Not Allowed"
    r"|Not Acceptable|Request Timeout|Conflict|Gone|Payload Too Large|Content Too Large"
    r"|Unprocessable|Locked|Too Many Requests|Internal Server Error|Not Implemented|Bad Gateway"
    r"|Service Unavailable|Gateway Time|Client Error|Server Error)"
)
# E11000, NG0100, TS2345, HV000116: at the beginning of a line, or before what it means.
ERROR_CODE = re.compile(r"[A-Z]{1,6}[0-9]{3,6}")


def without_formed_values(text: str, words: list[str], trace: Trace) -> str:
    """The text with every value replaced that shows by its form.

    `words` is the text, or what it was before some values were replaced, split at spaces.
    """
    if "/" in text:
        if "://" in text:
            text = URL.apply(text, trace)
        text = PATH.apply(text, trace)
    if "@" in text:
        text = IDENTITY.apply(EMAIL.apply(text, trace), trace)
    if "eyJ" in text:
        text = JSON_WEB_TOKEN.apply(text, trace)
    if ")=(" in text:
        text = KEY_VALUE.apply(text, trace)
    numbers = DIGITS.search(text)
    if numbers and "-" in text:
        text = SHORT_ID.apply(POD.apply(UUID.apply(text, trace), trace), trace)
    if max(map(len, words), default=0) >= RANDOM_LENGTH_MIN:
        text = BLOB.apply(text, trace)
    if numbers:
        if text.count(":") > 1:
            text = COLONS.apply(text, trace)
        if "+" in text or "**" in text:
            text = CARD.apply(PHONE.apply(text, trace), trace)
        text = WORD.apply(text, trace)
    if VALUE in text:
        if MONTH.search(text):
            text = DATE.apply(text, trace)
        rows = ROW.apply(text, trace)
        text = SIGN.apply(UNIT.apply(rows, trace), trace)
        if text != rows:
            text = ROW.apply(text, trace)
        if "]:<*>" in text:
            text = PORT.apply(text, trace)
        if ": True" in text or ": False" in text:
            text = TRUTH.apply(text, trace)
        if "(<*>)" in text:
            text = ROW.apply(UNIT.apply(text.replace(" (<*>)", " <*>"), trace), trace)
        if "-<*>" in text:
            text = SHORT_PREFIX.apply(PREFIX.apply(text, trace), trace)
    return text.replace(" []", " [<*>]") if " []" in text else text


def _blob(match: re.Match[str]) -> str:
    """A long word without a space: base64, a nanoid, a token, or a long name."""
    word = match[0]
    if len(word) >= 32 or DIGITS.search(word):
        return VALUE if is_random(word) else word
    return VALUE if len(RUNS.findall(word)) > 0.45 * len(word) and MIXED.match(word) else word


def _word(match: re.Match[str]) -> str:
    """A word that holds a digit: an error code, a name with a number, or a value."""
    word, text, start = match[0], match.string, match.start()
    if " " in word:
        return VALUE
    if len(word) <= 5 and _is_code(word, text, start):
        return word
    if "0" <= word[0] <= "9":
        if len(word) == 3 and REASON.match(text, match.end()):
            return word
        if len(word) == 5 and text[start - 4 : start] == "ORA-":
            return word
        return VALUE
    if ERROR_CODE.fullmatch(word) and _is_headline(text, start, match.end()):
        return word
    digits = len(DIGITS.findall(word))
    made = (
        digits > 2
        or CAPITALS.fullmatch(word)
        or ((digits > 1 or len(word) >= 8) and HEX.fullmatch(word))
        or (digits > 1 and MIXED_HEX.fullmatch(word))
    )
    return VALUE if made or (len(word) >= 10 and is_random(word)) else word


def _is_headline(text: str, start: int, end: int) -> bool:
    return not start or text[start - 1] in "\n([" or text.startswith(": ", end)


def _is_code(word: str, text: str, start: int) -> bool:
    """Whether a short word with a digit follows "status", "errno" and the like."""
    before = text[max(0, start - CODE_WINDOW) : start].lower()
    ahead = before.rstrip(CODE_SEPARATORS)
    between = before[len(ahead) :]
    if len(between) > 3:
        return False
    if len(word) <= 3 and ahead.endswith(CODE_3):
        return True
    return ahead.endswith(CODE_5) and ":" not in between


def _prefixed(match: re.Match[str]) -> str:
    """The prefix of a number belongs to it: order ORD-17."""
    return match[1] + VALUE if announces(match[2]) else match[0]


def _date(match: re.Match[str]) -> str:
    return VALUE if match[1] else match[0]


EMAIL = Rule(
    "an e-mail address",
    r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]++@[A-Za-z0-9-]++(?:\.[A-Za-z0-9-]++)++",
)
# java.lang.Object.toString: the class and the identity hash code.
IDENTITY = Rule("the identity of a Java object", r"(?<=[A-Za-z0-9\])])@[0-9a-f]{1,8}" + END, "@<*>")
UUID = Rule("a UUID", START + r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}" + END)
POD = Rule(
    "the generated part of a Kubernetes pod's name",
    r"-(?<=[a-z0-9]-)(?=[a-z]*+[0-9][a-z]*+[0-9])[a-z0-9]{6,10}-[a-z0-9]{5}(?![A-Za-z0-9-])",
    "-<*>",
)
SHORT_ID = Rule(
    "a hexadecimal id in parts",
    r"(?<![A-Za-z0-9-])(?=[a-f]{0,12}+[0-9])[0-9a-f]{4,12}+"
    r"(?:-(?=[a-f]{0,12}+[0-9])[0-9a-f]{1,12}+)++(?![A-Za-z0-9-])",
)
# Cafe::Bean has no digit.
COLONS = Rule(
    "an IPv6 or MAC address, or a time",
    r"(?<![A-Za-z0-9:>])(?=[A-Fa-f:]*+[0-9])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{1,4}"
    r"(?![A-Za-z0-9:])",
)
JSON_WEB_TOKEN = Rule("a JSON web token", START + r"eyJ[A-Za-z0-9_.-]++")
BLOB = Rule("a random-looking word", START + r"[A-Za-z0-9+/_=-]{16,}+", _blob)
PHONE = Rule("a telephone number", START + r"\+[0-9][0-9 ()/.-]{5,18}[0-9]" + END)
CARD = Rule("a masked number", r"\*{3,}+(?:[ ]\*{2,}+)*+[ ]?[0-9]{4}" + END)
# An IBAN, or a word with a digit; 1,000 and 10.0.0.1 and 1e-05 are one.
WORD = Rule(
    "a number or an id",
    START
    + r"(?:[A-Z]{2}[0-9]{2}(?:[ ][A-Z0-9]{4}){2,7}(?:[ ][A-Z0-9]{1,3})?"
    + END
    + r"|[A-Za-z]*+[0-9](?:[A-Za-z0-9µ]|(?<=[0-9])[.,](?=[0-9])|(?<=[0-9]e)[+-](?=[0-9]))*+)",
    _word,
)
# PostgreSQL names the column and the value: Key (email)=(ann@example.com) already exists.
KEY_VALUE = Rule("the key of a row", r"(?<=\)=\()[^()\n]++(?=\))")
# Dates with names, after their numbers became values: "Tue, <*> Jan <*>", "January <*>".
DATE = Rule(
    "a date",
    r"""
    \b (?:
      (?: (?: Mon | Tues? | Wed(?:nes)? | Thu(?:rs)? | Fri | Sat(?:ur)? | Sun ) (?:day)? ,?+[ ] )?
      (?: <\*>[ /-] )?
      (?: Jan(?:uary)? | Feb(?:ruary)? | Mar(?:ch)? | Apr(?:il)? | May | June? | July?
        | Aug(?:ust)? | Sept? | September | Oct(?:ober)? | Nov(?:ember)? | Dec(?:ember)? ) [ /-]
    )++
    (<\*> (?: [,:]?+[ ]?<\*> )* )?  # optional: a row of months is read once
    """,
    _date,
)
# Values in a row are one: a date and its time, an address and its port, a list of any length.
ROW = Rule(
    "values in a row are one",
    r"""<\*> (?: [ ,;:./+_-]{0,3}<\*> | [ ](?:UTC|GMT|CET|CEST|PST|PDT|EST|EDT|AM|PM|am|pm)\b
               | [ ]m=[+-]?<\*> | (?<=>)Z\b )++""",
)
UNIT = Rule(
    "a unit of the number before it",
    r"""<\*>(?: [ ]?%
                 | [-+](?:rc|alpha|beta|build|dev|pre|SNAPSHOT|RELEASE)\b(?:[.]?<\*>)?
                 | \.[ ](?:[KMGTP]i?B)(?![A-Za-z])
                 | [ ]?(?:[KMGTP]i?B|[kKMGTP]?[Bb]ytes?|µs|ns|ms|s|sec|secs|min|mins
                 |(?:milli|micro|nano)?seconds?|minutes?|hours?|days?)(?![A-Za-z]) )++""",
)
SIGN = Rule("a sign of the number after it", r"[-+$€£#](?<![\w<>*%)\]].)[-+$€£#]?(?=<\*>)", "")
PORT = Rule("an IPv6 address and its port", r"(?<![\w\])])\[<\*>\]:<\*>")
TRUTH = Rule("a truth among numbers", r"(?<=>,[ ])(\w{1,30}+:[ ])(?:True|False)\b", AFTER)
SHORT_PREFIX = Rule("the prefix of a number", r"(?<=[ ])[A-Za-z]{1,2}-<\*>(?![\w.-])")
PREFIX = Rule("the prefix of a number", r"(([A-Za-z]{2,40}+)[ ]\#?)[A-Z]{1,8}-<\*>", _prefixed)
