"""Backtraces of Rust: of a panic, of std's `Backtrace`, of anyhow, eyre and color-eyre."""

import re
from collections.abc import Iterable

from receiver.fingerprints.dialects.bounds import LINES_MAX
from receiver.fingerprints.dialects.rust_names import crate_of, is_closure, split_name
from receiver.fingerprints.frame import Frame, Raised, distinct_frames
from receiver.fingerprints.source_path import module_name

# By path where the program has debug information, else by the symbol's first crate.
LIBRARY_PATHS = (
    ("standard library of Rust", re.compile(r"^/rustc/|/rustlib/|^library[/\\]|^/build/rustc")),
    (
        "crate of a registry or a repository",
        re.compile(
            r"[/\\]\.?cargo[/\\](?:registry|git)[/\\]|[/\\]vendor[/\\]|^[\w-]*-[0-9]++\.[0-9]"
        ),
    ),
)
STANDARD_CRATES = frozenset((
    "std", "core", "alloc", "test", "proc_macro", "__rustc", "panic_unwind", "panic_abort",
    "backtrace", "hashbrown", "gimli", "addr2line",
))  # fmt: skip
LIBRARY_CRATES = frozenset((
    "tokio", "tokio_util", "tokio_stream", "tokio_rustls", "futures", "futures_util",
    "futures_core", "futures_channel", "futures_executor", "hyper", "hyper_util", "h2", "h3",
    "http", "http_body_util", "tower", "tower_http", "tower_service", "tower_layer", "axum",
    "axum_core", "actix", "actix_web", "actix_http", "actix_rt", "actix_server", "actix_service",
    "warp", "rocket", "poem", "salvo", "tide", "tonic", "prost", "reqwest", "rustls",
    "native_tls", "sqlx", "sqlx_core", "diesel", "sea_orm", "deadpool", "bb8", "redis", "lapin",
    "rdkafka", "serde", "serde_json", "serde_core", "tracing", "tracing_core",
    "tracing_subscriber", "tracing_opentelemetry", "opentelemetry", "opentelemetry_sdk",
    "opentelemetry_otlp", "anyhow", "eyre", "color_eyre", "stable_eyre", "thiserror", "failure",
    "rayon", "rayon_core", "crossbeam", "crossbeam_utils", "parking_lot", "lambda_runtime",
    "async_std", "async_trait", "async_executor", "smol", "mio", "pyo3", "wasm_bindgen",
    "async_graphql", "juniper", "chrono", "regex", "regex_automata", "clap", "once_cell", "bytes",
))  # fmt: skip
OURS = "crate that is not in a registry's folder"

STACK = re.compile(r"\n[ \t]*+(?:[Ss]tack backtrace:|[━─]++ BACKTRACE [━─]++)[^\n]*+(?=\n|\Z)")
FRAME = re.compile(r"\n[ \t]*+[0-9]++: (?:0x[0-9a-f]++ - )?([^\n]++)(?:\n[ \t]*+at ([^\n]++))?")
# A panic runs through here; what stands above is the machinery and the hook that reports.
PANIC = re.compile(
    r"\b(?:rust_begin_unwind|begin_panic\w*+|panic_fmt|panic_display|panic_nounwind\w*+"
    r"|core::panicking::panic\w*+)(?=::h[0-9a-f]{16}\Z|::<|\Z)"
)
PANICKED = re.compile(
    r"\n(?:thread '[^\n]{0,256}? )?panicked at (?:'([^\n]*)', )?([^\n:]++(?::[^\n:0-9][^\n:]*+)?)"
    r":([0-9]++):[0-9]++:?(?:\n([^\n]*+))?"
)
CAUSED_BY = re.compile(r"\nCaused by:(?=\n)")
CAUSE = re.compile(r"\n[ \t]++(?:[0-9]{1,4}: )?([^\n]++)")
# eyre's `0: message` of each error from the outside in, and where the report was made.
REPORT = re.compile(r"\n {3}[0-9]{1,2}: ?([^\n]*+)")
LOCATION = re.compile(r"\nLocation:\n[ \t]++([^\n:]++(?::\\[^\n:]++)?):([0-9]++)")
FILE_LINE = re.compile(r"(.+?):([0-9]{1,9})(?::[0-9]{1,9})?\Z")


def read(text: str) -> list[Raised]:
    """The error or panic with its backtrace, then the messages of its causes, which have no frames.

    Without a backtrace the file of the panic, or of eyre's report, stands for the frames.
    """
    stack = STACK.search(text)
    head, body = (text[: stack.start()], text[stack.end() :]) if stack else ("", text)
    found = FRAME.findall(body)
    if not stack and found and not any("::" in name for name, _ in found):
        found = []
    frames = distinct_frames(_frames(found)) or _where(text)
    message, causes = _messages(head or (text if not found else ""))
    if not frames:
        return []
    return [Raised(None, frames, message), *(Raised(None, (), cause) for cause in causes)]


def _frames(found: list[tuple[str, str]]) -> Iterable[Frame]:
    """From the statement that panicked or that captured the backtrace.

    A closure is told by its function. Where the function itself follows, only that counts: an
    optimised build has no frame of its own for the closure.
    """
    raised = max((at for at, (name, _) in enumerate(found) if PANIC.search(name)), default=-1)
    lines = list(dict.fromkeys(found[raised + 1 :] or found))[:LINES_MAX]
    names = [split_name(name) for name, _ in lines]
    last = {name: at for at, name in enumerate(names)}
    for at, ((name, place), (module, function)) in enumerate(zip(lines, names, strict=True)):
        if is_closure(name) and last[module, function] > at:
            continue
        file, line = _file(place)
        reason = _library(name, file or "")
        yield Frame(module, function, reason is None, reason or OURS, file, line)


def _library(name: str, path: str) -> str | None:
    """Why a frame is not the application's; None where it is."""
    crate = crate_of(name)
    if crate is None:
        return "symbol without a crate: not of Rust"
    if crate in STANDARD_CRATES:
        return "standard library of Rust"
    if crate in LIBRARY_CRATES:
        return f"crate {crate} is a library"
    return next((why for why, pattern in LIBRARY_PATHS if pattern.search(path)), None)


def _file(place: str) -> tuple[str | None, int | None]:
    told = FILE_LINE.match(place[-4096:])
    return (told[1], int(told[2])) if told else (place or None, None)


def _where(text: str) -> tuple[Frame, ...]:
    """Where a panic or a report says it was made, as the only frame."""
    panicked, report = PANICKED.search(text), LOCATION.search(text)
    if panicked:
        path, line = panicked[2], panicked[3]
    elif report:
        path, line = report[1], report[2]
    else:
        return ()
    reason = next((why for why, pattern in LIBRARY_PATHS if pattern.search(path)), None)
    kind = "<panic>" if panicked else "<report>"
    return (Frame(module_name(path), kind, not reason, reason or OURS, path, int(line[:9])),)


def _messages(head: str) -> tuple[str | None, list[str]]:
    """The message of the panic or error, and those of its causes, as written above a backtrace."""
    panicked = PANICKED.search(head)
    if panicked:
        return (panicked[1] or panicked[4] or "").strip() or None, []
    message, *caused = CAUSED_BY.split(head, maxsplit=1)
    if caused:
        return _first_line(message), CAUSE.findall(caused[0].partition("\n\n")[0])
    first, *causes = REPORT.findall(head.partition("\nLocation:")[0]) or [_first_line(head)]
    return first or None, [cause for cause in causes if cause]


def _first_line(text: str) -> str | None:
    return text.strip().partition("\n")[0].removeprefix("Error: ").strip() or None
