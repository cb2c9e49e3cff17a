"""An hour in which several deployments go out at once, one of them defective, in a real store."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from benchmarks.simulated_services import (
    MINUTE_S,
    STEP_NS,
    Defect,
    Edge,
    Estate,
    Floats,
    Node,
    Simulation,
    made_up_estate,
    services_met,
)

START_NS = int(datetime(2026, 1, 2, 10, 0, tzinfo=UTC).timestamp()) * 10**9
HISTORY_MINUTES, WINDOW_MINUTES = 60, 60
SINCE_S = HISTORY_MINUTES * MINUTE_S
UNTIL_S = (HISTORY_MINUTES + WINDOW_MINUTES) * MINUTE_S
KINDS = ("own", "crash", "elsewhere", "traffic", "none")
ZEROS = (
    "resource_id",
    "flags",
    "scope_dropped_attributes_count",
    "dropped_attributes_count",
    "dropped_events_count",
    "dropped_links_count",
)


@dataclass(frozen=True, slots=True)
class Simulated:
    """What was simulated: which versions went out, and which of them is defective, if one is."""

    deployed: tuple[str, ...]
    defective: str | None
    kind: str
    detail: str
    spans: int


def simulate(connection: duckdb.DuckDBPyConnection, kind: str, seed: int) -> Simulated:
    """Fills the attached store with two hours of traces; `kind` is one of KINDS."""
    random = np.random.default_rng([seed, KINDS.index(kind)])
    names, journeys = made_up_estate(random)
    deployed = _deployed(random, names, journeys)
    defect = _defect(random, kind, journeys, deployed)
    switches = [_switches(random, index in deployed) for index in range(len(names))]
    if defect is not None:
        switches[defect.service] = _defective_switches(random, defect, switches[defect.service])
    estate = Estate(
        names,
        tuple(float(rate) for rate in random.uniform(0.0002, 0.002, len(names))),
        tuple(switches),
        _bursts(random, len(names)),
        journeys,
        random.dirichlet(np.full(len(journeys), 4.0)),
        defect,
    )
    simulation = Simulation(estate, random)
    per_minute = int(random.integers(50, 121))
    count = int(random.poisson(per_minute * UNTIL_S / MINUTE_S))
    simulation.pass_through(np.sort(random.uniform(0, UNTIL_S - 1, count)))
    table = _span_rows(simulation, estate, random)
    _insert(connection, "spans", table)
    _insert(connection, "deployment_marks", _marks(estate, deployed))
    return Simulated(
        tuple(f"{names[index]}@2" for index in deployed),
        None if defect is None else f"{names[defect.service]}@2",
        kind,
        "" if defect is None else f"{defect.kind} {defect.rate:.2f} of {names[defect.service]}",
        table.num_rows,
    )


def _deployed(
    random: np.random.Generator, names: Sequence[str], journeys: Sequence[Node]
) -> tuple[int, ...]:
    """Three to six services that have traffic."""
    met = sorted({service for journey in journeys for service in services_met(journey)})
    count = min(int(random.integers(3, 7)), len(met))
    return tuple(sorted(int(index) for index in random.choice(met, count, replace=False)))


def _defect(
    random: np.random.Generator, kind: str, journeys: Sequence[Node], deployed: Sequence[int]
) -> Defect | None:
    """A defect of one of the deployed services; None if none is defective."""
    if kind == "none":
        return None
    choices = [choice for service in deployed for choice in _defects(kind, service, journeys)]
    if not choices:
        return None
    service, what, victim = choices[int(random.integers(len(choices)))]
    low, high = {"own": (0.03, 0.3), "crash": (0.3, 1.0)}.get(what, (0.1, 0.6))
    if kind == "traffic":
        low, high = 0.7, 1.0
    return Defect(service, what, float(random.uniform(low, high)), victim)


def _defects(kind: str, service: int, journeys: Sequence[Node]) -> list[tuple[int, str, int]]:
    """What can be wrong with this service: service, kind, and the service that fails."""
    together = {
        other
        for journey in journeys
        for path in _paths(journey)
        if service in path
        for other in path
        if other != service
    }
    if kind == "own":
        return [(service, "own", -1)]
    if kind == "crash":
        return [(service, "crash", -1)] if service else []
    if kind == "elsewhere":
        return [(service, "elsewhere", other) for other in sorted(together)]
    found = []
    edges = [edge for journey in journeys for edge in _edges(journey)]
    if any(n.edges for j in journeys for n in _nodes(j) if n.service == service):
        found.append((service, "silent", -1))
    if service:
        found.append((service, "unasked", -1))
    towards = [edge for edge in edges if edge.node.service == service]
    if towards and all(edge.message for edge in towards):
        found.append((service, "lost", -1))
    return found


def _nodes(node: Node) -> list[Node]:
    return [node, *(found for edge in node.edges for found in _nodes(edge.node))]


def _edges(node: Node) -> list[Edge]:
    return [edge for one in _nodes(node) for edge in one.edges]


def _paths(node: Node) -> list[list[int]]:
    """The services from the root to each leaf."""
    below = [path for edge in node.edges for path in _paths(edge.node)]
    return [[node.service, *path] for path in below] or [[node.service]]


def _switches(random: np.random.Generator, deployed: bool) -> Floats:
    """When each instance is replaced: one after the other, mostly; some roll-outs stop at one."""
    count = int(random.integers(3, 7))
    if not deployed:
        return np.full(count, np.inf)
    first = SINCE_S + random.uniform(2, 30) * MINUTE_S
    how = random.random()
    step = 2.0 if how < 0.1 else random.uniform(1, 5) * MINUTE_S
    switches = first + step * np.arange(count) + random.uniform(0, 5, count)
    if how > 0.9:
        switches[1:] = np.inf
    return np.where(switches < UNTIL_S, switches, np.inf)


def _defective_switches(random: np.random.Generator, defect: Defect, switches: Floats) -> Floats:
    """A version that gets nothing done never becomes the only one: somebody stops the roll-out;
    traffic has not dried up before half of it was replaced."""
    if defect.kind in ("crash", "unasked", "lost"):
        least = 1 if defect.kind == "crash" else (len(switches) + 1) // 2
        kept = int(random.integers(least, len(switches)))
        first = float(switches[0])
        steady = first + 90.0 * np.arange(len(switches))
        switches = np.where(np.isinf(switches), steady, switches)
        return np.where(np.arange(len(switches)) < kept, switches, np.inf)
    return switches


def _bursts(random: np.random.Generator, services: int) -> tuple[tuple[int, float, float], ...]:
    """Two to five short times of trouble that hit both versions of a service."""
    found = []
    for _ in range(int(random.integers(2, 6))):
        since = float(random.uniform(0, UNTIL_S))
        length_s = float(random.uniform(10, 60))
        found.append((int(random.integers(services)), since, since + length_s))
    return tuple(found)


def _span_rows(simulation: Simulation, estate: Estate, random: np.random.Generator) -> pa.Table:
    """The spans as rows of the table; those of a version that crashes do not exist."""
    columns = simulation.spans.joined()
    names = np.array([*estate.names, "none"], dtype=object)
    service = names[columns["service"]]
    version = np.where(columns["new"], "2", "1")
    start = START_NS + (columns["time_s"].astype(np.float64) * 1e9).astype(np.int64)
    start += columns["depth"].astype(np.int64) * STEP_NS
    request = np.isin(columns["kind"], ("SERVER", "CONSUMER"))
    failed, count = columns["failed"], len(start)
    duration = (random.lognormal(1.5, 0.5, count) * 4e6).astype(np.int64)
    parent = columns["parent"]
    return pa.table(
        {
            "trace_id": _trace_ids(random, columns["trace"]),
            "span_id": columns["span"].astype(np.uint64),
            "parent_span_id": pa.array(parent.astype(np.uint64), mask=parent == 0),
            "service_name": _texts(service),
            "service_version": _texts(version),
            "environment_name": _texts(np.full(count, "prod", dtype=object)),
            "instance_id": _texts(
                np.char.add(np.char.add(columns["slot"].astype(str), "-"), version)
            ),
            "span_kind": _texts(columns["kind"]),
            "span_name": _texts(columns["name"]),
            "endpoint": pa.array(columns["name"], mask=~request),
            "peer": pa.array(names[columns["peer"]], mask=request),
            "outcome": _texts(np.where(failed, "server_error", "ok")),
            "status_code": _texts(np.where(failed, "ERROR", "UNSET")),
            "start_time_unix_nano": start,
            "received_at_unix_nano": start + 10**9,
            "duration_ns": duration,
            "request_id": np.ones(count, np.int64),
            **{name: np.zeros(count, np.int64) for name in ZEROS},
        }
    )


def _texts(values: npt.NDArray[np.generic]) -> pa.Array:
    return pa.array(values, pa.string()).dictionary_encode()


def _trace_ids(random: np.random.Generator, trace: npt.NDArray[np.generic]) -> pa.Array:
    """A random id for each number."""
    words = random.integers(1, 2**62, (int(trace.max()) + 1, 2))
    texts = np.array([f"{high:016x}{low:016x}" for high, low in words.tolist()], dtype=object)
    return _texts(texts[trace])


def _marks(estate: Estate, deployed: Sequence[int]) -> pa.Table:
    """A mark for every deployment, as a pipeline makes it when it begins."""
    marked = [float(estate.switches[index].min()) - 5 for index in deployed]
    return pa.table(
        {
            "service_name": [estate.names[index] for index in deployed],
            "service_version": ["2"] * len(deployed),
            "environment_name": ["prod"] * len(deployed),
            "irreversible": [False] * len(deployed),
            "marked_at_unix_nano": [START_NS + int(at * 1e9) for at in marked],
        }
    )


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: pa.Table) -> None:
    connection.register("simulated_rows", rows)
    connection.execute(f"INSERT INTO store.{table} BY NAME FROM simulated_rows")
    connection.unregister("simulated_rows")
