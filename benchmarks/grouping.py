"""How well fingerprints tell one exception from another, beside two simple rules.

    python -m benchmarks.grouping [--wrong] [--corpus FOLDER]

The pairs of `tests/data/grouping` are marked the same or not the same for a person. A pair is found
the same when the strict fingerprints are equal. Precision is the share of pairs found the same that
are; recall is the share of those that are which was found. The rules beside it: class and message;
class and the whole text of the stack without its numbers. `--wrong` names the pairs that
fingerprints get wrong; `--corpus` takes pairs of your own in the same form. The slowest text of the
corpus, and of some made to be slow, is timed.
"""

import argparse
import json
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from receiver.fingerprints.fingerprint import fingerprint
from tests.grouping_corpus import CORPUS, Occurrence, Pair, occurrences, pairs

_NUMBER = re.compile(r"[0-9]+")
_SLOW = (
    "\tat a.b.C$$Lambda$1/0x0.d(E.java:1)\n",
    '  File "/app/x.py", line 1, in f\n',
    "    at async Promise.all (index 0) [as x] (file:///a/b.js:1:1)\n",
    "a/<b@https://x.y/z.js line 1 > eval:1:1\n",
    "main.(*T[...]).f.func1.2(0xc000, {0x1?, 0x2})\n\t/app/a.go:1 +0x1\n",
    "   at A.<>c__DisplayClass1_0.<<B>b__0>d.MoveNext() in /a.cs:line 1\n",
    "a.rb:1:in `block (2 levels) in <main>'\n",
    "#0 /app/a.php(1): A->b('x')\n",
    "   0: <a::B as c::D<E>>::f::{{closure}}::h0123456789abcdef\n             at ./a.rs:1:1\n",
    "    (a 1.0) lib/a.ex:1: A.-b/1-fun-0-/2\n",
    "Caused by: a.B: c\n",
    "The above exception was the direct cause of the following exception:\n\n",
    "---> (Inner Exception #0) A.B: c\n",
    "{ [cause]: Error: a\n",
    "| +---------------- 1 ----------------\n",
    "1:", "<", "(", "at ", "::", "%", "0x0 ", "a.", "'\"", "{[", " (in ", "@",
)  # fmt: skip

Rule = Callable[[Occurrence], object]


@dataclass(slots=True)
class Score:
    """Pairs counted by what they are and what they were found to be."""

    found: int = 0
    missed: int = 0
    merged: int = 0
    apart: int = 0

    def count(self, same: bool, found_same: bool) -> None:
        """Adds a pair."""
        if same:
            self.found, self.missed = self.found + found_same, self.missed + (not found_same)
        else:
            self.merged, self.apart = self.merged + found_same, self.apart + (not found_same)

    @property
    def precision(self) -> float:
        """Of the pairs found the same, the share that is."""
        return self.found / max(1, self.found + self.merged)

    @property
    def recall(self) -> float:
        """Of the pairs that are the same, the share that was found."""
        return self.found / max(1, self.found + self.missed)


def by_fingerprint(one: Occurrence) -> object:
    """The strict fingerprint."""
    return fingerprint(one.type, one.message, one.stacktrace, one.language).strict


def by_type_and_message(one: Occurrence) -> object:
    """Class and message, as they are."""
    return one.type, one.message


def by_stack_without_numbers(one: Occurrence) -> object:
    """Class and the text of the stack; without a stack the message."""
    return one.type, _NUMBER.sub("", one.stacktrace or one.message or "")


RULES: dict[str, Rule] = {
    "fingerprint": by_fingerprint,
    "type + message": by_type_and_message,
    "type + stack without numbers": by_stack_without_numbers,
}


def main() -> None:
    """Prints the scores by corpus and over all, and the slowest text."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wrong", action="store_true", help="name the pairs that are wrong")
    parser.add_argument("--corpus", type=Path, default=CORPUS, help="folder of .jsonl files")
    given = parser.parse_args()
    marked = pairs(given.corpus)
    for corpus in (*dict.fromkeys(pair.corpus for pair in marked), None):
        mine = [pair for pair in marked if corpus in (None, pair.corpus)]
        print(json.dumps({"corpus": corpus or "all", "pairs": len(mine), **_scores(mine)}))
    if given.wrong:
        for pair in marked:
            if not _right(pair):
                word = "same" if pair.same else "different"
                print(f"{pair.name} are {word}: {pair.why}", file=sys.stderr)
    print(json.dumps({"slowest_ms": round(1e3 * max(map(_seconds, _texts())), 1)}))


def score(marked: Sequence[Pair], rule: Rule) -> Score:
    """The score of a rule over these pairs."""
    total = Score()
    for pair in marked:
        total.count(pair.same, rule(pair.first) == rule(pair.second))
    return total


def _scores(marked: Sequence[Pair]) -> dict[str, dict[str, float]]:
    found = {name: score(marked, rule) for name, rule in RULES.items()}
    return {
        name: {"precision": round(one.precision, 3), "recall": round(one.recall, 3)}
        for name, one in found.items()
    }


def _right(pair: Pair) -> bool:
    return (by_fingerprint(pair.first) == by_fingerprint(pair.second)) is pair.same


def _texts() -> Iterator[Occurrence]:
    yield from occurrences().values()
    for language in (None, "python", "java", "nodejs", "go", "dotnet", "ruby", "php", "rust"):
        for piece in _SLOW:
            text = piece * (256 * 1024 // len(piece))
            yield Occurrence("slow", "E", text, text, language, "made to be slow")


def _seconds(one: Occurrence) -> float:
    started = time.perf_counter()
    by_fingerprint(one)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
