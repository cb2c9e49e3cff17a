"""Takes pictures of the report's page: `python -m tests.pictures FOLDER`.

Every case in a wide and a narrow window, the broken one also in the dark. Look at each of them
after a change of the page or of a chart. `--keep` renews the two that the README shows.
"""

import argparse
import tempfile
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser

from analysis.charts.drawn import charts, png
from analysis.page.page import page
from analysis.report.contents import Report
from tests.browser import opened, running_browser
from tests.reported import BROKEN, HEALTHY, TOO_LITTLE, hostile_report, simulated_report
from tests.served import ROOT

WIDE, NARROW = 1400, 400
KEPT = {"report.png": (1200, 1250), "report-phone.png": (NARROW, 1250)}
_COLOURS = 64


def main() -> None:
    """Builds the stores, writes the pages and takes their pictures."""
    parser = argparse.ArgumentParser(prog="python -m tests.pictures", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the pages and pictures go")
    parser.add_argument("--keep", action="store_true", help="renew docs/pictures too")
    arguments = parser.parse_args()
    folder: Path = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    with running_browser() as browser:
        for name, report in _reports().items():
            path = folder / f"{name}.html"
            path.write_text(page(report), encoding="utf-8")
            schemes = ("light", "dark") if name == "broken" else ("light",)
            for width in (WIDE, NARROW):
                for scheme in schemes:
                    _take(browser, path, folder / f"{name}-{width}-{scheme}.png", width, scheme)
            for chart in charts(report):
                (folder / f"{name}-{chart.name}.png").write_bytes(png(chart))
        if arguments.keep:
            _keep(browser, folder / "broken.html", ROOT / "docs" / "pictures")


def _reports() -> dict[str, Report]:
    found = {}
    cases = {"broken": BROKEN, "healthy": HEALTHY, "not-enough-data": TOO_LITTLE}
    with tempfile.TemporaryDirectory() as place:
        for name, scenario in cases.items():
            store = Path(place) / name
            store.mkdir()
            found[name] = simulated_report(store, scenario)
        found["hostile"] = hostile_report(Path(place))
    return found


def _take(browser: Browser, path: Path, picture: Path, width: int, scheme: str) -> None:
    with opened(browser, path, width, scheme) as seen:
        seen.page.screenshot(path=picture, full_page=True)


def _keep(browser: Browser, path: Path, folder: Path) -> None:
    """The top of the page, in few colours, which is all that it has."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (width, height) in KEPT.items():
        with opened(browser, path, width, scale=1.5) as seen:
            seen.page.set_viewport_size({"width": width, "height": height})
            content = seen.page.screenshot()
        image = Image.open(BytesIO(content)).convert("RGB")
        image.quantize(_COLOURS).save(folder / name, optimize=True)


if __name__ == "__main__":
    main()
