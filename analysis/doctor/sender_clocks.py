"""The clocks of the senders, seen by when their spans ended and when they came."""

from dataclasses import dataclass
from pathlib import Path

from analysis.check.figures import counted
from analysis.database import open_database
from analysis.doctor.check import Check, ok, warning
from analysis.query_error import QueryError
from analysis.rows import rows_from_arrow
from analysis.safe_text import shown
from receiver.storage.store import StoreError, StoreMissing

AHEAD_S_MAX = 1.0
LATE_S_MAX = 3600.0
_NAMED_MAX = 5
_SQL = Path(__file__).with_name("sender_clocks.sql")


@dataclass(frozen=True, slots=True)
class SenderClock:
    """How long after their end the spans of a service were received, in seconds.

    19 of 20 took longer than `ahead_s`, half longer than `late_s`.
    """

    service_name: str | None
    span_count: int
    ahead_s: float
    late_s: float


def check_sender_clocks(store: Path) -> Check:
    """Asks the store, wherever it is, for services whose spans come from the future or very
    late."""
    try:
        with open_database(store) as database:
            table = database.sql(_SQL.read_text(encoding="utf-8")).table
    except StoreMissing:
        return ok("sender clocks", "nothing is stored yet")
    except (StoreError, QueryError) as error:
        step = "See the check of the store."
        return warning("sender clocks", f"not known, the store cannot be asked: {error}", step)
    return judge(rows_from_arrow(table).records(SenderClock))


def judge(clocks: list[SenderClock]) -> Check:
    """Names the services whose clocks are ahead, or whose spans are hours old when they come."""
    ahead = [
        f"{shown(clock.service_name or 'unnamed')} is {-clock.ahead_s:.1f} s ahead"
        for clock in clocks
        if clock.ahead_s < -AHEAD_S_MAX
    ]
    late = [
        f"{shown(clock.service_name or 'unnamed')} sends {clock.late_s / 3600:.1f} h late"
        for clock in clocks
        if clock.late_s > LATE_S_MAX
    ]
    wrong = ahead + late
    if not wrong:
        services = counted(len(clocks), "service")
        return ok("sender clocks", f"{services}, none ahead and none hours late")
    more = f" and {len(wrong) - _NAMED_MAX} more" if len(wrong) > _NAMED_MAX else ""
    return warning(
        "sender clocks",
        "; ".join(wrong[:_NAMED_MAX]) + more,
        "Synchronise the clocks of these hosts. Spans that were queued for long or imported from"
        " files are late without any fault.",
    )
