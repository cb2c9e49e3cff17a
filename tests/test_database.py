"""One store, two homes: the file, or the receiver that holds it. Who asks sees no difference."""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from analysis.database import mark_deployment, open_database
from analysis.home_error import LeaseUnreadable, ReceiverApiOff, ReceiverUnreachable
from receiver.lease import Lease, lease_path, write_lease
from receiver.storage.marks import DeploymentMark
from receiver.storage.store import (
    StoreError,
    StoreLocked,
    StoreMissing,
    StoreNotDuckDB,
    StoreSchemaMismatch,
    open_store,
)
from tests.api_process import ROOT, TOKEN, api_process

MARK = DeploymentMark(service_name="cart", service_version="1.0", note="first")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with one mark, held by nobody."""
    path = tmp_path / "s.duckdb"
    mark_deployment(path, MARK)
    return path


def marks(store: Path) -> list[str]:
    """The notes of the marks in a store, through whatever home it has."""
    with open_database(store) as database:
        answer = database.sql("SELECT note FROM store.deployment_marks ORDER BY note")
    return [str(note) for note in answer.table.column("note").to_pylist()]


@contextmanager
def held(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another DuckDB program that holds the file for writing."""
    program = (
        f"import duckdb, sys; c = duckdb.connect({str(path)!r});"
        " print('up', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process


def is_held(path: Path) -> bool:
    """Whether another process keeps this one from opening the store."""
    try:
        open_store(path).close()
    except StoreLocked:
        return True
    return False


def test_a_missing_store_is_named(tmp_path: Path) -> None:
    """No file: the error names it and says how to get one; reading creates nothing."""
    path = tmp_path / "none.duckdb"
    with pytest.raises(StoreMissing, match=r"none\.duckdb.*deploylens serve"):
        open_database(path)
    assert not path.exists()


def test_a_file_that_is_no_store_is_named(tmp_path: Path) -> None:
    """A text file and a DuckDB file of somebody else are each refused and left as they are."""
    text = tmp_path / "text.duckdb"
    text.write_text("hello " * 1000)
    with pytest.raises(StoreNotDuckDB, match="is not a DuckDB database file"):
        open_database(text)
    assert text.read_text() == "hello " * 1000
    other = tmp_path / "other.duckdb"
    with duckdb.connect(str(other)) as connection:
        connection.execute("CREATE TABLE orders (id INT)")
    with pytest.raises(StoreNotDuckDB, match="not a store of deploylens"):
        open_database(other)
    with pytest.raises(StoreError):
        open_database(tmp_path)


def test_a_store_of_another_version_is_named(store: Path) -> None:
    """A store with a newer schema says so and is not touched."""
    with closing(open_store(store)) as connection:
        connection.execute("UPDATE store.store_schema SET schema_version = 99")
    before = store.read_bytes()
    with pytest.raises(StoreSchemaMismatch, match="schema version 99"):
        open_database(store)
    assert store.read_bytes() == before


def test_a_store_held_by_another_program_is_named(store: Path) -> None:
    """A DuckDB program that is no receiver holds the file: the error names its process."""
    with held(store) as other, pytest.raises(StoreLocked, match=f"process {other.pid}"):
        open_database(store, wait_s=0.3)
    assert marks(store) == ["first"]


def test_the_file_is_asked_when_nobody_holds_it(store: Path) -> None:
    """Without a receiver the file is read, by several at once, and let go at the end."""
    with open_database(store) as database, open_database(store) as beside:
        assert (database.home, beside.home) == ("file", "file")
        assert database.sql("FROM store.deployment_marks").table.num_rows == 1
        assert beside.sql("FROM store.deployment_marks").table.num_rows == 1
    open_store(store).close()


def test_any_name_of_the_store_leads_to_it(
    store: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A relative path and a symbolic link reach the file, and the receiver that holds it."""
    link = tmp_path / "elsewhere" / "linked.duckdb"
    link.parent.mkdir()
    link.symlink_to(store)
    monkeypatch.chdir(tmp_path)
    assert marks(Path("s.duckdb")) == marks(link) == ["first"]
    with api_process(store):
        for path in (Path("s.duckdb"), link):
            with open_database(path) as database:
                assert database.home == "receiver"


def test_a_path_is_never_a_protocol(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file name with a quote or a colon is a file name."""
    monkeypatch.chdir(tmp_path)
    for name in ("it's.duckdb", "md:x.duckdb", "sqlite:y.duckdb"):
        mark_deployment(Path(name), MARK)
        assert marks(Path(name)) == ["first"]
        assert (tmp_path / name).is_file()


def test_the_receiver_is_asked_when_it_holds_the_store(store: Path) -> None:
    """With a receiver the same call finds it through its lease; no lock error is ever seen."""
    with api_process(store) as (lease, _stop), open_database(store) as database:
        assert database.home == "receiver"
        assert lease.pid != os.getpid()
        assert database.sql("SELECT note FROM store.deployment_marks").table.to_pylist() == [
            {"note": "first"}
        ]


def test_a_lease_of_a_dead_receiver_is_ignored(store: Path) -> None:
    """What a killed receiver left behind does not keep anybody from the file."""
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    write_lease(store, Lease(gone.pid, "http://127.0.0.1:9", TOKEN, "", "", 0, 1))
    with open_database(store) as database:
        assert database.home == "file"


def test_a_lease_that_is_left_over_is_ignored(store: Path) -> None:
    """A lease whose process id now belongs to another program does not hide the file."""
    write_lease(store, Lease(os.getpid(), "http://127.0.0.1:9", TOKEN, "", "", 0, 1))
    with open_database(store) as database:
        assert database.home == "file"


def test_a_lease_that_is_not_whole_is_ignored(store: Path) -> None:
    """A lease that is no JSON, or not one of ours, does not hide the file."""
    for text in ("", "{", "[]", '{"pid": 1}'):
        lease_path(store).write_text(text)
        assert marks(store) == ["first"]


def test_a_receiver_that_does_not_answer_is_named(store: Path) -> None:
    """A held store whose receiver is deaf, or does not know the token: the error says which."""
    with held(store) as other:
        lease = Lease(other.pid, "http://127.0.0.1:9", TOKEN, "", "", 0, 1)
        write_lease(store, lease)
        with pytest.raises(ReceiverUnreachable, match=f"process {other.pid}.*127.0.0.1:9"):
            open_database(store, wait_s=0.3)
        write_lease(store, replace(lease, api=None))
        with pytest.raises(ReceiverApiOff, match=f"process {other.pid}.*no local API"):
            open_database(store, wait_s=0.3)
    with api_process(store) as (running, _stop):
        write_lease(store, replace(running, token="another"))
        with pytest.raises(ReceiverUnreachable, match="does not take the token"):
            open_database(store, wait_s=0.3)


@pytest.fixture
def foreign_store() -> Iterator[Path]:
    """A store and a lease in a folder that others may enter, with a lease they may not read."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    path = folder / "s.duckdb"
    mark_deployment(path, MARK)
    write_lease(path, Lease(os.getpid(), "http://127.0.0.1:9", TOKEN, "", "", 0, 1))
    if os.geteuid() == 0:
        os.seteuid(65534)
    else:
        lease_path(path).chmod(0)
    yield path
    if os.getuid() == 0:
        os.seteuid(0)
    shutil.rmtree(folder)


def test_a_receiver_of_another_user_is_named(foreign_store: Path) -> None:
    """A lease that only another user may read stands in the way only while the store is held."""
    assert marks(foreign_store) == ["first"]
    effective = os.geteuid()
    os.seteuid(os.getuid())
    with held(foreign_store):
        os.seteuid(effective)
        with pytest.raises(LeaseUnreadable, match="a receiver of another user"):
            open_database(foreign_store, wait_s=0.3)
        os.seteuid(os.getuid())


def test_a_starting_receiver_is_waited_for(store: Path) -> None:
    """A store that is held but has no lease yet is tried until the receiver answers."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.api_process", str(store), "1.0"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    ) as starting:
        while not is_held(store):
            assert starting.poll() is None, "the process that holds the store ended"
            time.sleep(0.05)
        assert not lease_path(store).exists()
        with open_database(store) as database:
            assert database.home == "receiver"
        starting.communicate(b"")


def test_a_stopping_receiver_is_waited_for(store: Path) -> None:
    """A receiver that answers no more but still holds the store is tried until it lets go."""
    with held(store) as stopping:
        write_lease(store, Lease(stopping.pid, "http://127.0.0.1:9", TOKEN, "", "", 0, 1))
        assert stopping.stdin is not None
        threading.Timer(0.5, stopping.stdin.close).start()
        with open_database(store) as database:
            assert database.home == "file"


def test_a_receiver_may_stop_and_start_between_two_questions(store: Path) -> None:
    """A reader goes on over the file when the receiver stops, and over the next receiver then."""
    with api_process(store) as (_lease, stop):
        database = open_database(store)
        assert database.home == "receiver"
        stop()
        assert database.sql("FROM store.deployment_marks").table.num_rows == 1
        assert database.home == "file"
        database.close()
    with api_process(store) as (_lease, stop):
        database = open_database(store)
        stop()
        with api_process(store):
            assert database.sql("FROM store.deployment_marks").table.num_rows == 1
            assert database.home == "receiver"
            database.close()


def test_a_reader_leaves_nothing_behind(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading leaves no file beside the store and none in the folder for temporary files."""
    spill = store.parent / "spill"
    spill.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(spill))
    with open_database(store) as database:
        database.sql("FROM store.spans")
    with pytest.raises(StoreMissing):
        open_database(store.with_name("none"))
    assert list(spill.iterdir()) == []
    assert sorted(path.name for path in store.parent.iterdir()) == ["s.duckdb", "spill"]
