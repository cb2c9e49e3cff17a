"""Writes javascript.jsonl: `python record_javascript.py NODE_MODULES BUN FILE.jsonl`.

Needs node, firefox-esr and the packages typescript, @types/node, esbuild, webpack, webpack-cli,
ts-loader, vite, tsx, ts-node, express and express 5 (as `express5`) in NODE_MODULES. Every variant
of the program in `javascript/` is built and run in a folder such as an image or a build machine
has; the folder must not exist yet.
"""

import http.server
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent / "javascript"
MODULES = Path(sys.argv[1]).resolve()
BUN = Path(sys.argv[2]).resolve()

# Lines and functions that an edit elsewhere in a file adds: they move lines, columns and the names
# that a minifier gives.
EDIT = (
    "// An edit that moves every line below it.\n"
    "export const rounded = (value: number, step: number): number => {\n"
    "  const times = Math.round(value / step);\n"
    "  return times * step;\n"
    "};\n"
    "export class Ledger { entries = new Map<string, number>();\n"
    "  add(key: string, value: number) { this.entries.set(key, rounded(value, 5)); } }\n"
    "(globalThis as Record<string, unknown>)[import.meta_] = [rounded, Ledger];\n"
)

Rows = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Variant:
    """One way of building and running the program: `steps` run in `folder`, the last one prints."""

    name: str
    folder: str
    steps: tuple[str, ...]
    edited: bool = False


TSC = "node {m}/typescript/bin/tsc -p ."
ESBUILD = (
    "{m}/.bin/esbuild src/main.ts --bundle --minify --platform=node"
    " --outdir=dist/assets --entry-names=[name]-[hash]"
)
WEBPACK = "{m}/.bin/webpack --config webpack.config.cjs"
VITE = "{m}/.bin/vite build --logLevel error"
VARIANTS = (
    Variant("node", "/srv/shop", (TSC, "node dist/main.js")),
    Variant(
        "node-moved",
        "/home/ci/build-812/shop",
        (TSC + " --outDir build", "node build/main.js"),
        edited=True,
    ),
    Variant("node-es2015", "/opt/shop", (TSC + " --target ES2015", "node dist/main.js")),
    Variant(
        "node-es2015-moved",
        "/opt/storefront-2.0",
        (TSC + " --target ES2015", "node dist/main.js"),
        edited=True,
    ),
    Variant("tsx", "/srv/shop", ("{m}/.bin/tsx src/main.ts",)),
    Variant("ts-node", "/srv/shop", ("{m}/.bin/ts-node -T src/main.ts",)),
    Variant("esbuild", "/srv/shop", (ESBUILD, "node dist/assets/main-*.js")),
    Variant("esbuild-again", "/var/task", (ESBUILD, "node dist/assets/main-*.js"), edited=True),
    Variant("webpack", "/srv/shop", (WEBPACK, "node dist/main.*.js")),
    Variant("webpack-again", "/opt/storefront", (WEBPACK, "node dist/main.*.js"), edited=True),
    Variant("bun", "/srv/shop", ("{bun} src/main.ts",)),
    Variant("bun-moved", "/opt/storefront", ("{bun} src/main.ts",), edited=True),
    Variant("firefox", "/srv/shop", (VITE, "page")),
    Variant("firefox-again", "/opt/storefront", (VITE, "page"), edited=True),
    Variant(
        "firefox-source",
        "/srv/shop",
        ("{m}/.bin/esbuild src/page.ts --bundle --outfile=dist/app.js", "page"),
    ),
    Variant(
        "firefox-source-moved",
        "/opt/storefront",
        ("{m}/.bin/esbuild src/page.ts --bundle --outfile=dist/app.js", "page"),
        edited=True,
    ),
    Variant("express4", "/srv/shop", ("EXPRESS=express node routes.cjs",)),
    Variant("express5", "/opt/storefront", ("EXPRESS=express5 node routes.cjs",)),
)


def run(variant: Variant) -> Rows:
    """What the program of a variant caught, by the name of the scenario."""
    folder = Path(variant.folder)
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    shutil.copytree(HERE, folder)
    try:
        (folder / "node_modules").symlink_to(MODULES)
        if variant.name.startswith("express"):
            (folder / "node_modules").unlink()
            shutil.copytree(MODULES, folder / "node_modules", symlinks=True)
        if variant.edited:
            for path in (folder / "src").glob("*.ts"):
                edit = EDIT.replace("import.meta_", f'"{path.stem}"')
                path.write_text(edit + path.read_text())
        *builds, last = [step.format(m=MODULES, bun=BUN) for step in variant.steps]
        for build in builds:
            shell(build, folder)
        printed = page(folder / "dist") if last == "page" else shell(last, folder)
    finally:
        shutil.rmtree(folder)
        for parent in made[1:]:
            if not any(parent.iterdir()):
                parent.rmdir()
    rows = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    return {row["name"]: row for row in rows}


def shell(command: str, folder: Path) -> str:
    """What a command prints."""
    done = subprocess.run(
        command, shell=True, cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def page(dist: Path) -> str:
    """What Firefox posts back for the page in a folder, a row a line."""
    if not (dist / "index.html").exists():
        (dist / "index.html").write_text("<button>Order</button><script src=/app.js></script>")
    caught: list[str] = []
    arrived = threading.Event()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments, directory=str(dist))

        def do_POST(self) -> None:
            rows = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            caught.extend(map(json.dumps, rows))
            self.send_response(204)
            self.end_headers()
            arrived.set()

        def log_message(self, *arguments: Any) -> None:
            """Quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as profile:
        url = f"http://127.0.0.1:{server.server_port}/"
        command = ["firefox-esr", "--headless", "--no-remote", "--profile", profile, url]
        browser = subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": profile},
        )
        arrived.wait(60)
        browser.terminate()
        browser.wait()
    server.shutdown()
    return "\n".join(caught)


# Variants of which the same scenario is the same error, and why it must stay one group.
SAME = (
    ("node", "node-moved", "lines moved, another folder, dist renamed to build, another id"),
    ("node-es2015", "node-es2015-moved", "lines moved, another folder, another id"),
    ("node", "tsx", "run from source instead of compiled"),
    ("node", "ts-node", "run from source instead of compiled"),
    ("esbuild", "esbuild-again", "bundled again: another hash, other minified names"),
    ("webpack", "webpack-again", "bundled again: another hash, other minified names"),
    ("bun", "bun-moved", "lines moved, another folder, another id"),
    ("firefox", "firefox-again", "bundled again: another hash, another port, other minified names"),
    ("firefox-source", "firefox-source-moved", "lines moved, another port, another id"),
    ("express4", "express5", "framework upgraded: only its frames moved"),
)
# Scenarios that are one error within one variant.
SAME_WITHIN = (
    ("card_refused", "card_refused_directly", "a caller without await is not on the stack"),
    ("weigh_few", "weigh_many", "deeper recursion"),
    ("endless", "endless_odd", "which of two functions met the limit of the stack is chance"),
)
# Scenarios that are two errors within one variant.
DIFFERENT = (
    ("unknown_item", "private_getter", "another function of ours raises, the message is the same"),
    ("card_refused", "refund_refused", "another function of ours raises, the message is the same"),
    ("no_city", "no_user", "another kind of message under one class and one stack"),
    ("card_refused", "no_city", "another class"),
    ("weigh_few", "no_user", "another class and function"),
    ("settle_text", "no_city", "another message of the same class"),
    ("date", "weigh_few", "another message of the same class, another function"),
    ("rule", "unknown_item", "another function of ours raises"),
    ("any", "card_refused", "several errors at once are not one of them"),
)
CAUSES = ("settle_text", "settle_late")
# Of a minified bundle nothing but its messages tells functions apart.
MINIFIED = ("esbuild", "webpack", "firefox", "esbuild-again", "webpack-again", "firefox-again")
NEEDS_NAMES = {("unknown_item", "private_getter"), ("card_refused", "refund_refused")}


def main(target: Path) -> None:
    """Runs every variant and writes occurrences, then pairs."""
    recorded = {variant.name: run(variant) for variant in VARIANTS}
    pairs = [
        (f"{a}/{name}", f"{b}/{name}", True, why)
        for a, b, why in SAME
        for name in recorded[a]
        if name in recorded[b] and not (a.startswith("firefox") and name.startswith("endless"))
    ]
    for variant, rows in recorded.items():
        for a, b, why in SAME_WITHIN:
            if a in rows and b in rows and variant in ("node", "esbuild", "bun", "firefox-source"):
                pairs.append((f"{variant}/{a}", f"{variant}/{b}", True, why))
        for a, b, why in DIFFERENT:
            if a in rows and b in rows and not (variant in MINIFIED and (a, b) in NEEDS_NAMES):
                pairs.append((f"{variant}/{a}", f"{variant}/{b}", False, why))
    causes = [
        (
            f"{variant}/{CAUSES[0]}+inspected",
            f"{variant}/{CAUSES[1]}+inspected",
            False,
            "another cause",
        )
        for variant in ("node", "bun")
    ]
    causes += [
        (f"node/{name}+inspected", f"node-moved/{name}+inspected", True, "lines moved, with causes")
        for name in (*CAUSES, "any", "unknown_item")
    ]
    write(target, recorded, sample(pairs) + causes)


def sample(pairs: list[tuple[str, str, bool, str]]) -> list[tuple[str, str, bool, str]]:
    """At most seven pairs of each reason and pair of variants, the same ones at every run."""
    chosen: dict[tuple[str, str, str], list[tuple[str, str, bool, str]]] = {}
    for pair in pairs:
        key = (pair[0].partition("/")[0], pair[1].partition("/")[0], pair[3])
        chosen.setdefault(key, []).append(pair)
    draw = random.Random(4)
    return [pair for found in chosen.values() for pair in draw.sample(found, min(7, len(found)))]


def write(target: Path, recorded: dict[str, Rows], pairs: list[tuple[str, str, bool, str]]) -> None:
    """One JSON object a line: the occurrences that pairs name, then the pairs."""
    named = dict.fromkeys(key for pair in pairs for key in pair[:2])
    with target.open("w", encoding="utf-8") as file:
        for key in named:
            variant, _, scenario = key.partition("/")
            scenario, _, inspected = scenario.partition("+")
            row = recorded[variant][scenario]
            line = {
                "id": f"javascript/{key}",
                "type": row["type"],
                "message": row["message"],
                "stacktrace": row["inspected"] if inspected else row.get("stacktrace", ""),
                "language": "webjs" if variant.startswith("firefox") else "nodejs",
                "from": f"recorded: {variant}, program javascript/, scenario {scenario}",
            }
            print(json.dumps(line, ensure_ascii=False), file=file)
        for a, b, same, why in pairs:
            pair = {"pair": [f"javascript/{a}", f"javascript/{b}"], "same": same, "why": why}
            print(json.dumps(pair, ensure_ascii=False), file=file)
        file.write((HERE / "documented.jsonl").read_text())


main(Path(sys.argv[3]))
