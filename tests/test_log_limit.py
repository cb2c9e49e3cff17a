"""Lines that senders could cause without end are written now and then."""

from receiver.monitoring.log_limit import LogLimit


def test_one_line_in_each_interval() -> None:
    """The first is written; later ones are counted, and told by the first after the interval."""
    now_s = 100.0
    limit = LogLimit(60.0, lambda: now_s)
    assert limit.due(2) == 2
    assert limit.due(3) is None
    now_s = 159.9
    assert limit.due(4) is None
    now_s = 160.0
    assert limit.due(1) == 8
    assert limit.due(1) is None
