"""Writes go.jsonl: `python record_go.py FILE.jsonl`. Needs go and a module proxy.

Every variant of the program in `go_checkout/` is built and run in a folder such as an image or a
build machine has, with the module cache where images of Go have it; the folders must not exist yet.
"""

import json
import os
import random
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent / "go_checkout"
MODULE_CACHE = "/go/pkg/mod"

# A function with a literal before all others: it moves lines and the numbers of literals.
EDIT = (
    "\n// Rounded is new.\nvar Rounded = func(value int) int {\n\treturn value / 5 * 5\n}\n\n"
    "func init() { func() { Rounded(3) }() }\n"
)
OLDER = "go.opentelemetry.io/otel/sdk@v1.38.0 github.com/gin-gonic/gin@v1.10.0"

Rows = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Variant:
    """One way of building the program."""

    name: str
    folder: str
    flags: str = ""
    edited: bool = False
    before: str = "true"
    crash: str = "single"


VARIANTS = (
    Variant("go", "/srv/checkout"),
    Variant("go-moved", "/home/ci/build-812/checkout", edited=True, crash="all"),
    Variant("go-trimpath", "/srv/checkout", "-trimpath"),
    Variant("go-noinline", "/srv/checkout", "-gcflags=all=-l", crash="system"),
    Variant("go-older", "/opt/checkout", before=f"go get {OLDER} && go mod tidy"),
    Variant("go-vendor", "/srv/checkout", "-mod=vendor -trimpath", before="go mod vendor"),
)


def run(variant: Variant) -> Rows:
    """What the program of a variant recorded, by the name of the scenario."""
    folder = Path(variant.folder)
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    shutil.copytree(HERE, folder)
    try:
        if variant.edited:
            for path in folder.rglob("*.go"):
                text = path.read_text()
                at = text.index(")\n", text.index("import (")) + 2 if "import (" in text else -1
                at = at if at > 0 else text.index('import "iter"\n') + len('import "iter"\n')
                path.write_text(text[:at] + EDIT + text[at:])
        shell("go mod download && " + variant.before, folder)
        shell(f"go build {variant.flags} -o checkout .", folder)
        rows = [json.loads(line) for line in shell("./checkout", folder).splitlines()]
        for name in ("find", "unload", "line", "goroutine"):
            rows.append(crash(name, folder, variant.crash))
    finally:
        shutil.rmtree(folder)
        for parent in made[1:]:
            if not any(parent.iterdir()):
                parent.rmdir()
    return {row["name"]: row for row in rows}


def crash(name: str, folder: Path, goroutines: str) -> dict[str, Any]:
    """What a program prints that panics without anybody to recover, as a log would have it."""
    environment = {**os.environ, "GOTRACEBACK": goroutines}
    command = ["./checkout", name]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return {"name": f"crash_{name}", "type": None, "message": None, "stacktrace": done.stderr}


def shell(command: str, folder: Path) -> str:
    """What a command prints."""
    environment = {**os.environ, "GOMODCACHE": MODULE_CACHE, "GOFLAGS": "-modcacherw"}
    done = subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{command}: {done.stderr[-2000:]}")
    return done.stdout


SAME = (
    ("go", "go-moved", "lines and literals moved, another folder, other ids and addresses"),
    ("go", "go-trimpath", "built with -trimpath: no folders in the paths"),
    ("go", "go-noinline", "built without inlining: other names of literals, other arguments"),
    ("go", "go-older", "other releases of gin and of the OpenTelemetry SDK"),
    ("go", "go-vendor", "dependencies vendored and paths trimmed"),
)
SAME_WITHIN = (
    ("weigh_few", "weigh_many", "deeper recursion"),
    ("span_weigh_few", "span_weigh_many", "deeper recursion, and the SDK cuts the stack"),
    ("record_deep", "record_deeper", "deeper recursion, and the SDK cuts the stack"),
)
DIFFERENT = (
    ("place", "cancel", "another function of ours made the error, the message is the same"),
    (
        "cockroach",
        "cockroach_cancel",
        "another function of ours made the error, the message is the same",
    ),
    ("line", "nil_order", "another kind of panic in another function"),
    ("find", "checker", "another message and function"),
    ("each", "unload", "another type, message and function"),
    ("span_find", "span_checker", "another message and function"),
    ("span_line", "span_nil_order", "another kind of panic in another function"),
    ("sorted", "find", "another message and function"),
    ("weigh_few", "find", "another message and function"),
    ("crash_find", "crash_unload", "another panic"),
    ("crash_line", "crash_find", "another panic"),
    ("span_gin_handler", "span_gin_other", "another handler and another panic"),
    ("record_plain", "record_place", "recorded at the same place, but another error"),
)


def main(target: Path) -> None:
    """Runs every variant and writes occurrences, then pairs."""
    recorded = {variant.name: run(variant) for variant in VARIANTS}
    pairs = []
    draw = random.Random(4)
    for a, b, why in SAME:
        names = sorted(name for name in recorded[a] if recorded[a][name]["stacktrace"])
        names.remove("span_goroutine")  # its message holds the stack of the other goroutine
        if b == "go-older":
            names = [name for name in names if "gin" in name or name.startswith(("span", "record"))]
        for name in draw.sample(names, min(16, len(names))):
            pairs.append((f"{a}/{name}", f"{b}/{name}", True, why))
    for variant in recorded:
        pairs += [
            (f"{variant}/{a}", f"{variant}/{b}", True, why)
            for a, b, why in SAME_WITHIN
            if variant in ("go", "go-noinline", "go-trimpath")
        ]
        pairs += [
            (f"{variant}/{a}", f"{variant}/{b}", False, why)
            for a, b, why in DIFFERENT
            if variant in ("go", "go-moved", "go-trimpath", "go-noinline")
        ]
    write(target, recorded, pairs)


def write(target: Path, recorded: dict[str, Rows], pairs: list[tuple[str, str, bool, str]]) -> None:
    """One JSON object a line: the occurrences that pairs name, then the pairs."""
    with target.open("w", encoding="utf-8") as file:
        for key in dict.fromkeys(key for pair in pairs for key in pair[:2]):
            variant, _, scenario = key.partition("/")
            row = recorded[variant][scenario]
            line = {
                "id": f"go/{key}",
                "type": row["type"],
                "message": row["message"],
                "stacktrace": row["stacktrace"],
                "language": "go",
                "from": f"recorded: {variant}, program go_checkout/, scenario {scenario}",
            }
            print(json.dumps(line, ensure_ascii=False), file=file)
        for a, b, same, why in pairs:
            pair = {"pair": [f"go/{a}", f"go/{b}"], "same": same, "why": why}
            print(json.dumps(pair, ensure_ascii=False), file=file)


main(Path(sys.argv[1]))
