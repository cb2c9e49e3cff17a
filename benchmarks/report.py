"""How long `deploylens report` takes on a large store: its queries, and each form it is written in.

    python -m benchmarks.report [--spans 10000000] [--hours 1] [--rounds 3] [--store FILE]

Writes the day of `benchmarks.check` into a temporary folder, or reads a store that holds it, and
reports its candidate; the first round finds the file unread. Prints as JSON, per round, the seconds
of each query, of all that is asked, of working out the report beside that, of each form, and the
sizes; and the peak memory of the process. The targets: forms take two seconds at most beyond the
queries, and the HTML page has 1.5 MB at most.
"""

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

from analysis.asking import Asking, asking
from analysis.deployment_name import DeploymentName
from analysis.report.builder import build_report
from analysis.report.contents import Report
from analysis.settings import Settings
from benchmarks.check import Timed
from benchmarks.stored_day import CANDIDATE, SERVICE, StoredDay, fill_day


def main() -> None:
    """Fills a store if none is named, reports, prints."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--spans", type=int, default=10_000_000)
    parser.add_argument("--hours", type=float, default=1, help="how long the candidate has served")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--store", type=Path, help="a store that holds such a day already")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = given.store or Path(folder) / "day.duckdb"
        if given.store is None:
            # In a process of its own: its memory is not that of a report.
            filling = get_context("spawn").Process(
                target=fill_day, args=(path, StoredDay(given.spans, given.hours))
            )
            filling.start()
            filling.join()
            if filling.exitcode:
                raise SystemExit(f"the store could not be written: exit code {filling.exitcode}")
        rounds = [reported_once(path) for _ in range(given.rounds)]
        figures = {
            "stored_bytes": path.stat().st_size,
            "rounds": rounds,
            "memory_bytes_max": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        }
    print(json.dumps(figures, indent=2, allow_nan=False))


def reported_once(path: Path) -> dict[str, object]:
    """What one report of the candidate took; opening the store and its views is not counted.

    Some queries run two at a time: their seconds together may be more than those of the report.
    """
    settings = Settings({"store": str(path)})
    with asking(settings) as store:
        timed = Timed(store.database)
        began_s = time.perf_counter()
        report = build_report(
            Asking(timed, store.catalog),
            DeploymentName(SERVICE, CANDIDATE),
            {},
            settings.thresholds,
        )
        built_s = time.perf_counter() - began_s
    return {
        "verdict": report.check.verdict if report.check else None,
        "query_s": {name: round(seconds, 3) for name, seconds in sorted(timed.seconds.items())},
        "build_s": round(built_s, 3),
        "forms": {name: _form(report, make) for name, make in FORMS.items()},
    }


def _form(report: Report, make: Callable[[Report], bytes]) -> dict[str, float]:
    began_s = time.perf_counter()
    size = len(make(report))
    return {"seconds": round(time.perf_counter() - began_s, 3), "bytes": size}


def _markdown(report: Report) -> bytes:
    from analysis.report.templates import rendered

    return rendered(report, "default").encode()


def _html(report: Report) -> bytes:
    from analysis.page.page import page

    return page(report).encode()


def _json(report: Report) -> bytes:
    from analysis.report.report_json import report_json

    return report_json(report).encode()


def _pictures(report: Report) -> bytes:
    from analysis.charts.canvas import png
    from analysis.charts.drawn import charts

    return b"".join(chart.svg.encode() + png(chart) for chart in charts(report))


# Loading what draws and lays out is counted: whoever writes one report pays for it.
FORMS: dict[str, Callable[[Report], bytes]] = {
    "json": _json,
    "markdown": _markdown,
    "html": _html,
    "pictures": _pictures,
}


if __name__ == "__main__":
    main()
