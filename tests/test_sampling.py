"""How many spans a sampled span stands for."""

from pathlib import Path

import pytest

from receiver.flatten.sampling import adjusted_count
from tests.ingest import row, stored, trace_request


# The vectors of the OpenTelemetry specification, tracestate-probability-sampling.md.
@pytest.mark.parametrize(
    ("trace_state", "expected"),
    [
        ("ot=th:0", 1),
        ("ot=th:8", 2),
        ("ot=th:c", 4),
        ("ot=th:e", 8),
        ("ot=th:e666", 9.99938968568813),
        ("ot=th:fd70a", 99.99771123402633),
        ("ot=th:fd70a4", 100.00009536752259),
        ("ot=th:ffbe77", 1000.012874769029),
        ("ot=th:ffffffffffffff", 2.0**56),
        ("vendor=1,ot=rv:0123456789abcd;th:8", 2),
        ("ot=p:3;r:5", 8),
        ("ot=p:63", 0),
    ],
)
def test_stated(trace_state: str, expected: float) -> None:
    """The rejection threshold, or the older power of two, gives the adjusted count."""
    assert adjusted_count(trace_state) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("trace_state", ["", "vendor=th:8", "ot=rv:0123456789abcd", "ot=th:xyz"])
def test_not_stated(trace_state: str) -> None:
    """A span without a threshold has no adjusted count; it does not stand for itself."""
    assert adjusted_count(trace_state) is None


@pytest.mark.parametrize(
    ("trace_state", "trace_id_end", "attributes", "expected"),
    [
        ("ot=th:8", "ffffffffffffff", {}, 2.0),
        ("ot=th:8", "7fffffffffffff", {}, None),
        ("ot=th:8;rv:80000000000000", "00000000000000", {}, 2.0),
        ("ot=th:8;rv:7fffffffffffff", "ffffffffffffff", {}, None),
        ("", "ffffffffffffff", {"SampleRate": 20}, 20.0),
        ("ot=th:8", "ffffffffffffff", {"SampleRate": 20}, 2.0),
        ("", "ffffffffffffff", {"SampleRate": 0}, None),
        ("", "ffffffffffffff", {"SampleRate": "x"}, None),
        ("", "ffffffffffffff", {}, None),
    ],
)
def test_stored(
    tmp_path: Path,
    trace_state: str,
    trace_id_end: str,
    attributes: dict[str, object],
    expected: float | None,
) -> None:
    """A threshold the span could not have passed is ignored; `SampleRate` counts without one."""
    trace_id = b"\x01" * 9 + bytes.fromhex(trace_id_end)
    store = tmp_path / "s.duckdb"
    stored(store, trace_request(attributes, trace_state=trace_state, trace_id=trace_id))
    assert row(store, "SELECT adjusted_count FROM spans") == {"adjusted_count": expected}
