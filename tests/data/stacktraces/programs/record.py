"""Writes what these programs print: `python record.py FOLDER`, with node, javac, go, rustc.

Each program prints its stacks with a form feed after each. The directories of the copy and of
Python's library become /app and /usr/local/lib; all else stays as the runtime wrote it.
"""

import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent

# Name of the files, commands (the last one prints), and the directory to run in.
RUNS = (
    ("python_chained", ((sys.executable, "{app}/chained.py"),), "."),
    ("python_group", ((sys.executable, "{app}/group.py"),), "."),
    ("node", (("node", "{app}/shop.mjs"),), "."),
    (
        "java",
        (
            ("javac", "-d", "{app}/classes", "com/example/shop/Shop.java"),
            (
                "java",
                "-XX:MaxJavaStackTraceDepth=40",
                "-cp",
                "{app}/classes",
                "com.example.shop.Shop",
            ),
        ),
        "java",
    ),
    ("go", (("go", "build", "-o", "shop", "."), ("./shop",)), "go"),
    ("go_trimpath", (("go", "build", "-trimpath", "-o", "shop", "."), ("./shop",)), "go"),
    ("rust", (("rustc", "-g", "--crate-name", "shop", "main.rs"), ("./shop",)), "rust"),
    ("rust_release", (("rustc", "-O", "--crate-name", "shop", "main.rs"), ("./shop",)), "rust"),
)


def main(folder: Path) -> None:
    """Runs every program in a copy and writes each stack it printed to a numbered file."""
    with tempfile.TemporaryDirectory() as directory:
        app = Path(directory) / "app"
        shutil.copytree(HERE, app)
        for name, commands, cwd in RUNS:
            for command in commands:
                words = [word.format(app=app) for word in command]
                printed = subprocess.run(words, cwd=app / cwd, capture_output=True, check=True)
            text = printed.stdout.decode().replace(f"{app}/go/", "/app/").replace(str(app), "/app")
            text = text.replace(sysconfig.get_path("stdlib"), "/usr/local/lib/python3.11")
            for number, stack in enumerate(text.split("\f")[:-1], start=1):
                (folder / f"{name}_{number}.txt").write_text(stack)


main(Path(sys.argv[1]))
