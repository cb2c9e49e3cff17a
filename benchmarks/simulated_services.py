"""A made-up graph of services whose versions are replaced while traces pass through them.

Journeys start at `web` and call on through 8 to 12 services: some calls are made only now and then,
some are made again when they fail, some may fail without harm, some are messages. Each service has
some instances; a roll-out replaces one after the other, with a little noise at every switch. All
traces are worked out at once, node by node, with numpy.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

MINUTE_S = 60.0
NOISE_S, NOISE_RATE = 8.0, 0.3
WARM_UP_S, WARM_UP_RATE = 30.0, 0.02
BURST_RATE = 0.3
ABORT_RATE = 0.5
STEP_NS = 2_000_000
NODES_MAX = 14


@dataclass(frozen=True, slots=True)
class Edge:
    """A call in a journey: made with probability `chance`; `again`: made once more when it failed;
    `optional`: its failure is no harm; `message`: it is sent, not asked."""

    node: "Node"
    chance: float
    again: bool
    optional: bool
    message: bool


@dataclass(frozen=True, slots=True)
class Node:
    """A request in a journey, and the calls it makes."""

    service: int
    endpoint: str
    edges: tuple[Edge, ...]


@dataclass(frozen=True, slots=True)
class Defect:
    """What is wrong with a new version. `kind` is own, crash, elsewhere, silent (it calls no more),
    unasked (nothing calls it any more) or lost (what is sent to it does not arrive); `victim` is
    the service that fails elsewhere."""

    service: int
    kind: str
    rate: float
    victim: int = -1


@dataclass(frozen=True, slots=True)
class Estate:
    """The services: names, own failure rates, when each instance is replaced (seconds; infinity
    for never), bursts as (service, from, to), and journeys with their shares."""

    names: tuple[str, ...]
    rates: tuple[float, ...]
    switches: tuple[Floats, ...]
    bursts: tuple[tuple[int, float, float], ...]
    journeys: tuple[Node, ...]
    shares: Floats
    defect: Defect | None = None


@dataclass(slots=True)
class Columns:
    """Spans as lists of arrays, a name per column."""

    parts: dict[str, list[npt.NDArray[np.generic]]] = field(default_factory=dict)
    count: int = 0

    def add(self, **columns: npt.NDArray[np.generic]) -> None:
        """More rows; every call names the same columns."""
        for name, values in columns.items():
            self.parts.setdefault(name, []).append(values)
        self.count += len(next(iter(columns.values())))

    def joined(self) -> dict[str, npt.NDArray[np.generic]]:
        """Each column as one array."""
        return {name: np.concatenate(values) for name, values in self.parts.items()}


def made_up_estate(random: np.random.Generator) -> tuple[tuple[str, ...], tuple[Node, ...]]:
    """Names of services and the journeys through them."""
    count = int(random.integers(8, 13))
    names = ("web", *(f"service-{number}" for number in range(1, count)))
    below: dict[int, list[int]] = {number: [] for number in range(count)}
    for number in range(1, count):
        for parent in {int(p) for p in random.integers(0, number, 1 + int(random.random() < 0.4))}:
            below[parent].append(number)
    journeys: list[Node] = []
    while len(journeys) < 5:
        budget = [NODES_MAX]
        node = _journey(random, below, 0, len(journeys), budget)
        if budget[0] < NODES_MAX - 3:
            journeys.append(node)
    return names, tuple(journeys)


def _journey(
    random: np.random.Generator,
    below: dict[int, list[int]],
    service: int,
    number: int,
    budget: list[int],
) -> Node:
    edges = []
    for child in below[service]:
        if budget[0] > 0 and random.random() < 0.75:
            budget[0] -= 1
            message = random.random() < 0.15
            edges.append(
                Edge(
                    _journey(random, below, child, number, budget),
                    float(random.choice([1.0, 1.0, 0.8, 0.5])),
                    not message and random.random() < 0.2,
                    not message and random.random() < 0.15,
                    message,
                )
            )
    return Node(service, f"GET /journey-{number}", tuple(edges))


class Simulation:
    """Traces through an estate, worked out into spans."""

    def __init__(self, estate: Estate, random: np.random.Generator) -> None:
        """Nothing has happened yet."""
        self.spans = Columns()
        self._estate, self._random, self._next_id = estate, random, 1
        self._time_s: Floats = np.zeros(0)
        self._spoiled: Mask = np.zeros(0, np.bool_)

    def pass_through(self, times_s: Floats) -> None:
        """A trace that begins at each of these seconds, in a journey by chance."""
        journeys = self._random.choice(
            len(self._estate.shares), size=len(times_s), p=self._estate.shares
        )
        self._time_s = times_s
        self._spoiled = np.zeros(len(times_s), np.bool_)
        parents = np.zeros(len(times_s), np.int64)
        for number, journey in enumerate(self._estate.journeys):
            active = journeys == number
            slots = self._slots(journey.service, len(times_s))
            self._request(journey, active, parents, slots, 0, message=False)

    def _request(
        self, node: Node, active: Mask, parents: Numbers, slots: Numbers, depth: int, *,
        message: bool,
    ) -> Mask:  # fmt: skip
        """Which traces fail in this request."""
        new = self._is_new(node.service, slots)
        ids = self._ids(active)
        failed = active & self._fails(node.service, slots, new)
        defect = self._estate.defect
        bad = new & (defect is not None and defect.service == node.service)
        if defect is not None and defect.kind == "elsewhere":
            self._spoiled |= active & bad
        going = active & ~(failed & self._chance(ABORT_RATE))
        for edge in node.edges:
            made = going & ~failed & self._chance(edge.chance)
            if defect is not None and defect.kind == "silent":
                made &= ~(bad & self._chance(defect.rate))
            failed |= self._call(node, edge, made, ids, slots, depth + 1)
        if defect is not None and defect.kind == "elsewhere" and defect.victim == node.service:
            failed |= active & self._spoiled & self._chance(defect.rate)
        kind = "CONSUMER" if message else "SERVER"
        self._add(active, ids, parents, node.service, slots, kind, node.endpoint, -1, failed, depth)
        return failed

    def _call(
        self, node: Node, edge: Edge, made: Mask, parents: Numbers, caller_slots: Numbers,
        depth: int,
    ) -> Mask:  # fmt: skip
        """Which traces fail because of this call, and go on to fail the request that made it."""
        failed = self._attempt(node, edge, made, parents, caller_slots, depth)
        if edge.again:
            failed = self._attempt(node, edge, failed, parents, caller_slots, depth)
        return np.zeros_like(failed) if edge.optional or edge.message else failed

    def _attempt(
        self, node: Node, edge: Edge, made: Mask, parents: Numbers, caller_slots: Numbers,
        depth: int,
    ) -> Mask:  # fmt: skip
        service, defect = edge.node.service, self._estate.defect
        slots = self._slots(service, len(made))
        bad = self._is_new(service, slots) & (defect is not None and defect.service == service)
        if defect is not None and defect.kind == "unasked":
            made = made & ~(bad & self._chance(defect.rate))
        unanswered = made & self._switching(service, slots) & self._chance(NOISE_RATE)
        lost = np.zeros_like(made)
        if defect is not None and defect.kind == "crash":
            unanswered |= made & bad & self._chance(defect.rate)
            bad_served = made & bad & ~unanswered
            slots = np.where(bad_served, self._old_slot(service), slots)
        if defect is not None and defect.kind == "lost" and edge.message:
            lost = made & bad & self._chance(defect.rate)
        ids = self._ids(made)
        arrived = made & ~unanswered & ~lost
        failed = unanswered | self._request(
            edge.node, arrived, ids, slots, depth + 1, message=edge.message
        )
        kind = "PRODUCER" if edge.message else "CLIENT"
        call_failed = unanswered if edge.message else failed
        self._add(
            made,
            ids,
            parents,
            node.service,
            caller_slots,
            kind,
            "call",
            service,
            call_failed,
            depth,
        )
        return failed

    def _fails(self, service: int, slots: Numbers, new: Mask) -> Mask:
        """Own failures: usual ones, those of a burst, of an instance that has just begun, and the
        defect's."""
        chance = np.full(len(slots), self._estate.rates[service])
        for hit, since, until in self._estate.bursts:
            if hit == service:
                chance[(self._time_s >= since) & (self._time_s < until)] = BURST_RATE
        age = self._time_s - self._estate.switches[service][slots]
        chance[(age >= 0) & (age < WARM_UP_S)] += WARM_UP_RATE
        defect = self._estate.defect
        if defect is not None and defect.kind == "own" and defect.service == service:
            chance[new] += defect.rate
        return self._random.random(len(slots)) < chance

    def _is_new(self, service: int, slots: Numbers) -> Mask:
        new: Mask = self._time_s >= self._estate.switches[service][slots]
        return new

    def _switching(self, service: int, slots: Numbers) -> Mask:
        """Whether the instance was replaced within the last seconds."""
        age = self._time_s - self._estate.switches[service][slots]
        switching: Mask = (age >= 0) & (age < NOISE_S)
        return switching

    def _old_slot(self, service: int) -> int:
        """The instance that is replaced last."""
        return int(np.argmax(self._estate.switches[service]))

    def _slots(self, service: int, count: int) -> Numbers:
        return self._random.integers(0, len(self._estate.switches[service]), count)

    def _chance(self, rate: float) -> Mask:
        chance: Mask = self._random.random(len(self._time_s)) < rate
        return chance

    def _ids(self, active: Mask) -> Numbers:
        """A span id for each active trace, 0 elsewhere."""
        ids = np.zeros(len(active), np.int64)
        count = int(active.sum())
        ids[active] = np.arange(self._next_id, self._next_id + count)
        self._next_id += count
        return ids

    def _add(
        self, active: Mask, ids: Numbers, parents: Numbers, service: int, slots: Numbers,
        kind: str, name: str, peer: int, failed: Mask, depth: int,
    ) -> None:  # fmt: skip
        rows = np.flatnonzero(active)
        count = len(rows)
        self.spans.add(
            trace=rows,
            span=ids[rows],
            parent=parents[rows],
            time_s=self._time_s[rows],
            depth=np.full(count, depth),
            service=np.full(count, service),
            slot=slots[rows],
            new=self._is_new(service, slots)[rows],
            kind=np.full(count, kind),
            name=np.full(count, name),
            peer=np.full(count, peer),
            failed=failed[rows],
        )


def services_met(node: Node) -> Sequence[int]:
    """The services of a journey, each as often as it is called."""
    return [node.service, *(s for edge in node.edges for s in services_met(edge.node))]
