"""Objects written out in a message: JSON, Python, Ruby, Go, Java and PHP forms.

An object becomes its keys in order, without the values: `{"b": 1, "a": "x"}` is `{a: <*>, b: <*>}`.
Values of keys that say what kind of failure it is (`code`, `type`, `loc`, `msg`) stay, and so do
sentences in lists, as validators write them.
"""

import re

from receiver.fingerprints.messages.substitution import VALUE, Replaced, Trace

QUOTED_KEY = r"""(?:"[^"\n]{1,80}"|'[^'\n]{1,80}')"""
KEY = r"""(?:"[^"\n]{1,80}"|'[^'\n]{1,80}'|:?[A-Za-z_$@][\w$.-]{0,80}\??)"""
MEMBER = rf"""\s*(?:{KEY}\s*(?:=>|=(?!=)|:(?![:\w/]))|{QUOTED_KEY}\s*:)"""
# Where an object begins: {"a": 1, {a=1, %{a: 1, {:a=>1, Order(id=1, Order[id=1, &{...}, map[a:1].
# The bracket comes first in each pattern, and what must stand before it is looked back at.
OPENING = re.compile(
    rf"""
    [\[{{(<] (?:
      (?P<go> (?<=&\{{) | (?<=map\[) (?=[^\]\n]{{1,200}}:) )
    | (?P<object> (?<=\{{) ) (?= {MEMBER} | [A-Z]\w{{0,80}}:\S )
    | (?P<dump> (?<=\w[(\[{{]) ) (?=\w{{1,40}}=(?!=))
    | (?P<php> (?<=[ ]Object[ ]\() ) (?=[ ]?\[)
    | (?P<ruby> (?<=\#<) ) (?=[A-Z][\w:]{{0,80}}[: ][^>\n]{{0,80}}@)
    | (?P<list> (?<=\[) ) (?=\s*\{{{MEMBER})
    | (?P<struct> (?<=[ ]\{{) ) (?![\s:}}]) (?=[^{{}}\n]{{1,200}}[ ]) (?![A-Za-z]+[ ]*\}})
    )
    """,
    re.VERBOSE,
)
TOKEN = re.compile(
    r"""
    (?P<space> \s++ ) | (?P<value> <\*> )
    | (?P<text> [bru]?"(?:[^"\\]|\\.)*+" | [bru]?'(?:[^'\\]|\\.)*+' )
    | (?P<open> [\[({] ) | (?P<close> [\])}] ) | (?P<comma> , ) | (?P<is> => | [:=] )
    | (?P<bare> [^\s\[\](){},:=<"']++ | . )
    """,
    re.VERBOSE | re.DOTALL,
)
TOKENS_MAX = 2_000
DEPTH_MAX = 20
OBJECTS_MAX = 20
TEXT_LENGTH_MAX = 200

# Keys whose value says what kind of failure it is, lower case and without "_" and "-".
KINDS = frozenset(
    """
    code type loc path msg message error errors reason status statuscode errorcode errortype
    field fields param parameter property keyword expected rule constraint host hostname kind
    category title detail details exception keypattern errno errmsg sqlstate string
    errordescription address
    """.split()  # noqa: SIM905  # words are read more easily in lines
)
SENTENCE = re.compile(
    r"\S++(?: \S++)++(?<=[.!])"
    r"|(?:must|is|are|can't|cannot|should|has|does|was|not|may|The|This|Must) .++"
)
CLASS = re.compile(r"[\w:]*\w")
NAME_OF_KEY = re.compile(r"[A-Za-z_$@:][\w$.\-]*\??")


def without_payloads(text: str, trace: Trace) -> str:
    """The text with each object that is written out reduced to what tells failures apart."""
    pieces: list[str] = []
    at = 0
    for _ in range(OBJECTS_MAX):
        found = OPENING.search(text, at)
        if found is None:
            break
        reader = _Reader(text, found.end())
        rendered = _rendered(found, reader)
        raw = text[found.start() : reader.at]
        if trace is not None and rendered != raw:
            trace.append(Replaced(raw, "the values of an object that is written out"))
        pieces += (text[at : found.start()], rendered)
        at = reader.at
    return "".join(pieces) + text[at:] if pieces else text


def _rendered(found: re.Match[str], reader: "_Reader") -> str:
    opening = found[0]
    closing = {"{": "}", "[": "]", "(": ")"}.get(opening[-1], "")
    if found.lastgroup in ("object", "dump"):
        return opening + reader.members(0) + closing
    if found.lastgroup == "list":
        return opening + reader.elements(0, kept=True) + closing
    if found.lastgroup == "ruby":
        name = CLASS.match(reader.text, reader.at)
        reader.skip_to(">")
        return opening + (name[0] if name else "") + " " + VALUE + ">"
    reader.skip()
    return opening + VALUE + closing


class _Reader:
    """Reads the inside of an object, from one position to its end or the end of the text."""

    def __init__(self, text: str, at: int) -> None:
        self.text = text
        self.at = at
        self._tokens = 0

    def _next(self) -> tuple[str, str]:
        """Kind and text of the next token; ("close", "") where there is none."""
        self._tokens += 1
        match = TOKEN.match(self.text, self.at) if self._tokens <= TOKENS_MAX else None
        if match is None:
            self.at = len(self.text)
            return "close", ""
        self.at = match.end()
        if match.lastgroup == "space":
            return self._next()
        return match.lastgroup or "bare", match[0]

    def skip(self) -> None:
        """Goes behind the bracket that closes what is open."""
        depth = 1
        while depth:
            kind, token = self._next()
            depth += (kind == "open") - (kind == "close")
            if not token:
                return

    def skip_to(self, end: str) -> None:
        """Goes behind the first `end` outside brackets and quotations."""
        while True:
            kind, token = self._next()
            if kind == "open":
                self.skip()
            if token == end or not token:
                return

    def members(self, depth: int) -> str:
        """`key: value` of each member, sorted by key; up to the closing bracket."""
        members: dict[str, str] = {}
        while True:
            key, closed = self._key()
            if closed and not key:
                break
            value, last = ("", True) if closed else self._value(key, depth)
            members[key] = value
            if last:
                break
        return ", ".join(
            f"{key}: {value}" if value else key for key, value in sorted(members.items())
        )

    def _key(self) -> tuple[str, bool]:
        """A key, and whether the object ended at it."""
        words: list[str] = []
        while True:
            kind, token = self._next()
            if kind == "close":
                return _key_of(words), True
            if kind == "is" and (words or token != ":"):
                return _key_of(words), False
            if kind == "comma":
                if words:
                    return _key_of(words), False
            elif kind == "open":
                self.skip()
            else:
                words.append(_content(token) if kind == "text" else token)

    def _value(self, key: str, depth: int) -> tuple[str, bool]:
        """What is left of a value, and whether the object ended behind it."""
        kept = key.strip(":@").lower().replace("_", "").replace("-", "") in KINDS
        words: list[str] = []
        inner = ""
        while True:
            kind, token = self._next()
            if kind == "close" or kind == "comma":
                break
            if kind == "open":
                inner = self._inner(token, kept, depth) if not inner else self._skipped(inner)
            else:
                words.append(_content(token) if kind == "text" else token)
        text = " ".join(words)
        if inner:
            return inner, kind == "close"
        return (_quoted(text) if kept and text and text != VALUE else VALUE), kind == "close"

    def _skipped(self, value: str) -> str:
        self.skip()
        return value

    def _inner(self, opening: str, kept: bool, depth: int) -> str:
        if depth >= DEPTH_MAX:
            return self._skipped(VALUE)
        if opening == "{":
            members = self.members(depth + 1)
            return "{" + members + "}" if '"' in members or kept else VALUE
        elements = self.elements(depth + 1, kept)
        return "[" + elements + "]" if elements else VALUE

    def elements(self, depth: int, kept: bool) -> str:
        """The distinct elements of a list that count, in the order in which they first appear."""
        found: dict[str, None] = {}
        while True:
            kind, token = self._next()
            if kind == "close":
                return ", ".join(found)
            if kind == "open":
                inner = self._inner(token, kept, depth)
                if inner != VALUE or kept:
                    found[inner] = None
            elif kind == "text":
                text = _content(token)
                if kept or SENTENCE.fullmatch(text):
                    found[_quoted(text)] = None
            elif kept and kind in ("bare", "value"):
                found[VALUE if token[:1].isdigit() else token] = None


def _key_of(words: list[str]) -> str:
    key = "".join(words).lstrip(":")
    return key if NAME_OF_KEY.fullmatch(key) else VALUE if key else ""


def _content(text: str) -> str:
    return " ".join(text[text.index(text[-1]) + 1 : -1].replace('"', "'").split())


def _quoted(text: str) -> str:
    if text == VALUE:
        return VALUE
    text = text[:TEXT_LENGTH_MAX].replace('"', "'").replace("\\", "").strip(" '")
    return f'"{without_payloads(text, None) if "{" in text else text}"'
