"""What came of trying to tell a target."""

from dataclasses import dataclass

from analysis.announcing.exchange import Reply
from receiver.storage.announcements import REFUSED, SENT, WAITING


@dataclass(frozen=True, slots=True)
class Outcome:
    """`state` is sent, refused (never to be tried again) or waiting (to be tried again, not before
    `after_s` seconds where the target said so). `said` is for people and holds no secret."""

    state: str
    said: str
    reference: str | None = None
    after_s: float | None = None


def outcome_of(reply: Reply, reference: str | None = None) -> Outcome:
    """What a reply means."""
    if reply.is_good:
        return Outcome(SENT, reply.trouble, reference)
    if reply.may_be_mended:
        return Outcome(WAITING, reply.trouble, after_s=reply.retry_after_s)
    said = reply.trouble
    if reply.status is not None and 300 <= reply.status < 400:
        said += ": redirects are not followed, set the address that it leads to"
    return Outcome(REFUSED, said)


def not_now(said: str) -> Outcome:
    """It could not be tried at all, and may be once somebody has mended what is said."""
    return Outcome(WAITING, said)
