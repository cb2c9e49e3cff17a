"""Where a signature fits: which of its patterns, in which failures, and what it names."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from analysis.safe_text import shortened, shown
from analysis.signatures.conditions import CONDITIONS
from analysis.signatures.deployment_conditions import outstanding_flag
from analysis.signatures.facts import FailingGroup
from analysis.signatures.failure_text import FailureText, quoted_line
from analysis.signatures.situation import Situation
from analysis.signatures.table import Pattern, Signature

NAME_LENGTH_MAX = 80
_PROTOCOLS = {"http": "HTTP", "grpc": "gRPC", "db": "database"}


@dataclass(frozen=True, slots=True)
class Hit:
    """A pattern that fits: the group it fits (None: the deployment as a whole), whether it is
    specific, what of the failure is shown, the setting, column ... it names, its conditions, and
    which failures it explains."""

    group: FailingGroup | None
    specific: bool
    quote: str | None
    name: str | None
    needs: tuple[str, ...]
    explains: str | None = None

    @property
    def strength(self) -> tuple[bool, bool, int]:
        """Sorts hits: specific ones, then those that name something, then large groups."""
        return self.specific, self.name is not None, self.group.count if self.group else 0


def all_hold(conditions: Iterable[str], seen: Situation) -> bool:
    """Whether every condition is known to hold."""
    return all(CONDITIONS[name](seen) for name in conditions)


def hit_of_group(signature: Signature, seen: Situation, text: FailureText) -> Hit | None:
    """The strongest pattern of the signature that fits the group."""
    if signature.unless and any(signature.unless.search(one) for one in text.texts):
        return None
    hits = (
        Hit(seen.group, pattern.specific, *quote, pattern.needs)
        for pattern in signature.patterns
        if (quote := _quote(pattern, text)) and all_hold(pattern.needs, seen)
    )
    return max(hits, key=lambda hit: hit.strength, default=None)


def hit_of_deployment(signature: Signature, seen: Situation) -> Hit | None:
    """The strongest pattern of the signature that fits the deployment as a whole."""
    hits = (
        Hit(None, pattern.specific, None, None, pattern.needs, pattern.explains)
        for pattern in signature.patterns
        if pattern.about_deployment and all_hold(pattern.needs, seen)
    )
    return max(hits, key=lambda hit: hit.strength, default=None)


def explained_share(hit: Hit, seen: Situation) -> float | None:
    """The share of the failures that a pattern about the deployment explains; None: there are no
    failures, or it is about all of them."""
    if hit.explains is None or not seen.group.count:
        return None
    flag = outstanding_flag(seen)
    explained = {"flag": flag.failures if flag else 0, "timeouts": seen.facts.timeouts or 0}
    return min(1.0, explained[hit.explains] / seen.group.count)


def _quote(pattern: Pattern, text: FailureText) -> tuple[str, str | None] | None:
    """What of the failure fits the pattern, for people, and the name in it; None if nothing."""
    found = list(_searched(pattern, text))
    if found:
        best = next((one for one in found if _name(one)), found[0])
        return quoted_line(best.string, best.start()), _name(best)
    if not pattern.types.isdisjoint(text.types) or text.error in pattern.errors:
        return quoted_line(text.texts[0], 0), None
    for protocol, code in sorted(pattern.codes & text.codes):
        return f"{_PROTOCOLS[protocol]} status {shown(code)}", None
    return None


def _searched(pattern: Pattern, text: FailureText) -> Iterator[re.Match[str]]:
    for regex in pattern.messages:
        for one in text.texts:
            if found := regex.search(one):
                yield found


def _name(found: re.Match[str]) -> str | None:
    name = found.groupdict().get("name")
    return shortened(shown(name.strip("\"'`")), NAME_LENGTH_MAX) if name else None
