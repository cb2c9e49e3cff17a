"""Ids in paths and URLs: folders and files whose names a machine made, and values of a query."""

import re

from receiver.fingerprints.messages.substitution import VALUE, Rule

RANDOM_LENGTH_MIN = 16
PARAMETER_NAME = re.compile(r"[A-Za-z_.-]*+")
DIGITS = re.compile(r"[0-9]")
RUNS = re.compile(r"[a-z]+|[A-Z]+|[0-9]+")
CAPITALS = re.compile(r"[A-Z0-9]{8,}+")
SHORT_HEX = re.compile(r"(?:[0-9a-f]{6,}+|[0-9A-F]{6,}+)")
NUMBER = re.compile(r"[0-9]++")
# report-12.pdf, part3.tar.gz; python's tempfile writes tmp and eight characters.
FILE = re.compile(
    r"""([^.]*+(?:\.[^.]*+)*?)
        ((?:\.[A-Za-z]{1,8})?\.(?:[A-Za-z]{1,8}|mp[34]|m4[av]|bz2|sqlite3))""",
    re.VERBOSE,
)
NUMBERED = re.compile(r"[A-Za-z]+[_-][0-9]+")  # part-17; its number is looked at like any other
TEMPORARY = re.compile(r"tmp[a-z0-9_]{8}")
STEM_WORD = re.compile(r"[A-Za-z0-9]++")
HASHED = re.compile(r"[A-Za-z0-9][-.][A-Za-z0-9_-]{8}\Z")


def is_random(text: str) -> bool:
    """Whether case and digits change about as often as in base64.

    Of independent characters of base62, 62 % differ in kind from the one before; of a name in camel
    case about 20 %.
    """
    return len(RUNS.findall(text)) > 0.4 * len(text)


def _url(match: re.Match[str]) -> str:
    """Scheme, host, port and path as they are, but for user, ids and the query's values."""
    authority, slash, path = match[2].partition("/")
    return match[1] + authority.rpartition("@")[2] + _without_ids(slash + path)


def _path(match: re.Match[str]) -> str:
    return _without_ids(match[0])


def _without_ids(path: str) -> str:
    path, mark, query = path.partition("?")
    *folders, name = path.split("/")
    segments = [_segment(folder) for folder in folders]
    segments.append(_file_name(name))
    return "/".join(segments) + mark + "&".join(map(_parameter, query.split("&") if query else ()))


def _segment(segment: str) -> str:
    name, colon, rest = segment.partition(":")
    return VALUE + colon + rest if _is_id(name) else segment


def _file_name(segment: str) -> str:
    """The end of a path; of a file its extension and its words stay, digits and random parts go."""
    name, colon, rest = segment.partition(":")
    end = name[len(name.rstrip(".!)")) :]
    file = FILE.fullmatch(name, 0, len(name) - len(end))
    if file is None:
        return _segment(name.removesuffix(end)) + end + colon + rest
    stem = file[1]
    if "%" in stem or "@" in stem or TEMPORARY.fullmatch(stem):
        stem = VALUE
    elif HASHED.search(stem) and is_random(stem[-8:]):
        stem = stem[:-8] + VALUE  # bundlers: Invoice-BqT81mZ_.js
    return STEM_WORD.sub(_stem_word, stem) + file[2] + end + colon + rest


def _stem_word(match: re.Match[str]) -> str:
    word = match[0]
    if not DIGITS.search(word):
        return VALUE if len(word) >= RANDOM_LENGTH_MIN and is_random(word) else word
    if SHORT_HEX.fullmatch(word) or CAPITALS.fullmatch(word) or len(RUNS.findall(word)) > 3:
        return VALUE
    return NUMBER.sub(VALUE, word)


def _parameter(parameter: str) -> str:
    name, equals, value = parameter.partition("=")
    if not PARAMETER_NAME.fullmatch(name):
        return VALUE
    return name + equals + (VALUE if value else "")


def _is_id(segment: str) -> bool:
    """Whether a machine made a segment of a path; `orders`, `v2` and `order-items` are names."""
    return (
        (len(DIGITS.findall(segment)) > 1 and not NUMBERED.fullmatch(segment))
        or CAPITALS.fullmatch(segment) is not None
        or (len(segment) >= 16 and is_random(segment))
        or "%" in segment
        or "@" in segment
        or TEMPORARY.fullmatch(segment) is not None
    )


URL = Rule(
    "ids, user or query of a URL",
    r"(?<![A-Za-z0-9+.-])([A-Za-z][A-Za-z0-9+.-]*+://)([^\s<>\"'`,;|\\^{}()\[\]]++)",
    _url,
)
PATH = Rule(
    "ids of a path",
    r"/(?<![^\s=<\"'`,;|\\^{}()\[\]]/)[^\s<>\"'`,;|\\^{}()\[\]]++",
    _path,
)
