"""What `resolve` and `silence` have in common: what is decided about, and what was decided."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from analysis.asking import Asking
from analysis.exception_group import named_exception
from analysis.exit_code import CommandFailed
from analysis.rows import Rows
from analysis.safe_text import shortened, shown

RESOLUTION, SILENCE = "resolution", "silence"
_WORDS = {RESOLUTION: "resolved", SILENCE: "silenced"}


@dataclass(frozen=True, slots=True)
class Decided:
    """The latest word on a fingerprint and service; the fields are columns of the saved query
    `exception_decisions`. `active`: it counts now."""

    kind: str
    active: bool
    withdrawn: bool
    fingerprint: str
    service_name: str | None
    in_version: str | None
    until: str | None
    note: str | None
    decided_at: str
    exception_type: str | None
    exception_message: str | None

    def __str__(self) -> str:
        """What it is about, on one line, harmless in a terminal."""
        text = shortened(shown(self.exception_type or "(no type)"), 80)
        if self.exception_message:
            text += f": {shortened(shown(self.exception_message), 100)}"
        return f"{text} ({self.fingerprint}){where(self.service_name)}"


def decision_rows(
    store: Asking, kind: str | None = None, keys: Collection[str] = (), over: bool = False
) -> Rows:
    """The latest word on each fingerprint and service as rows: of one kind or both, about these
    fingerprints or all, `over`: also what was taken back or is over."""
    rows = store.rows("exception_decisions", {"kind": kind, "withdrawn": over})
    if not keys:
        return rows
    about = next(column.values for column in rows.columns if column.name == "fingerprint")
    kept = [at for at, key in enumerate(about) if key in keys]
    return Rows(
        tuple(replace(column, values=[column.values[at] for at in kept]) for column in rows.columns)
    )


def standing(store: Asking, kind: str, text: str, service_name: str | None) -> Decided:
    """The one decision that counts now and can be taken back; raises UsageRefused or CommandFailed.

    Its key is, or begins like, the text; the exception itself need not be stored any more.
    """
    start = text.strip().rstrip("….").lower()
    decided = decision_rows(store, kind).records(Decided)
    meant = [
        one
        for one in decided
        if len(start) >= 6
        and one.fingerprint.startswith(start)
        and one.service_name == service_name
    ]
    if len({one.fingerprint for one in meant}) == 1:
        return meant[0]
    named = named_exception(store, text)
    here = [one for one in decided if one.fingerprint in named.keys]
    lines = "\n".join(f"  {one}" for one in here)
    hint = f" Decided of it:\n{lines}" if here else ""
    raise CommandFailed(f"{named} is not {_WORDS[kind]}{where(service_name)}.{hint}")


def where(service_name: str | None) -> str:
    """` in SERVICE`, or nothing for every service."""
    return "" if service_name is None else f" in {shown(service_name)}"
