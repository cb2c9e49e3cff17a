"""Looking again and again: when it ends, and what it gets over."""

import time
from itertools import count, islice

import pytest

from analysis.check.looks import PASSING, Look, looks
from analysis.exit_code import CommandFailed, UsageRefused
from analysis.query_error import QueryFailed
from analysis.verdict.check import Check, Verdict
from receiver.storage.store import StoreError, StoreLocked
from tests.checks import CHECKS

UNDECIDED, DECIDED = CHECKS[Verdict.HOLD], CHECKS[Verdict.ROLL_BACK]


def test_without_a_wait_there_is_one_look() -> None:
    """A check that is not to wait is asked for once."""
    assert list(looks(lambda: UNDECIDED, 0.001, 0.0)) == [Look(UNDECIDED)]


def test_the_last_look_is_at_the_end() -> None:
    """A wait looks after each interval, and once more when its time is over."""
    begun = time.monotonic()
    seen = [time.monotonic() - begun for _ in looks(lambda: UNDECIDED, 0.04, 0.1)]
    assert 2 <= len(seen) <= 4
    assert seen[-1] >= 0.1


def test_without_an_end_it_goes_on() -> None:
    """A watch looks until nobody asks any more."""
    asked = count()
    endless = looks(lambda: UNDECIDED if next(asked) < 99 else DECIDED, 0.0001)
    assert [look.is_decided for look in islice(endless, 100)] == [False] * 99 + [True]


@pytest.mark.parametrize("passing", PASSING)
def test_what_may_pass_is_got_over(passing: type[Exception]) -> None:
    """A deployment that has sent nothing yet and a receiver that is busy are looked at again."""
    troubles = [StoreLocked("not now", 1) if passing is StoreLocked else passing("not now")]

    def question() -> Check:
        if troubles:
            raise troubles.pop()
        return DECIDED

    first, second = islice(looks(question, 0.001), 2)
    assert (first.check, first.is_decided) == (None, False)
    assert second.is_decided
    with pytest.raises(passing, match="not now"):
        first.found()
    assert second.found() is DECIDED


@pytest.mark.parametrize("error", [StoreError, UsageRefused, QueryFailed, ZeroDivisionError])
def test_what_stays_wrong_ends_it(error: type[Exception]) -> None:
    """What no later look would mend is not waited for."""

    def question() -> Check:
        raise error("for good")

    with pytest.raises(error, match="for good"):
        next(looks(question, 0.001, 60.0))


def test_a_decision_is_pass_or_fail() -> None:
    """Only a gate that waits is looked at again."""
    decided = {verdict.value for verdict, check in CHECKS.items() if Look(check).is_decided}
    assert decided == {"roll_back", "fix_forward", "healthy"}
    assert not Look(None, CommandFailed("unknown")).is_decided
