"""Backtraces as Rust's `std::backtrace::Backtrace` writes them, alone or after a message."""

import re

from receiver.fingerprints.frame import Frame, Raised

# By path where the program has debug information, else by the symbol's first crate.
LIBRARY_PATH = re.compile(r"^/rustc/|/\.?cargo/(?:registry|git)/|/rustlib/|/vendor/")
LIBRARY_CRATES = frozenset((
    "std", "core", "alloc", "test", "proc_macro", "__rustc", "backtrace", "tokio", "tokio_util",
    "futures", "futures_util", "futures_core", "futures_channel", "hyper", "hyper_util", "h2",
    "http", "tower", "tower_http", "tower_service", "axum", "axum_core", "actix_web",
    "actix_http", "actix_rt", "actix_server", "warp", "rocket", "tonic", "prost", "reqwest",
    "rustls", "native_tls", "sqlx", "sqlx_core", "diesel", "redis", "serde", "serde_json",
    "tracing", "tracing_core", "tracing_subscriber", "tracing_opentelemetry", "opentelemetry",
    "opentelemetry_sdk", "opentelemetry_otlp", "anyhow", "eyre", "color_eyre", "thiserror",
    "rayon", "rayon_core", "crossbeam", "lambda_runtime", "async_std", "mio",
))  # fmt: skip

FRAME = re.compile(r"\n *+[0-9]++: (?:0x[0-9a-f]++ - )?([^\n]++)(?:\n *+at ([^\n]++))?")
CRATE = re.compile(r"(?<!\w)[A-Za-z_]\w*+(?=::)")
# A panic runs through here; what stands above is the machinery and the hook that reports.
PANIC = re.compile(r"\b(?:rust_begin_unwind|begin_panic\w*+)\b")
SYMBOL_HASH = re.compile(r"::h[0-9a-f]{16}$")
ANGLE = re.compile(r"(::<|->|<|>)")
CLOSURE = re.compile(r"\{{1,2}closure(?:_env)?[^{}]*+\}{1,2}")


def read(text: str) -> list[Raised]:
    """One backtrace, from the statement that panicked or that captured it."""
    found = FRAME.findall(text)
    raised = max((at for at, (name, _) in enumerate(found) if PANIC.search(name)), default=-1)
    frames = (_frame(*names) for names in dict.fromkeys(found[raised + 1 :] or found))
    return [Raised(None, tuple(dict.fromkeys(frames)))] if found else []


def _frame(name: str, path: str) -> Frame:
    crate = CRATE.search(name)
    library = not crate or crate[0] in LIBRARY_CRATES or LIBRARY_PATH.search(path) is not None
    name = CLOSURE.sub("{closure}", _without_arguments(SYMBOL_HASH.sub("", name)))
    module, _, function = name.rpartition("::")
    return Frame(module, function, not library)


def _without_arguments(name: str) -> str:
    """`shop::total::<Vec<Item>>::{closure}` without `::<Vec<Item>>`; `<Item as Priced>` stays."""
    if "::<" not in name:
        return name
    kept, depth = [], 0
    for piece in ANGLE.split(name):
        if depth:
            depth += (piece in ("::<", "<")) - (piece == ">")
        elif piece == "::<":
            depth = 1
        else:
            kept.append(piece)
    return "".join(kept)
