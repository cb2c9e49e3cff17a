"""Over recorded exceptions: people's groups are found, and what changes between builds is not."""

import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from benchmarks.grouping import RULES, by_fingerprint, score
from receiver.fingerprints.fingerprint import fingerprint
from receiver.fingerprints.frame import Frame
from receiver.fingerprints.messages.kind import parameterize
from receiver.fingerprints.stacktrace import read
from tests.grouping_corpus import Occurrence, pairs

PAIRS = pairs()
OCCURRENCES = list({o.name: o for pair in PAIRS for o in (pair.first, pair.second)}.values())
FAMILIES = {o.name: pair.corpus for pair in PAIRS for o in (pair.first, pair.second)}
CORPORA = sorted({pair.corpus for pair in PAIRS})

# A frame of a library in each language's own words, and where it may stand: before what matches.
LIBRARY_FRAMES: dict[str, tuple[str, re.Pattern[str]]] = {
    "python": (
        '  File "/usr/lib/python3/dist-packages/flask/app.py", line {0}, in dispatch{0}\n',
        re.compile(r'^  File "[^"\n]*", line \d+, in ', re.MULTILINE),
    ),
    "jvm": (
        "\tat org.springframework.web.Filter{0}.doFilter(Filter.java:{0})\n",
        re.compile(r"^\tat [^\n]*\)$", re.MULTILINE),
    ),
    "javascript": (
        "    at Layer{0}.handle (/app/node_modules/express/lib/layer.js:{0}:5)\n",
        re.compile(r"^    at [^\n]*:\d+:\d+\)?$", re.MULTILINE),
    ),
    "go": (
        "google.golang.org/grpc.(*Server).handle{0}(0xc0001)\n"
        "\t/go/pkg/mod/google.golang.org/grpc@v1.60.1/server.go:{0} +0x1d\n",
        re.compile(r"^[\w./*()]+\([^\n]*\)\n\t/[^\n]*\.go:\d+", re.MULTILINE),
    ),
    "dotnet": (
        "   at Microsoft.AspNetCore.Routing.Matcher{0}.Invoke(HttpContext c)\n",
        re.compile(r"^   at [\w.<>`]+\([^\n]*\)( in [^\n]*:line \d+)?$", re.MULTILINE),
    ),
    "ruby": (
        "\tfrom /usr/local/bundle/gems/rack-3.0.{0}/lib/rack/call{0}.rb:{0}:in `call'\n",
        re.compile(r"^\tfrom [^\n]*:\d+:in ", re.MULTILINE),
    ),
    "erlang": (
        "    (phoenix 1.7.{0}) lib/phoenix/router{0}.ex:{0}: Phoenix.Router{0}.call/2\n",
        re.compile(r"^    \([\w]+ [\d.]+\) lib/", re.MULTILINE),
    ),
}  # fmt: skip


RUBY_PLACE = re.compile(r"[^\s:]+:\d+(?=:in )")


def family(one: Occurrence) -> str:
    """The corpus an occurrence is of."""
    return FAMILIES[one.name]


def insertions(stack: str, place: re.Pattern[str]) -> list[int]:
    """Where a frame may be inserted: never between a native function and the line that called it,
    which Ruby writes with the same place."""
    lines = stack[:-1].split("\n")
    same = {
        sum(len(line) + 1 for line in lines[:at])
        for at in range(1, len(lines))
        if (found := RUBY_PLACE.search(lines[at])) and found[0] in lines[at - 1]
    }
    return [match.start() for match in place.finditer(stack) if match.start() not in same]


INSERTABLE = [
    (one, family(one))
    for one in OCCURRENCES
    if family(one) in LIBRARY_FRAMES
    and one.stacktrace
    and insertions(one.stacktrace, LIBRARY_FRAMES[family(one)][1])
]


@pytest.mark.parametrize("corpus", CORPORA)
def test_precision_and_recall(corpus: str) -> None:
    """Of the recorded pairs nearly all are told as people tell them, and more than by the message
    or by the text of the stack."""
    mine = [pair for pair in PAIRS if pair.corpus == corpus]
    ours = score(mine, by_fingerprint)
    assert ours.precision >= 0.97
    assert ours.recall >= 0.95
    for name, rule in RULES.items():
        other = score(mine, rule)
        assert ours.precision + ours.recall >= other.precision + other.recall, name


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(INSERTABLE), st.data())
def test_framework_frames(chosen: tuple[Occurrence, str], data: st.DataObject) -> None:
    """Frames of a framework, wherever they are inserted, change no key."""
    (one, corpus), (frame, place) = chosen, LIBRARY_FRAMES[chosen[1]]
    stack = one.stacktrace or ""
    at = data.draw(st.sampled_from(insertions(stack, place)))
    frames = "".join(frame.format(number) for number in data.draw(numbers))
    before = fingerprint(one.type, one.message, stack, one.language)
    after = fingerprint(one.type, one.message, stack[:at] + frames + stack[at:], one.language)
    assume(any(frame.in_app for raised in read(stack, one.language) for frame in raised.frames))
    assert (after.strict, after.loose) == (before.strict, before.loose), corpus


numbers = st.lists(st.integers(1, 999), min_size=1, max_size=4)


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(OCCURRENCES))
def test_message_kind_is_stable(one: Occurrence) -> None:
    """The kind of a message is its own kind."""
    kind = parameterize(one.message or "")
    assert parameterize(kind) == kind


@pytest.mark.parametrize("corpus", CORPORA)
def test_frames_say_why(corpus: str) -> None:
    """Every frame of every recorded stack says why it is in-app or not."""
    for one in (one for one in OCCURRENCES if one.stacktrace and family(one) == corpus):
        for raised in read(one.stacktrace or "", one.language):
            assert all(isinstance(f, Frame) and f.reason for f in raised.frames), one.name
