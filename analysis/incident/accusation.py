"""What speaks against one deployment, given that others are already known to be at fault.

Four kinds of evidence (own failures, unanswered calls, participation, traffic), each a likelihood
ratio test per minute. What the deployments at fault explain is taken out by comparing like with
like: traces that met them with such traces, and those that did not with those that did not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.incident.passages import Ints, Mask, Passages
from analysis.incident.rivals import Rival
from analysis.incident.strata import (
    Strata,
    after_before,
    beside_or_before,
    log_e,
    one_stratum,
    side_by_side,
)
from analysis.incident.view import View, view_of
from analysis.inference.e_process import RATIOS_DOWN, RATIOS_UP, log_mean
from analysis.verdict.check import Kinds


@dataclass(frozen=True, slots=True, eq=False)
class Accusation:
    """Counts of every kind against a rival.

    `own` and `participation` count failures, `unanswered` calls: a rise speaks against it, in
    `unanswered_others` against its callers' other peers. Those in `traffic` count requests, calls
    and answers, each part by itself: a fall speaks against it. `concurrent`: against another
    version in the same minutes, else against minutes before it.
    """

    own: Strata
    unanswered: Strata
    unanswered_others: Strata
    participation: Strata
    traffic: Mapping[str, Strata]
    concurrent: bool

    @property
    def kinds(self) -> Kinds:
        """The evidence of each kind; None where nothing could be compared."""
        falls = [log_e(strata, RATIOS_DOWN) for strata in self.traffic.values()]
        known = [fall for fall in falls if fall is not None]
        return Kinds(
            log_e(self.own, RATIOS_UP),
            self._unanswered(),
            log_e(self.participation, RATIOS_UP),
            log_mean(known) if known else None,
        )

    def _unanswered(self) -> float | None:
        """Worse than before, and worse than the callers' other peers: the weaker of the two."""
        than_before = log_e(self.unanswered, RATIOS_UP)
        than_others = log_e(self.unanswered_others, RATIOS_UP)
        if than_before is None or than_others is None:
            return than_before
        return min(than_before, than_others)


def accusation_of(
    passages: Passages,
    switches: Mapping[str, Mask],
    rival: Rival,
    culprits: Sequence[Rival] = (),
) -> Accusation:
    """What is left against the rival beside what these culprits explain.

    `switches` has, by service, the minutes in which an instance of it started or stopped.
    """
    view = view_of(passages, switches, rival, culprits)
    unanswered, others = _unanswered(view, rival, culprits)
    return Accusation(
        _own(view), unanswered, others, _participation(view), _traffic(view, rival), view.concurrent
    )


def _own(view: View) -> Strata:
    """Failures among the requests of the service that start in it."""
    table, minutes = view.passages.requests, view.axis.minutes
    rows, calm = view.rows(table.minute, table.passage), view.calm[table.passage]
    mine = view.mine[table.place]
    sides = (mine & calm, view.service[table.place] & ~mine & calm)
    candidate, baseline = (
        [rows.grid(values, side, minutes) for values in (table.own, table.requests)]
        for side in sides
    )
    return beside_or_before(view.axis, candidate, baseline)


def _participation(view: View) -> Strata:
    """Failing traces among those that passed through the service, wherever they failed."""
    table, minutes = view.passages.traces, view.axis.minutes
    rows, calm = view.rows(table.minute, table.passage), view.calm[table.passage]
    candidate, baseline = (
        [
            rows.grid(values, side[table.passage] & calm, minutes)
            for values in (table.failed, table.traces)
        ]
        for side in (view.through, view.others)
    )
    return beside_or_before(view.axis, candidate, baseline)


def _unanswered(view: View, rival: Rival, culprits: Sequence[Rival]) -> tuple[Strata, Strata]:
    """Calls to the service that failed without a request beneath: against the same callers before,
    and against the other peers of these callers in the same minutes."""
    table, minutes = view.passages.calls, view.axis.minutes
    towards = _calls_to(view, rival.place.service_name)
    quiet = view.quiet[table.minute] | (table.minute < view.axis.start)
    rows = view.by_caller(table.minute, table.place)
    mine = [
        rows.grid(values, towards & quiet, minutes) for values in (table.unanswered, table.calls)
    ]
    before = after_before(view.axis, mine, mine)
    blamed = np.zeros(len(towards), np.bool_)
    for culprit in culprits:
        blamed |= _calls_to(view, culprit.place.service_name)
    callers = np.isin(table.place, np.unique(table.place[towards]))
    rest = callers & ~towards & ~blamed & quiet
    one = one_stratum(table.minute)
    sides = (
        [one.grid(v, m, minutes) for v in (table.unanswered, table.calls)]
        for m in (towards & quiet, rest)
    )
    return before, side_by_side(view.axis, *sides)


def _traffic(view: View, rival: Rival) -> dict[str, Strata]:
    """Traffic that may have dried up: what the rival calls, what happens elsewhere in its traces,
    and, against before, what its service is asked and answers."""
    parts = {f"calls to {peer}": strata for peer, strata in _outgoing(view)}
    parts |= {f"requests to {service}": strata for service, strata in _elsewhere(view, rival)}
    towards = _calls_to(view, rival.place.service_name)
    if towards.any():
        parts["calls to it"], parts["answers"] = _incoming(view, towards)
    else:
        parts["requests to it"] = _asked_from_outside(view)
    return parts


def _outgoing(view: View) -> list[tuple[str, Strata]]:
    """Calls to each peer per request of the service that did not fail."""
    calls, requests, minutes = view.passages.calls, view.passages.requests, view.axis.minutes
    call_rows, request_rows = one_stratum(calls.minute), one_stratum(requests.minute)
    sides = (view.mine, view.service & ~view.mine)
    went_well = requests.requests - requests.failures
    asked = [
        request_rows.grid(went_well, side[requests.place] & view.calm[requests.passage], minutes)
        for side in sides
    ]
    found = []
    of_service = view.service[calls.place]
    for peer in np.unique(calls.peer[of_service & (calls.peer >= 0)]):
        to_peer = (calls.peer == peer) & view.calm[calls.passage]
        made = [call_rows.grid(calls.calls, side[calls.place] & to_peer, minutes) for side in sides]
        strata = _traffic_compared(view, [made[0], asked[0]], [made[1], asked[1]])
        found.append((view.passages.peers[peer], strata))
    return found


def _elsewhere(view: View, rival: Rival) -> list[tuple[str, Strata]]:
    """Requests to each other service per trace through the service in which nothing failed."""
    requests, traces, minutes = view.passages.requests, view.passages.traces, view.axis.minutes
    request_rows, trace_rows = one_stratum(requests.minute), one_stratum(traces.minute)
    sides = [view.through & view.calm, view.others & view.calm]
    went_well = traces.traces - traces.failed
    passed = [trace_rows.grid(went_well, side[traces.passage], minutes) for side in sides]
    names = np.array([place.service_name for place in view.passages.places], dtype=object)
    found = []
    for name in sorted({str(name) for name in names} - {rival.place.service_name}):
        there = (names == name)[requests.place]
        served = [
            request_rows.grid(requests.requests, there & side[requests.passage], minutes)
            for side in sides
        ]
        strata = _traffic_compared(view, [served[0], passed[0]], [served[1], passed[1]])
        found.append((name, strata))
    return found


def _traffic_compared(view: View, candidate: Sequence[Ints], baseline: Sequence[Ints]) -> Strata:
    """Side by side, where nothing but the version differs; against before only where the versions
    did not serve together. Traces are not told apart by the culprits that they met: which services
    a trace meets is what traffic is about."""
    pair = side_by_side if view.concurrent else beside_or_before
    return pair(view.timed, candidate, baseline)


def _incoming(view: View, towards: Mask) -> tuple[Strata, Strata]:
    """Calls to the service per request of each caller that went well, and answers per call; against
    before."""
    calls, requests, minutes = view.passages.calls, view.passages.requests, view.axis.minutes
    call_rows = view.by_caller(calls.minute, calls.place)
    request_rows = view.by_caller(requests.minute, requests.place)
    every = np.ones(len(requests.minute), np.bool_)
    made, answered = (
        call_rows.grid(values, towards, minutes) for values in (calls.calls, calls.answered)
    )
    asked = request_rows.grid(requests.requests - requests.failures, every, minutes)
    return (
        after_before(view.timed, [made, asked], [made, asked]),
        after_before(view.axis, [answered, made], [answered, made]),
    )


def _asked_from_outside(view: View) -> Strata:
    """Requests to a service that no stored call goes to, per request to the others of that kind."""
    requests, minutes = view.passages.requests, view.axis.minutes
    called = {service for service in view.passages.peer_services if service is not None}
    outside = np.array(
        [place.service_name not in called for place in view.passages.places], np.bool_
    )
    one = one_stratum(requests.minute)
    mine = one.grid(requests.requests, view.service[requests.place], minutes)
    rest = one.grid(requests.requests, (outside & ~view.service)[requests.place], minutes)
    return after_before(view.timed, [mine, rest], [mine, rest])


def _calls_to(view: View, service: str) -> Mask:
    """Rows of the calls that go to the service."""
    behind = np.array([one == service for one in view.passages.peer_services] + [False], np.bool_)
    peer: Ints = view.passages.calls.peer
    return behind[peer]
