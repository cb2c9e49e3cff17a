"""A store of deployments of the past: services that roll out one version after the other."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from receiver.storage.marks import DeploymentMark, insert_mark
from receiver.storage.store import open_store

MINUTE_NS = 60 * 10**9
START_MINUTE = 29_400_000
HISTORY_MINUTES, ROLLOUT_MINUTES, ALONE_MINUTES = 60, 60, 60
USUAL_RATE, BAD_RATE = 0.005, 0.05
ENDPOINTS = 5
EXCEPTION_GROUPS = 4
INSTANCES = 4
_ZEROS = (
    *("resource_id", "flags", "scope_dropped_attributes_count", "dropped_attributes_count"),
    *("dropped_events_count", "dropped_links_count"),
)


@dataclass(frozen=True, slots=True)
class Past:
    """How many services roll out how many versions, and how busy they are.

    For an hour the new version serves beside the old one, then alone for an hour. Of each
    `bad_every` versions one fails ten times as often; what became of each is in its mark.
    """

    services: int
    versions: int
    requests_per_minute: int
    bad_every: int
    seed: int

    @property
    def deployments(self) -> int:
        """Versions that have one before them."""
        return self.services * self.versions

    def is_bad(self, service: int, version: int) -> bool:
        """Whether the version fails more; the first one never does."""
        return version > 0 and (service + version) % self.bad_every == 0


def fill_past(store: Path, past: Past) -> int:
    """Write the spans and marks; returns how many spans."""
    random = np.random.default_rng(past.seed)
    spans = 0
    with open_store(store) as connection:
        for service in range(past.services):
            rows = _spans(past, service, random)
            spans += rows.num_rows
            for table, stored in (("spans", rows), ("exceptions", _exceptions(rows, random))):
                connection.register("past_rows", stored)
                connection.execute(f"INSERT INTO store.{table} BY NAME FROM past_rows")
                connection.unregister("past_rows")
            for version in range(1, past.versions + 1):
                outcome = "bad" if past.is_bad(service, version) else "good"
                mark = DeploymentMark(
                    service_name=f"service-{service:02}",
                    service_version=f"{version}",
                    note=f"outcome={outcome}",
                    marked_at_unix_nano=_began(version) * MINUTE_NS,
                )
                insert_mark(connection, mark)
    return spans


def _began(version: int) -> int:
    """The minute in which a version's roll-out begins."""
    between = ROLLOUT_MINUTES + ALONE_MINUTES
    return START_MINUTE + HISTORY_MINUTES + (version - 1) * between


def _spans(past: Past, service: int, random: np.random.Generator) -> pa.Table:
    """The requests of one service and the calls that made them, in the order of time."""
    until = _began(past.versions + 1)
    count = (until - START_MINUTE) * past.requests_per_minute
    times = np.sort(random.integers(START_MINUTE * MINUTE_NS, until * MINUTE_NS, count))
    after = times // MINUTE_NS - START_MINUTE - HISTORY_MINUTES
    step = ROLLOUT_MINUTES + ALONE_MINUTES
    latest = np.where(after < 0, 0, after // step + 1)
    beside = (after >= 0) & (after % step < ROLLOUT_MINUTES)
    versions = np.where(beside & (random.random(count) < 0.5), latest - 1, latest)
    bad = np.array([past.is_bad(service, version) for version in range(past.versions + 1)])
    failed = random.random(count) < np.where(bad[versions], BAD_RATE, USUAL_RATE)
    traces = _trace_ids(random, count)
    numbers = np.arange(1, count + 1)
    callee = f"service-{service:02}"
    requests = {
        "service_name": np.full(count, callee),
        "service_version": versions.astype(str),
        "instance_id": np.char.add(
            np.char.add(versions.astype(str), "-"), random.integers(0, INSTANCES, count).astype(str)
        ),
        "trace_id": traces,
        "span_id": numbers * 2 + 1,
        "parent_span_id": numbers * 2,
        "start_time_unix_nano": times,
        "duration_ns": (random.lognormal(17, 0.5, count)).astype(np.int64),
        "span_kind": np.full(count, "SERVER"),
        "endpoint": np.char.add("GET /", random.integers(0, ENDPOINTS, count).astype(str)),
        "outcome": np.where(failed, "server_error", "ok"),
    }
    calls = requests | {
        "service_name": np.full(count, "web"),
        "service_version": np.full(count, "1"),
        "instance_id": np.full(count, "web-0"),
        "span_id": numbers * 2,
        "parent_span_id": numbers * 2 - 1,
        "span_kind": np.full(count, "CLIENT"),
        "endpoint": np.full(count, f"GET {callee}"),
    }
    peers = np.concatenate([np.full(count, None), np.full(count, callee)])
    rows = {name: np.concatenate([requests[name], calls[name]]) for name in requests}
    rows |= {
        "span_name": rows["endpoint"],
        "received_at_unix_nano": rows["start_time_unix_nano"] + 10**9,
        "status_code": np.where(rows["outcome"] == "ok", "UNSET", "ERROR"),
        "request_id": np.ones(2 * count, np.int64),
        "peer": peers,
        **{name: np.zeros(2 * count, np.int64) for name in _ZEROS},
    }
    return pa.table(rows)


def _exceptions(spans: pa.Table, random: np.random.Generator) -> pa.Table:
    """An exception for each failing request, of one of a few groups that every version shows."""
    failing = pc.and_(
        pc.equal(spans.column("span_kind"), "SERVER"),
        pc.equal(spans.column("outcome"), "server_error"),
    )
    rows = spans.filter(failing)
    count = rows.num_rows
    group = np.char.add("shop.Error", random.integers(0, EXCEPTION_GROUPS, count).astype(str))
    same = ("service_name", "service_version", "instance_id", "trace_id", "span_id", "endpoint")
    return pa.table(
        {
            **{name: rows.column(name) for name in same},
            "time_unix_nano": rows.column("start_time_unix_nano"),
            "signal": np.full(count, "traces"),
            "exception_source": np.full(count, "event"),
            "exception_type": group,
            "exception_message": group,
            "fingerprint": group,
            "fingerprint_loose": group,
            "fingerprint_version": np.ones(count, np.int64),
            "resource_id": np.zeros(count, np.int64),
            "request_id": np.ones(count, np.int64),
        }
    )


def _trace_ids(
    random: np.random.Generator, count: int
) -> np.ndarray[tuple[int], np.dtype[np.str_]]:
    """Random trace ids, as 32 hexadecimal digits."""
    raw = random.bytes(16 * count).hex()
    return np.array([raw[at : at + 32] for at in range(0, len(raw), 32)])
