"""Deployment marks: what people and pipelines tell, written wherever the store is."""

import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from analysis.database import mark_deployment, open_database
from receiver.storage.marks import DeploymentMark
from receiver.storage.store import StoreLocked
from tests.api_process import api_process

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


def test_marks_reach_the_store_in_both_homes(store: Path) -> None:
    """A mark is written into the file, or by the receiver that holds it, with every field."""
    whole = DeploymentMark(
        service_name="cart",
        service_version="2.0",
        service_namespace="shop",
        environment_name="prod",
        deployment_id="d-1",
        vcs_revision="abc",
        previous_vcs_revision="abb",
        strategy="canary",
        irreversible=True,
        note="second",
    )
    with api_process(store):
        mark_deployment(store, whole)
        assert marks(store) == ["first", "second"]
    mark_deployment(store, replace(whole, note="third"))
    with open_database(store) as database:
        rows = database.sql("FROM store.deployment_marks WHERE service_version = '2.0'").table
    for row, note in zip(rows.to_pylist(), ("second", "third"), strict=True):
        assert DeploymentMark(**row) == replace(whole, note=note)


def test_the_first_mark_creates_the_store(tmp_path: Path) -> None:
    """A pipeline may mark a deployment before the first span has arrived."""
    path = tmp_path / "new" / "s.duckdb"
    mark_deployment(path, MARK)
    assert marks(path) == ["first"]


def test_a_mark_waits_for_readers(store: Path) -> None:
    """A mark is written as soon as those who read the file let go of it."""
    program = (
        "import sys; from pathlib import Path; from analysis.database import open_database\n"
        f"with open_database(Path({str(store)!r})): print('up', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as reader:
        assert reader.stdout is not None
        reader.stdout.readline()
        with pytest.raises(StoreLocked, match=f"process {reader.pid}"):
            mark_deployment(store, replace(MARK, note="too soon"), wait_s=0.2)
        assert reader.stdin is not None
        threading.Timer(0.3, reader.stdin.close).start()
        mark_deployment(store, replace(MARK, note="waited"))
    assert marks(store) == ["first", "waited"]


def test_a_mark_has_the_columns_of_its_table(store: Path) -> None:
    """The fields of a mark are the columns of `deployment_marks`, one for one."""
    with open_database(store) as database:
        described = database.sql("DESCRIBE store.deployment_marks").table
    assert set(described.column("column_name").to_pylist()) == set(MARK.__dataclass_fields__)


@pytest.mark.parametrize("name", ["service_name", "service_version"])
def test_a_mark_names_service_and_version(name: str) -> None:
    """A mark without a service or a version is refused."""
    with pytest.raises(ValueError, match="one is empty"):
        replace(MARK, **{name: ""})  # type: ignore[arg-type]  # the field is chosen by the test
