"""Checks of the store that this receiver holds, found once for all who ask at a time."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from analysis.api.room_database import RoomDatabase
from analysis.api.shared_checks import ANSWER_S, REUSE_S, SharedChecks
from analysis.api.turns import Turns
from analysis.asking import Asking
from analysis.catalog import Catalog
from analysis.check.asked_check import AskedCheck, ask
from analysis.question import Question
from analysis.reading_room import ReadingRoom
from analysis.verdict.check import Check
from analysis.verdict.thresholds import Thresholds


def default_thresholds(_service: str) -> Thresholds:
    """The thresholds of every service where no file sets others."""
    return Thresholds()


def room_checks(
    room: Callable[[], ReadingRoom],
    catalog: Catalog,
    thresholds: Callable[[str], Thresholds],
    turns: Turns,
    answer_s: float = ANSWER_S,
    reuse_s: float = REUSE_S,
) -> SharedChecks:
    """The checks of the room; each takes its turn among all questions, and `answer_s` at most."""

    def find(asked: AskedCheck, end: float, question: Question) -> Check:
        left_s = max(0.0, end - time.monotonic())
        store = Asking(RoomDatabase(room(), question, left_s), catalog)
        return ask(store, asked, thresholds, datetime.now(UTC))

    return SharedChecks(find, turns, answer_s, reuse_s)
