"""The wheel that users install."""

import subprocess
import sys
import zipfile
from pathlib import Path

from analysis.catalog import Catalog
from tests.served import ROOT


def test_wheel_has_everything_it_runs_on(tmp_path: Path) -> None:
    """What the wheel holds is enough to make a store, to run every saved query and to know
    the signatures."""
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "--wheel-dir", str(tmp_path), str(ROOT)], check=True)
    (wheel,) = tmp_path.glob("deploylens-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    program = (
        "import sys; from pathlib import Path; from receiver.storage.store import open_store;"
        " from analysis.catalog import Catalog; from analysis.database import open_database\n"
        "from analysis.signatures.table import signature_table\n"
        "store = Path('s.duckdb'); open_store(store).close()\n"
        "with open_database(store) as database:\n"
        "    catalog = Catalog.load()\n"
        "    names = [p.name for p in catalog['deployments'].path.parents]\n"
        "    assert 'installed' in names, names\n"
        "    assert signature_table().signatures\n"
        "    print(len(catalog), database.sql('SELECT count(*) FROM spans').table.num_rows)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "installed"), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(len(Catalog.load())), "1"]
