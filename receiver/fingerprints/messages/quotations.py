"""Quoted text in a message: a name of the code, which counts, or a value, which does not."""

import re

from receiver.fingerprints.messages.announcements import NAME_BEFORE, VALUE_BEFORE, announces
from receiver.fingerprints.messages.payloads import SENTENCE
from receiver.fingerprints.messages.substitution import VALUE, Rule, Trace

# Bounded, so that a text of many opening quotes without an end costs no more than this each.
# A quote between letters is an apostrophe.
QUOTATION = r"""
    ["'`“„«「] (?<![A-Za-z0-9_].)
    (?: (?<=") (?P<double>[^"\n]{0,300}+)"
      | (?<=') (?P<single>(?:[^'\n]|(?<=[A-Za-z])'(?=[A-Za-z])){0,300}+)'
      | (?<=`) (?P<tick>[^`\n]{0,300}+)`
      | (?<=[“„]) (?P<typographic>[^“”\n]{0,300}+)[“”]
      | (?<=«) (?P<guillemets>[^«»\n]{0,300}+)»
      | (?<=「) (?P<corners>[^「」\n]{0,300}+)」
    )
    (?![A-Za-z0-9_])
"""
# Before the quotation in the same list: items: ['a', 'b'].
LIST_BEFORE = re.compile(r"""(?:(?:'[^'\n]{0,99}'|"[^"\n]{0,99}"|<\*>),?[ ])+$""")
BETWEEN = " :=([{,#-"
INNER = re.compile("""['"`“„«「]""")
JOINING = frozenset(("is", "was", "of", "as"))
BEFORE_LENGTH = 64
AFTER_LENGTH = 32

# What runtimes, drivers and servers say before they quote what they could not read, where the last
# word alone does not announce a value.
PHRASE = re.compile(
    r"""
    (?: with[ ]base[ ][0-9]{1,2} | (?<!not[ ])found | string[ ]to[ ]float | token[ ]at
      | for[ ]type[ ][a-z ]{1,40}
      | value[ ]for[ ]\w{1,40}\(\) | frozen[ ]String | [Ii]nvalid[ ]URL(?:[ ]escape)? | url[ ]type
      | bad[ ]URI\(is[ ]not[ ]URI\?\) | not[ ]a[ ]valid[ ][A-Za-z]{1,20} | instead[ ]of
    ) :?[ ]$
    """,
    re.VERBOSE,
)
PHRASE_PART = re.compile(
    r"h base|found|to float|n at|or type|lue for|zen Str|URL|url t|URI|a valid|ad of"
)
NOT_VALID = " is not a valid "
SQL_KEYWORDS = frozenset(
    """
    select insert update delete from where join on and or group order by having limit offset
    into values set as in is not null union with returning using table create alter drop
    """.split()  # noqa: SIM905  # words are read more easily in lines
)

# A name as people write it, New York or Miller & Sons, and no code writes.
TITLE = re.compile(r"[A-Z][a-z'.-]+(?:[ ](?:&|[A-Z][A-Za-z'.-]*|[0-9<*>]+)){1,4}\.?")
# What people upload; a configuration ends in something else.
DOCUMENT = re.compile(
    r"[^/\n]*\.(?:jpe?g|png|gif|webp|heic|tiff?|bmp|pdf|docx?|xlsx?|pptx?|odt|mp[34]|mov|avi|eml)",
    re.IGNORECASE,
)
EXTENSION = re.compile(r"[A-Za-z]{1,8}[0-9]?")
CODE = re.compile(r"[A-Za-z_$][\w$.:/\[\]()#*-]*", re.ASCII)


def _replace(match: re.Match[str]) -> str:
    content = match[match.lastgroup or 0]
    bare = content.strip(" ,;")
    if bare == VALUE:
        return VALUE
    text = match.string
    before = text[max(0, match.start() - BEFORE_LENGTH) : match.start()]
    after = text[match.end() : match.end() + AFTER_LENGTH]
    if _is_value(content, before, after):
        return VALUE
    if INNER.search(content):
        return match[0][0] + QUOTED.apply(content, None) + match[0][-1]
    return _with_file(match[0], content)


def _is_value(content: str, before: str, after: str) -> bool:
    if before.endswith((": [", '", ')) and SENTENCE.fullmatch(content):
        return False  # as validators write them: {city: ["is too long", "is no city"]}
    word = _announcer(before)
    if word in ("parse", "parsing") or (PHRASE_PART.search(before) and PHRASE.search(before)):
        return True
    if "/" in content and ("://" in content or content.startswith("/")):
        return False  # what is in a URL or a path was looked at
    if after.startswith(VALUE_BEFORE) and (not word or before.endswith(": ")):
        return True
    announced = announces(word) if word else None
    if announced and word == "near":
        return content.lower() not in SQL_KEYWORDS
    if announced is not None:
        return announced
    if after.startswith(NAME_BEFORE):
        return False
    if after.startswith(NOT_VALID):
        kind = after[len(NOT_VALID) :].partition(" ")[0]
        return kind == "enum" or announces(kind) is not False
    return after.startswith(VALUE_BEFORE) or _looks_like_value(content)


def _announcer(before: str) -> str:
    """The word that stands before a quotation, or before the list that it is in; "" for none."""
    if before[-2:] in (", ", "' ", '" '):
        before = LIST_BEFORE.sub("", before)
    before = before.rstrip(BETWEEN)
    head, _, word = before.rpartition(" ")
    if word in JOINING:
        word = head.rpartition(" ")[2]
    return word.strip("()[]{}.,;:'\"")


def _looks_like_value(content: str) -> bool:
    """Whether nobody would give this name to something in code."""
    if not content or CODE.fullmatch(content):
        return DOCUMENT.fullmatch(content) is not None
    if not content.isascii():
        return content.count(" ") < 4
    return TITLE.fullmatch(content) is not None or DOCUMENT.fullmatch(content) is not None


def _with_file(quoted: str, content: str) -> str:
    """A quoted path without the name of the document that it leads to, but for its extension."""
    folder, slash, name = content.rpartition("/")
    if slash and " " not in folder and (DOCUMENT.fullmatch(name) or not name.isascii()):
        dot, extension = name.rpartition(".")[1:]
        kept = dot + extension if EXTENSION.fullmatch(extension) else ""
        return quoted[0] + folder + "/" + VALUE + kept + quoted[-1]
    return quoted


QUOTED = Rule("quoted, and a value by the words around it or by its form", QUOTATION, _replace)


def without_quoted_values(text: str, trace: Trace) -> str:
    """The text with every quoted value replaced, quotation marks and all."""
    return QUOTED.apply(text, trace)
