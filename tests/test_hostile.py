"""Whatever arrives, the receiver answers honestly, and what others send beside it is stored."""

import random
import socket
import threading
import uuid
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from receiver.errors import MalformedRequest
from receiver.export_request import read_request
from receiver.flatten.endpoint import EndpointLimit
from receiver.flatten.redaction import Redaction
from receiver.flatten.redaction_rules import RedactionRules
from receiver.group import Group, GroupBuilder, Refused
from receiver.signals import Signal
from tests.hostile_cases import CASES, HEAVY
from tests.hostile_payloads import Payload, bases, payloads
from tests.hostile_protobuf import mutate_protobuf
from tests.hostile_run import (
    REFUSED,
    STORED,
    Fate,
    Findings,
    Senders,
    attack,
    compare,
    neighbour,
    receiving,
)
from tests.hostile_shapes import field, services, span
from tests.ingest import trace_request
from tests.row_oracle import Expected, comparable, digest
from tests.served import rows

PAYLOADS, SEED = 2_000, 3
LIGHT = [name for name in CASES if name not in HEAVY]
# Header lines that lie about the body `abc`, and what may be answered; None is a closed connection.
HEADER_LIES: dict[str, set[int | None]] = {
    "Content-Length: 1000": {None, 400},
    "Content-Length: 1": {400},
    "Content-Length: -1": {400},
    "Content-Length: 99999999999999999999": {None, 400, 413},
    "Content-Length: 3\r\nContent-Length: 4": {400},
    "Content-Length: 3\r\nTransfer-Encoding: chunked": {400, None},
    "Transfer-Encoding: chunked": {400, None},
    "Content-Length: 3\r\nContent-Encoding: gzip, gzip": {400},
    "Content-Length: 3\r\nContent-Encoding: \x1b[2J": {400},
    "Content-Length: 3\r\nX: " + "y" * 100_000: {None, 400, 431},
}


@dataclass(frozen=True, slots=True)
class Attacked:
    """What became of mutated requests and of all light cases, each sent with a neighbour."""

    findings: Findings
    compared: int
    told: dict[str, tuple[Fate, Fate]]
    accepted: dict[uuid.UUID, int]
    digests: dict[str, uuid.UUID]
    lies: dict[str, int | None]


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Attacked:
    """One receiver that got everything, and then stopped as it should."""
    store = tmp_path_factory.mktemp("hostile") / "s.duckdb"
    findings, told, digests = Findings(), {}, {}
    with receiving(store) as (addresses, _):
        senders = Senders(addresses)
        must = attack(senders, payloads(PAYLOADS, SEED), findings)
        for number, name in enumerate(LIGHT):
            payload = CASES[name].make()
            told[name] = together(senders, payload, neighbour(1_000_000 + 4 * number))
            digests[name] = digest(payload.signal, payload.body)
        lies = {lie: lying(addresses.http, lie) for lie in HEADER_LIES}
        senders.close()
    compared = compare(store, must, findings)
    ledger = rows(store, "SELECT digest, accepted_count FROM export_requests")
    accepted = {row["digest"]: row["accepted_count"] for row in ledger}
    return Attacked(findings, compared, told, accepted, digests, lies)


def together(senders: Senders, hostile: Payload, good: Payload) -> tuple[Fate, Fate]:
    """The fates of two requests that are sent at the same time."""
    fates: list[Fate] = []
    thread = threading.Thread(target=lambda: fates.append(senders.send(hostile)))
    thread.start()
    beside = senders.send(good)
    thread.join()
    return fates[0], beside


def lying(address: str, headers: str) -> int | None:
    """The status code for a request with these headers, None if the connection was closed."""
    host, _, port = address.rpartition(":")
    head = "POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n"
    text = f"{head}{headers}\r\n\r\nabc"
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(text.encode("latin-1"))
        connection.shutdown(socket.SHUT_WR)
        answer = connection.recv(4096)
    return int(answer.split()[1]) if answer.startswith(b"HTTP/") else None


def test_mutated_requests(attacked: Attacked) -> None:
    """Of 2,000 mutated requests each is answered honestly, and every row of those that the strict
    parser takes, and of their neighbours, is stored exactly."""
    assert attacked.findings.wrong == []
    fates = {fate for _, fate in attacked.findings.fates}
    assert fates == {STORED, REFUSED}
    assert attacked.compared > PAYLOADS / 2
    assert attacked.findings.fates["neighbour", STORED] == attacked.findings.neighbours


@pytest.mark.parametrize("name", LIGHT)
def test_case(attacked: Attacked, name: str) -> None:
    """Each hand-made request has exactly its fate, and a good one beside it is stored."""
    case = CASES[name]
    fate, beside = attacked.told[name]
    assert (fate.fate, fate.rejected) == (case.fate, case.rejected), fate
    assert case.says in fate.detail
    assert attacked.accepted.get(attacked.digests[name], 0) == case.spans
    assert beside == Fate(STORED)


@pytest.mark.parametrize("lie", HEADER_LIES, ids=lambda lie: lie[:60])
def test_header_lies(attacked: Attacked, lie: str) -> None:
    """A request whose headers lie is refused or cut off, never taken and never an error of ours."""
    assert attacked.lies[lie] in HEADER_LIES[lie]


BASES = bases()


@given(seed=st.integers(0, 2**32), signal=st.sampled_from(list(Signal)))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_rows_are_those_of_the_strict_parser(seed: int, signal: Signal) -> None:
    """Two mutated requests in one group become the rows that the strict parser implies, each its
    own."""
    source = random.Random(seed)
    taken = []
    for _ in range(2):
        try:
            _, body = mutate_protobuf(source, BASES[signal])
            taken.append(read_request(signal, "test", body, 5))
        except MalformedRequest:
            continue
    builder = GroupBuilder(1, EndpointLimit(), Redaction(RedactionRules(mode="off")))
    group, refused = builder.build(taken)
    assert refused == []
    name = "spans" if signal is Signal.TRACES else "log_records"
    stored = [row for table, part in group.tables if table == name for row in part.to_pylist()]
    for number, request in zip(group.request_ids, group.requests, strict=True):
        expected = Expected(signal, request.payload)
        mine = [comparable(row) for row in stored if row["request_id"] == number]
        wanted = expected.rows[name]
        seen = [{key: one[key] for key in row} for row, one in zip(wanted, mine, strict=True)]
        assert repr(seen) == repr(wanted)  # NaN is NaN, and 1 is not 1.0


def build(*payloads: bytes, signal: Signal = Signal.TRACES) -> tuple[Group, list[Refused]]:
    """A group of these requests."""
    requests = [read_request(signal, "test", payload, 5) for payload in payloads]
    return GroupBuilder(1, EndpointLimit(), Redaction(RedactionRules())).build(requests)


def column(group: Group, table: str, name: str) -> list[object]:
    """One column of a table of the group."""
    return [value for key, part in group.tables if key == table for value in part[name].to_pylist()]


ONE, TWO = (field(5, field(1, field(1, text))) for text in (b"1", b"2"))


@pytest.mark.parametrize(
    "value",
    [field(2, ONE + TWO), field(2, ONE) + field(2, TWO)],
    ids=["two arrays in a value", "two values of an attribute"],
)
def test_arrays_that_come_twice_are_one(value: bytes) -> None:
    """A message that comes twice where one is expected is both of them merged."""
    group, refused = build(span(field(9, field(1, b"k") + value)))
    assert (column(group, "spans", "attributes"), refused) == (['{"k":["1","2"]}'], [])


@pytest.mark.parametrize(
    ("bodies", "stored"),
    [
        ([ONE, TWO], ('["1","2"]', "array")),
        ([field(1, b"text"), b""], ("text", "string")),
        ([field(1, b"text"), b"\x18\x05"], ("5", "int")),
    ],
)
def test_log_bodies_that_come_twice_are_one(bodies: list[bytes], stored: tuple[str, str]) -> None:
    """So is a log record's body; of two members of its value the last counts."""
    record = field(1, field(2, field(2, b"".join(field(5, body) for body in bodies))))
    group, _ = build(record, signal=Signal.LOGS)
    [body], [kind] = (column(group, "log_records", name) for name in ("body", "body_type"))
    assert (body, kind) == stored


def test_an_error_of_ours_costs_one_request() -> None:
    """A request that brings a mistake of the receiver to light does not fail its neighbours."""
    corrupt: Any = {"bad": None}  # what it remembers of a service must be a set
    builder = GroupBuilder(1, EndpointLimit(corrupt), Redaction(RedactionRules()))
    requests = [
        read_request(Signal.TRACES, "test", request.SerializeToString(), 5)
        for request in (trace_request(resource={"service.name": n}) for n in ("a", "bad", "c"))
    ]
    group, refused = builder.build(requests)
    assert column(group, "spans", "service_name") == ["a", "c"]
    assert [(one.request, type(one.error)) for one in refused] == [(requests[1], TypeError)]


def test_a_request_past_a_bound_costs_itself() -> None:
    """A request that is refused for what it unfolds to does not cost those in its group."""
    good = trace_request().SerializeToString()
    other = trace_request(resource={"service.name": "other"}).SerializeToString()
    group, [refused] = build(good, services(45_000), other)
    assert column(group, "spans", "service_name") == ["shop", "other"]
    assert isinstance(refused.error, MalformedRequest)
    assert "45000 different resources" in str(refused.error)
