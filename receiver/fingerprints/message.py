"""An exception's message without what differs from one occurrence to the next.

Every value becomes the same `<*>`, so that an id which happens to be all digits and one which is
not give one message. Names stay: hosts, keys, columns, classes, settings; a missing `DATABASE_URL`
is not a missing `city`. The rules are our own, made from messages that runtimes, drivers and the
OpenTelemetry demo produce.
"""

import re

TEXT_LENGTH_MAX = 4096
MESSAGE_LENGTH_MAX = 1000
LINES = 2

VALUE = "<*>"

# Possessive quantifiers, and a boundary where a match may begin: no text makes a pattern look at a
# character more than a few times.
WORD_BOUNDARY = r"(?<![A-Za-z0-9])"
URL = re.compile(r"(?<![A-Za-z0-9+.-])([A-Za-z][A-Za-z0-9+.-]*+://)([^\s<>\"'`,;|\\^{}()\[\]]++)")
PATH = re.compile(r"(?<![^\s=<\"'`,;|\\^{}()\[\]])/[^\s<>\"'`,;|\\^{}()\[\]]++")
PARAMETER_NAME = re.compile(r"[A-Za-z_.-]*+")
EMAIL = re.compile(r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]++@[A-Za-z0-9-]++(?:\.[A-Za-z0-9-]++)++")
# java.lang.Object.toString: the class and the identity hash code.
IDENTITY = re.compile(r"(?<=[A-Za-z0-9\])])@[0-9a-f]{5,8}(?![A-Za-z0-9])")
UUID = re.compile(
    WORD_BOUNDARY + r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?![A-Za-z0-9])"
)
# IPv6 and MAC addresses and times of day; Cafe::Bean has no digit.
COLONS = re.compile(
    r"(?<![A-Za-z0-9:>])(?=[A-Fa-f:]*+[0-9])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{1,4}(?![A-Za-z0-9:])"
)
JSON_WEB_TOKEN = re.compile(WORD_BOUNDARY + r"eyJ[A-Za-z0-9_.-]++")
BLOB = re.compile(WORD_BOUNDARY + r"[A-Za-z0-9+/_=-]{32,}+")
# A word with a digit; 1,000 and 10.0.0.1 and 1e-05 are one.
WORD = re.compile(
    WORD_BOUNDARY
    + r"[A-Za-z]*+[0-9](?:[A-Za-z0-9]|(?<=[0-9])[.,](?=[0-9])|(?<=[0-9]e)[+-](?=[0-9]))*+"
)
# PostgreSQL names the column and the value: Key (email)=(ann@example.com) already exists.
KEY_VALUE = re.compile(r"(?<=\)=\()[^()\n]++(?=\))")
# What Python, Java, Go, V8, PostgreSQL and MySQL say before they quote what they could not read.
QUOTED = re.compile(
    r"""
    ( \b (?: with[ ]base[ ]<\*> | [Ff]or[ ]input[ ]string | string[ ]to[ ]float | time[ ]data
           | [Pp]arsing | [Uu]nexpected[ ]token | for[ ]type[ ][a-z ]{1,40}+ | Duplicate[ ]entry
           | Incorrect[ ][a-z]++[ ]value | Truncated[ ]incorrect[ ][A-Z]++[ ]value ) :?+[ ]
    | ,[ ] (?= "[^"\n]*+" (?:\.\.\.)? [ ]is[ ]not[ ]valid[ ]JSON )
    )
    (?: "[^"\n]*+" | '[^'\n]*+' ) (?! [ ]?[:=#('"\[ -]{0,3}[0-9] )  # a code may need its word
    """,
    re.VERBOSE,
)
# Dates with names, after their numbers became values: "Tue, <*> Jan <*>", "January <*>".
DATE = re.compile(
    r"""
    \b (?:
      (?: (?: Mon | Tues? | Wed(?:nes)? | Thu(?:rs)? | Fri | Sat(?:ur)? | Sun ) (?:day)? ,?+[ ] )?
      (?: <\*>[ -] )?
      (?: Jan(?:uary)? | Feb(?:ruary)? | Mar(?:ch)? | Apr(?:il)? | May | June? | July?
        | Aug(?:ust)? | Sept? | September | Oct(?:ober)? | Nov(?:ember)? | Dec(?:ember)? ) [ -]
    )++ (<\*> (?: ,?+[ ]<\*> )? (?: [ ](?:UTC|GMT)\b )? )?  # optional: a row of months is read once
    """,
    re.VERBOSE,
)
# Values in a row are one: a date and its time, an address and its port, a list of any length.
ROW = re.compile(r"<\*>(?:[ ,;:./+_-]{0,3}<\*>)++")

# A number that follows one of these words is a kind of failure: three digits at most, or five. The
# word is of letters only (statusCode, HTTP), so that it is still there when the values are gone.
CODE_3 = re.compile(
    r"(?<![A-Z0-9])[A-Z]*(?:STATUS|CODE|EXIT|SIGNAL|HTTP/?|HTTP/[0-9](?:\.[0-9])?)"
    r"[ :=#('\"\[-]{0,3}$",
    re.IGNORECASE | re.ASCII,
)
CODE_5 = re.compile(
    r"(?<![A-Z0-9])[A-Z]*(?:ERRNO|SQLSTATE|ERROR CODE|ERROR)[ =#('\"\[-]{0,3}$",
    re.IGNORECASE | re.ASCII,
)
CODE_WINDOW = 24
CODE_SEPARATORS = " :=#('\"[-"
CODE_ENDS = frozenset("sSeEtTlLpPoOrR/")  # of STATUS, CODE, EXIT, SIGNAL, HTTP, ERRNO, ERROR

RUNS = re.compile(r"[a-z]+|[A-Z]+|[0-9]+")
HEX = re.compile(r"[0-9a-f]{7,}+|[0-9A-F]{7,}+")
CAPITALS = re.compile(r"[A-Z0-9]{8,}+")
DIGITS = re.compile(r"[0-9]")


def parameterize(message: str) -> str:
    """The first two lines that are not empty, with each value replaced by `<*>`.

    Replaced: numbers, dates, times, durations, addresses, uuids, hex, random-looking words, e-mail
    addresses, ids in paths, the values of a query, and quoted text after words that announce a
    value. Kept: words of letters with up to two digits (`ts-travel2-service`); scheme, host and
    path of a URL, because another host is another problem; status codes and error numbers.
    Parameterizing twice changes nothing more.
    """
    lines = (" ".join(line.split()) for line in message[:TEXT_LENGTH_MAX].splitlines())
    text = "\n".join([line for line in lines if line][:LINES])
    if "/" in text:
        text = PATH.sub(_path, URL.sub(_url, text))
    if "@" in text:
        text = IDENTITY.sub("@" + VALUE, EMAIL.sub(VALUE, text))
    if "eyJ" in text:
        text = JSON_WEB_TOKEN.sub(VALUE, text)
    if ")=(" in text:
        text = KEY_VALUE.sub(VALUE, text)
    text = BLOB.sub(_blob, text)
    if DIGITS.search(text):
        text = WORD.sub(_word, COLONS.sub(VALUE, UUID.sub(VALUE, text)))
    if VALUE in text:
        text = ROW.sub(VALUE, DATE.sub(_date, text))
    if '"' in text or "'" in text:
        text = QUOTED.sub(r"\1'<*>'", text)
    return text if len(text) <= MESSAGE_LENGTH_MAX else _cut(text)


def _cut(text: str) -> str:
    """The beginning up to a space; a text so long without a space is one value."""
    return text[:MESSAGE_LENGTH_MAX].rpartition(" ")[0] or VALUE


def _url(match: re.Match[str]) -> str:
    """Scheme, host, port and path as they are, but for user, ids and the query's values."""
    authority, slash, path = match[2].partition("/")
    return match[1] + authority.rpartition("@")[2] + _without_ids(slash + path)


def _path(match: re.Match[str]) -> str:
    return _without_ids(match[0])


def _without_ids(path: str) -> str:
    path, mark, query = path.partition("?")
    segments = [VALUE if _is_id(segment) else segment for segment in path.split("/")]
    return "/".join(segments) + mark + "&".join(map(_parameter, query.split("&") if query else ()))


def _parameter(parameter: str) -> str:
    name, equals, value = parameter.partition("=")
    if not PARAMETER_NAME.fullmatch(name):
        return VALUE
    return name + equals + (VALUE if value else "")


def _is_id(segment: str) -> bool:
    """Whether a machine made a segment of a path; `orders`, `v2` and `order-items` are names."""
    return (
        len(DIGITS.findall(segment)) > 1
        or CAPITALS.fullmatch(segment) is not None
        or (len(segment) >= 16 and _is_random(segment))
        or "%" in segment
        or "@" in segment
    )


def _blob(match: re.Match[str]) -> str:
    return VALUE if _is_random(match[0]) else match[0]


def _word(match: re.Match[str]) -> str:
    """A word that holds a digit: an error code, a name with a number, or a value."""
    word = match[0]
    window = max(0, match.start() - CODE_WINDOW)
    if len(word) <= 5 and _may_follow_code(match.string[window : match.start()]):
        if len(word) <= 3 and CODE_3.search(match.string, window, match.start()):
            return word
        if CODE_5.search(match.string, window, match.start()):
            return word
    if "0" <= word[0] <= "9":
        return VALUE
    digits = len(DIGITS.findall(word))
    made = digits > 2 or CAPITALS.fullmatch(word) or (digits > 1 and HEX.fullmatch(word))
    return VALUE if made or (len(word) >= 10 and _is_random(word)) else word


def _may_follow_code(before: str) -> bool:
    """False where neither CODE_3 nor CODE_5 can match; a row of numbers is told by one look."""
    before = before.rstrip(CODE_SEPARATORS)
    last = before[-1:]
    return last in CODE_ENDS or ("0" <= last <= "9" and "/" in before)


def _date(match: re.Match[str]) -> str:
    return VALUE if match[1] else match[0]


def _is_random(text: str) -> bool:
    """Whether case and digits change about as often as in base64.

    Of independent characters of base62, 62 % differ in kind from the one before; of a name in camel
    case about 20 %.
    """
    return len(RUNS.findall(text)) > 0.4 * len(text)
