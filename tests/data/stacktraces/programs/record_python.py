"""Records the pairs of Python: `python record_python.py OUTPUT VERSION=PYTHON...`.

Each PYTHON is an interpreter with opentelemetry-sdk, flask, pydantic and sqlalchemy; those of 3.12
and 3.13 also have fastapi, httpx, celery, jinja2 and django (4.2 and a later one). The program is
copied, changed as a variant says, and run; the folders of the copy and of the interpreter become
those that the variant names. All else is as OpenTelemetry's SDK recorded it.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PROGRAM = Path(__file__).resolve().parent / "python_shop"

# Name -> version of Python, folder of the program, number in messages, how it was changed.
VARIANTS = {
    "base": ("3.11", "/app", 17, ""),
    "moved": ("3.11", "/app", 4711, "lines"),
    "folder": ("3.11", "/srv/releases/20240611/", 8, ""),
    "renamed": ("3.11", "/home/ci/storefront-main", 23, ""),
    "zip": ("3.11", "/app/shop.pyz", 17, "zip"),
    "cut": ("3.11", "/app", 17, "cut"),
    "py39": ("3.9", "/app", 35, ""),
    "py312": ("3.12", "/usr/src/app", 61, ""),
    "py313": ("3.13", "/opt/shop", 90210, "lines"),
}
WHY = {
    "moved": "other line numbers after an edit, another number in the message",
    "folder": "deployed to the folder of another release",
    "renamed": "checked out under another name",
    "zip": "packed into one file",
    "cut": "the attribute limit of the SDK cut the end",
    "py39": "Python 3.9 instead of 3.11",
    "py312": "Python 3.12 instead of 3.11",
    "py313": "Python 3.13 instead of 3.11, lines moved",
    "frameworks": "another Python and another version of the framework",
}

# The same failure in two variants of the program: variants, and cases.
SAME = (
    (
        "base",
        "moved",
        "setting_timeout cause_key context place total_lazily descend bounce notes"
        " many_lines local_class traceback_inside deep_cause bare_cause group nested in_process"
        " gathered parse_order not_null flask_place",
    ),
    (
        "base",
        "folder",
        "cause_value cause_hidden total cheapest property in_pool syntax_coupons"
        " city no_table flask_region",
    ),
    ("base", "cut", "cause_key context deep_cause"),
    ("base", "renamed", "setting_region refuse deep_cause syntax_gifts evaluate"),
    ("base", "zip", "cause_key place descend"),
    ("base", "py39", "cause_key total in_thread flask_pay in_process parse_rule"),
    ("base", "py312", "total group nested waited flask_place city no_column no_module"),
    ("base", "py313", "cause_key cheapest notes group descend flask_place user in_process"),
)
SAME_FRAMEWORK = (
    ("py312", "py313", "fastapi_async fastapi_sync django_show django_price celery jinja_order"),
)

# Two failures that differ: variant, case, variant, case, why.
DIFFERENT = (
    ("base", "setting_timeout", "base", "setting_region", "another function asks, another setting"),
    ("base", "cause_key", "base", "cause_value", "another cause of one error"),
    ("base", "cause_key", "base", "cause_hidden", "a cause, or none"),
    ("base", "cause_hidden", "moved", "cause_value", "a cause, or none"),
    ("base", "context", "moved", "cause_value", "another class and function"),
    ("base", "place", "base", "cancel", "another function, same message, same decorator"),
    ("base", "place", "moved", "cancel", "another function, same message, same decorator"),
    ("base", "refuse", "base", "pay", "another class and function"),
    ("base", "place", "base", "refuse", "another function and kind of message"),
    ("base", "total", "base", "total_lazily", "another function with the same error"),
    ("base", "cheapest", "base", "dearest", "the same lambda in another function"),
    ("base", "descend", "base", "bounce", "another recursion"),
    ("base", "many_lines", "base", "many_lines_of_items", "the second line says what is wrong"),
    ("base", "many_lines", "moved", "many_lines_of_items", "the second line says what is wrong"),
    ("base", "bare_cause", "base", "other_bare_cause", "another cause, which was never raised"),
    ("base", "bare_cause", "base", "place", "another function, with a cause"),
    ("base", "local_class", "base", "pay", "another class and function"),
    ("base", "property", "base", "evaluate", "another class and function"),
    ("base", "traceback_inside", "base", "in_process", "another message and cause"),
    ("base", "setting_timeout", "py39", "cause_key", "a missing key, or its consequence"),
    ("base", "in_pool", "base", "descend", "another function, one class"),
    ("py312", "flask_place", "py313", "cheapest", "another class and function"),
    ("base", "no_table", "py312", "no_column", "a table is missing, or a column"),
    ("base", "total", "py39", "parse_rule", "another class and function"),
    ("base", "parse_order", "moved", "parse_basket", "another function reads JSON"),
    ("base", "flask_region", "base", "setting_timeout", "another setting is missing"),
    ("base", "in_process", "moved", "in_process_other", "another failure in another process"),
    ("base", "deep_cause", "py313", "notes", "another cause under one message"),
    ("base", "nested_other", "py312", "nested", "another exception deep in a group"),
    ("base", "group_charge", "py313", "group", "one task of two fails"),
    ("base", "deep_cause", "base", "notes", "another cause under one message"),
    ("base", "deep_cause", "moved", "refuse", "what failed, or what it caused"),
    ("base", "group", "base", "group_charge", "one task of two fails"),
    ("base", "nested", "base", "nested_other", "another exception deep in a group"),
    ("base", "nested", "moved", "group", "another group"),
    ("base", "gathered", "base", "group", "alone, or in a group"),
    ("base", "in_process", "base", "in_process_other", "another failure in another process"),
    ("base", "in_pool", "base", "in_pool_other", "another failure in another process"),
    ("base", "syntax_coupons", "base", "syntax_gifts", "another file with wrong syntax"),
    ("base", "no_module", "base", "syntax_coupons", "a module is missing, or wrong"),
    ("base", "parse_order", "base", "parse_basket", "another function reads JSON"),
    ("base", "parse_rule", "base", "evaluate", "text that is no program, or fails"),
    ("base", "city", "base", "user", "another field is missing"),
    ("base", "city", "py312", "user", "another field is missing"),
    ("base", "no_table", "base", "no_column", "a table is missing, or a column"),
    ("base", "no_column", "base", "not_null", "a column is missing, or a value"),
    ("base", "flask_place", "base", "flask_pay", "another function under one framework"),
    ("base", "flask_pay", "base", "flask_region", "another function under one framework"),
    ("py312", "fastapi_async", "py312", "fastapi_sync", "another function under one framework"),
    ("py312", "django_show", "py312", "django_price", "another function under one framework"),
    ("py312", "django_show", "py313", "django_price", "another function under one framework"),
    ("py312", "jinja_order", "py312", "jinja_basket", "another template"),
)
# Other pairs that are one: variant, case, variant, case, why.
ALSO_SAME = (
    ("base", "group", "moved", "group_turned", "the same tasks fail in another order and number"),
    ("base", "gathered", "moved", "waited", "one coroutine fails, however it is awaited"),
    ("base", "in_pool", "moved", "in_thread", "one function fails, in a process or in a thread"),
    ("base", "refuse", "base", "in_thread", "one function fails, here or in a thread"),
    ("py312", "celery", "py313", "fastapi_sync", "one function fails, in a task or a request"),
    ("py312", "django_show", "py313", "fastapi_async", "one function fails under two frameworks"),
    ("base", "place", "base", "flask_place", "one function fails, with a framework or without"),
)


def cases_of(variant: str) -> list[str]:
    """The cases of a variant that some pair needs."""
    wanted = {
        case
        for first, second, names in (*SAME, *SAME_FRAMEWORK)
        for case in names.split()
        if variant in (first, second)
    }
    for first, one, second, other, _ in (*DIFFERENT, *ALSO_SAME):
        wanted |= {one} if first == variant else set()
        wanted |= {other} if second == variant else set()
    return sorted(wanted)


def changed(program: Path, how: str) -> None:
    """Moves every line of every module: comments above, and above each function. Modules with wrong
    syntax get the name of a module."""
    for path in program.rglob("*.broken"):
        path.rename(path.with_suffix(""))
    for path in program.rglob("*.py"):
        text = path.read_text()
        if how == "lines" and "plugins" not in path.parts:
            text = re.sub(r"(?m)^( *)((?:async )?def |@)", r"\1# changed\n\1\2", "# new\n\n" + text)
            path.write_text(text)


def record(variant: str, interpreters: dict[str, str]) -> list[dict[str, str]]:
    """What the SDK records for the cases of a variant."""
    version, folder, number, how = VARIANTS[variant]
    python = interpreters[version]
    with tempfile.TemporaryDirectory() as directory:
        program = Path(directory) / "program"
        shutil.copytree(PROGRAM, program, ignore=shutil.ignore_patterns("__pycache__"))
        changed(program, how)
        run = program / "run.py"
        if how == "zip":
            (program / "__main__.py").write_text("import sys, run\n\nrun.main(sys.argv[2:])\n")
            shutil.make_archive(str(program), "zip", program)
            run = program = program.with_suffix(".zip")
        limit = {"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT": "700"} if how == "cut" else {}
        printed = subprocess.run(
            [python, str(run), str(number), *cases_of(variant)],
            env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"} | limit,
            capture_output=True,
            check=True,
            text=True,
        )
        text = printed.stdout.replace(str(program), folder.rstrip("/"))
    prefixes = subprocess.run(
        [python, "-c", "import sys; print(sys.prefix, sys.base_prefix)"],
        capture_output=True,
        check=True,
        text=True,
    ).stdout.split()
    for prefix, place in zip(prefixes, ("/opt/venv", "/usr/local"), strict=True):
        text = text.replace(prefix, place)
    made = f"recorded: Python {version}, program python_shop/run.py, variant {variant}"
    records = []
    for line in text.splitlines():
        one = json.loads(line)
        name = one.pop("case")
        records.append(
            {"id": f"python/{name}-{variant}", **one, "language": "python", "from": made}
        )
    return records


def pairs() -> list[dict[str, object]]:
    """All pairs, by the ids of their occurrences."""
    found = [
        (first, case, second, case, True, WHY[second] if table is SAME else WHY["frameworks"])
        for table in (SAME, SAME_FRAMEWORK)
        for first, second, names in table
        for case in names.split()
    ]
    found += [(*row[:4], True, row[4]) for row in ALSO_SAME]
    found += [(*row[:4], False, row[4]) for row in DIFFERENT]
    return [
        {"pair": [f"python/{one}-{first}", f"python/{other}-{second}"], "same": same, "why": why}
        for first, one, second, other, same, why in found
    ]


def main() -> None:
    """Writes every occurrence, then every pair, a JSON object on each line."""
    interpreters = dict(argument.split("=", 1) for argument in sys.argv[2:])
    rows: list[dict[str, object]] = []
    for variant in VARIANTS:
        if cases_of(variant):
            rows += record(variant, interpreters)
    lines = [json.dumps(row, ensure_ascii=False) for row in [*rows, *pairs()]]
    Path(sys.argv[1]).write_text("\n".join(lines) + "\n", encoding="utf-8")


main()
