"""Why an exception has its fingerprints: what made them, what was left out, and for what reason."""

from collections.abc import Iterator
from dataclasses import dataclass

from receiver.fingerprints.fingerprint import (
    FINGERPRINT_VERSION,
    NO_RULES,
    counts,
    fingerprint_of,
    fingerprint_of_status,
)
from receiver.fingerprints.frame import Frame, Raised
from receiver.fingerprints.messages.kind import parameterize
from receiver.fingerprints.place import Place, place, read_chain
from receiver.fingerprints.rules import GroupingRules, KeyRule
from receiver.fingerprints.stack_text import split_message

NEAREST = "in-app, nearest the raise"
CALLER = "in-app, on the way to the raise"
ALONE = "no frame is in-app and no message says more: the frame nearest the raise"
LIBRARIES = "no frame of the chain is in-app: class and message decide"


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that is known of an exception.

    `kind` is 'type', 'message', 'frame', 'cause', 'cause message', 'cause frame', 'rule' or
    'where'. `text` is what counts (for a frame `module.function`, for a message its kind); `detail`
    is what stood there: `file:line`, the message as it was. `strict` and `loose` say whether it is
    part of that key; `reason` says why or why not.
    """

    kind: str
    text: str
    detail: str
    strict: bool
    loose: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """The keys of an exception, the version of the algorithm that made them, and the parts."""

    strict: str
    loose: str
    top_frame: str | None
    version: int
    parts: tuple[Part, ...]


def explain(
    exception_type: str | None,
    message: str | None,
    stacktrace: str | None,
    language: str | None,
    rules: GroupingRules = NO_RULES,
) -> Explanation:
    """Why `fingerprint` gives these keys for the same arguments."""
    text = split_message(stacktrace, message)[0] if stacktrace else ""
    chain = read_chain(text, language, rules) if text else []
    found = place(exception_type, chain, rules)
    keys = fingerprint_of(found, message)
    said = message or found.said
    parts = tuple(_parts(found, chain, said))
    rule = next((rule for rule in found.rules if rule.matches_message(said)), None)
    if rule is not None:
        kind = parameterize(said) if said else ""
        made = rule.made_of(found.type, kind, keys.top_frame or "")
        parts = (_rule_part(rule, made), *(_overruled(part) for part in parts))
    return Explanation(keys.strict, keys.loose, keys.top_frame, FINGERPRINT_VERSION, parts)


def explain_status(
    error_type: str | None,
    message: str | None,
    where: str | None,
    rules: GroupingRules = NO_RULES,
) -> Explanation:
    """Why `fingerprint_of_status` gives these keys for the same arguments."""
    keys = fingerprint_of_status(error_type, message, where, rules)
    kind = parameterize(message) if message else ""
    parts: tuple[Part, ...] = (
        Part("type", error_type or "", "", True, True, "error.type of a span without an exception"),
        Part("where", where or "", "", True, True, "its endpoint, what it called, or its name"),
        Part("message", kind, message or "", True, False, "status message, values replaced"),
    )
    said = (error_type or "", message or "", where or "")
    rule = next((rule for rule in rules.keys if rule.matches_status(*said)), None)
    if rule is not None:
        made = rule.made_of(said[0], kind, said[2])
        parts = (_rule_part(rule, made), *(_overruled(part) for part in parts))
    return Explanation(keys.strict, keys.loose, keys.top_frame, FINGERPRINT_VERSION, parts)


def _parts(found: Place, chain: list[Raised], said: str) -> Iterator[Part]:
    kind = parameterize(said) if said else ""
    framed = counts(found)
    yield Part("type", found.type, "", True, True, "class of the recorded exception")
    reason = "values replaced"
    if framed:
        reason += "; the loose key leaves messages out, for its frames tell more"
    yield Part("message", kind, said, True, not framed, reason)
    alone = not framed and not kind and not any(cause.message for cause in found.causes)
    for number, raised in enumerate(chain):
        prefix = "cause " if number else ""
        if number:
            cause = parameterize(raised.message) if raised.message else ""
            yield Part("cause", raised.type or "", "", True, True, "class of a cause")
            yield Part("cause message", cause, raised.message or "", True, not framed, reason)
        yield from _frames(prefix + "frame", raised, found, framed, alone)


def _frames(kind: str, raised: Raised, found: Place, framed: bool, alone: bool) -> Iterator[Part]:
    nearest = next((frame for frame in raised.frames if frame.in_app), None)
    for frame in raised.frames:
        top = frame == found.top
        detail = f"{frame.file}:{frame.line}" if frame.line is not None else frame.file or ""
        if framed and frame.in_app:
            strict = top or (kind == "cause frame" and frame == nearest)
            loose, reason = True, f"{NEAREST if strict else CALLER} ({frame.reason})"
        elif alone and top:
            strict, loose, reason = True, True, f"{ALONE} ({frame.reason})"
        else:
            strict, loose, reason = False, False, _left_out(frame, framed)
        yield Part(kind, frame.name, detail, strict, loose, reason)


def _left_out(frame: Frame, framed: bool) -> str:
    return f"not in-app: {frame.reason}" if framed else f"{LIBRARIES} ({frame.reason})"


def _rule_part(rule: KeyRule, key: str) -> Part:
    asked = (("type", rule.type), ("message", rule.message), ("frame", rule.frame))
    detail = ", ".join(f"{name} {glob}" for name, glob in asked if glob is not None)
    return Part("rule", key, detail, True, True, "the first key rule that matches decides alone")


def _overruled(part: Part) -> Part:
    return Part(part.kind, part.text, part.detail, False, False, "a key rule decides")
