"""The gate of readers."""

import threading

from receiver.storage.reader_gate import ReaderGate


def test_closed_until_the_last_closer_leaves() -> None:
    """Two may close the gate at a time; readers wait until both are gone."""
    gate, inside = ReaderGate(), threading.Event()
    interrupted: list[int] = []

    def read() -> None:
        with gate.reading(lambda: interrupted.append(1)):
            inside.set()

    first, second = gate.closed(0.0), gate.closed(0.0)
    reader = threading.Thread(target=read)
    with second as empty:
        assert empty
        with first:
            reader.start()
        assert not inside.wait(0.3)
    assert inside.wait(10)
    reader.join()
    assert not interrupted
