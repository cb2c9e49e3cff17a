"""What tells the language of a stack from its text."""

import re
from typing import NamedTuple

from receiver.fingerprints.dialects.dotnet import AT


class Mark(NamedTuple):
    """A pattern that stacks of one language have.

    `particular` says that no stack of another language has it, so that a sender's
    telemetry.sdk.language is believed where it fits.
    """

    language: str
    pattern: re.Pattern[str]
    particular: bool


# The more particular first.
MARKS: tuple[Mark, ...] = (
    Mark("python", re.compile(r'\n[ \t|]*+File "[^"\n]++", line [0-9]++(?:, in |(?=\n|\Z))'), True),
    Mark(
        "go",
        re.compile(
            r"\ngoroutine [0-9]++ (?:gp=\S++ )?(?:m=\S++ )?[^\n]{0,64}?\["
            r"|\n[ \t|]++[^\n]+\.go:[0-9]++"
        ),
        True,
    ),
    Mark("dart", re.compile(r"\n#[0-9]++ ++[^\n(]++\((?:dart|package|file):"), True),
    Mark("php", re.compile(r"\n#[0-9]++ (?:\{main\}|\[internal|[^\n]*\([0-9]++\): )"), True),
    Mark(
        "erlang",
        re.compile(
            r"\n[ \t]++\([a-z]\w*+ [0-9][^\s()]*+\) [^\n]++(?<=[0-9)])(?=\n|\Z)"
            r"|\n[ \t]++[^\s:()]*\.exs?:[0-9]++: [^\n]++(?<=[0-9)])(?=\n|\Z)"
            r"|\n[ \t]++in (?:function|call from|operator) "
            r"|\[\{(?:'[^'\n]++'|[a-z]\w*+),(?:'[^'\n]++'|[a-z]\w*+),(?:[0-9\[]|\.\.\.)"
        ),
        True,
    ),
    Mark("ruby", re.compile(r":[0-9]++:in [`'][^`'\n]++'"), True),
    Mark(
        "rust",
        re.compile(
            r"\n *+[0-9]++: [^\n]*::|\n[Ss]tack backtrace:|\n(?:thread '[^\n]*)?panicked at "
            r"|\nLocation:\n +\S+\.rs:[0-9]"
        ),
        True,
    ),
    Mark("php", re.compile(r"\n[ \t]++at [^\n]*\([^()\n]*\.(?:php|phtml|inc):[0-9]++\)"), True),
    Mark(
        "java",
        re.compile(
            r"\n[ \t]++at [^\s(]++\([^()\s]*\.(?:java|kts?|scala|sc|groovy|cljc?):[0-9]++\)"
        ),
        True,
    ),
    Mark("php", re.compile(r"\n[ \t]++at \{main\}\("), True),
    Mark(
        "dotnet",
        re.compile(
            rf"\n[ \t]++{AT} [^\n(]++\("
            r"(?:[^\n]*+\n[ \t]*+--- "
            r"|[^\n)]*+\) (?:\[0x|\S{1,8} [^\n]*:\S{1,12} [0-9]++\.?(?=\s|\Z)))"
            r"|\n[ \t]*+--- End of |\n ---> |[^\n)]\) \(at [^\n:]++:[0-9]++\)"
        ),
        True,
    ),
    Mark(
        "java",
        re.compile(
            r"\n[ \t]++at [^\s(]++\((?:Native Method|Unknown Source|<generated>"
            r"|SourceFile(?::[0-9]++)?|[^()\s]*\.(?:java|kts?|scala|groovy|cljc?))\)"
        ),
        False,
    ),
    Mark(
        "nodejs",
        re.compile(
            r"\n[ \t]++at (?:[^\n]*[/\\])?[^\n/\\]*"
            r"(?:\.[cm]?[jt]sx?|<anonymous>|node:[\w/]++|\.vue)"
            r"(?:\?[^\n:]*+)?:[0-9]++(?::[0-9]++)?\)?(?=\n|\Z)"
            r"|\n[A-Za-z ]*+[^\s@]*+@\S+:[0-9]++(?=\n|\Z)"
        ),
        True,
    ),
    Mark(
        "nodejs",
        re.compile(r"\n[ \t]++at [^\n]*:[0-9]++(?::[0-9]++)?\)?(?=\n|\Z)"),
        False,
    ),
    Mark(
        "dotnet",
        re.compile(r"\n[ \t]++(?:at|bei|bij|vid|ved|kohteessa|[^\s\x00-\x7f]{1,4}:?) [^\n(]++\("),
        False,
    ),
)
