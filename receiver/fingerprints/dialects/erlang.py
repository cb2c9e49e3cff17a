"""Stacks of Erlang and Elixir: Elixir's `Exception.format`, Erlang's shell, and bare lists."""

import re
from collections.abc import Iterable
from itertools import islice

from receiver.fingerprints.dialects.bounds import LINES_MAX
from receiver.fingerprints.dialects.erlang_names import (
    ARGUMENTS_READ,
    count_arguments,
    split_function,
)
from receiver.fingerprints.frame import Frame, Raised, distinct_frames

# Applications of Erlang/OTP and of Elixir itself.
STANDARD = frozenset((
    "elixir", "eex", "ex_unit", "iex", "logger", "mix", "kernel", "stdlib", "erts", "compiler",
    "crypto", "ssl", "public_key", "inets", "mnesia", "sasl", "asn1", "syntax_tools", "tools",
    "runtime_tools", "os_mon", "ssh", "xmerl", "common_test", "eunit", "hex",
))  # fmt: skip
# Packages of hex.pm that many programs have; the text names the application of each frame.
PACKAGES = frozenset((
    "phoenix", "phoenix_html", "phoenix_live_view", "phoenix_live_dashboard", "phoenix_ecto",
    "phoenix_pubsub", "phoenix_template", "phoenix_view", "plug", "plug_cowboy", "plug_crypto",
    "bandit", "thousand_island", "websock_adapter", "cowboy", "cowlib", "ranch", "ecto",
    "ecto_sql", "ecto_sqlite3", "db_connection", "postgrex", "myxql", "tds", "exqlite",
    "decimal", "jason", "poison", "tesla", "finch", "mint", "req", "httpoison", "hackney",
    "gun", "nimble_pool", "nimble_options", "oban", "exq", "quantum", "broadway", "gen_stage",
    "flow", "gen_state_machine", "absinthe", "absinthe_plug", "dataloader", "redix", "eredis",
    "mongodb_driver", "amqp", "amqp_client", "brod", "kafka_ex", "ex_aws", "ex_aws_s3", "swoosh",
    "bamboo", "gettext", "telemetry", "telemetry_metrics", "opentelemetry", "opentelemetry_api",
    "opentelemetry_exporter", "opentelemetry_phoenix", "opentelemetry_ecto", "sentry", "guardian",
    "ueberauth", "oauth2", "joken", "jose", "poolboy", "libcluster", "horde", "swarm", "nebulex",
    "cachex", "con_cache", "castore", "timex", "tzdata", "ash", "commanded", "eventstore", "grpc",
    "protobuf", "nx", "lager", "recon", "elli", "mochiweb", "webmachine", "yaws", "jsx", "jiffy",
    "epgsql", "mysql", "emysql", "pgo", "pg_types", "eredis_cluster", "gproc", "folsom", "goldrush",
    "jsone", "ibrowse", "erlcloud", "meck", "proper", "cuttlefish", "grpcbox", "chatterbox", "ctx",
    "acceptor_pool", "opentelemetry_cowboy", "opentelemetry_semantic_conventions", "certifi",
    "idna", "mimerl", "parse_trans", "worker_pool", "pooler", "syn", "ra", "rabbit",
    "rabbit_common", "kafka_protocol", "supervisor3", "erlkaf", "backoff", "shackle",
    "telemetry_poller", "prometheus", "getopt", "erlydtl", "yamerl", "thoas", "exometer_core",
))  # fmt: skip
# Modules whose frames have no application: those compiled into the machine, and Erlang's lists.
MODULES = frozenset((
    "erlang", "lists", "maps", "gen_server", "gen_statem", "gen_event", "gen", "proc_lib",
    "supervisor", "application_master", "timer", "ets", "dets", "io", "io_lib", "file", "binary",
    "string", "unicode", "proplists", "dict", "sets", "queue", "rpc", "erpc", "global", "init",
    "code", "error_handler", "erl_eval", "shell", "elixir", "elixir_compiler", "elixir_lexical",
    "elixir_eval", "elixir_dispatch", "eval_bits", "calendar", "re", "base64", "gen_tcp", "inet",
    "prim_inet", "ssl", "httpc", "crypto", "cowboy_handler", "cowboy_stream_h", "cowboy_http",
    "cowboy_http2", "cowboy_router", "ranch_protocol",
    "Access", "Agent", "Code", "DateTime", "Date", "Decimal", "Enum", "Enumerable", "File",
    "Float", "GenServer", "IO", "Integer", "Kernel", "Keyword", "List", "Logger", "Map", "Mix",
    "Module", "Process", "Registry", "Stream", "String", "Supervisor", "System", "Task", "Time",
    "URI", "IEx", "ExUnit", "EEx", "Exception", "Protocol", "Range", "Regex", "Tuple", "Jason",
    "Plug", "Phoenix", "Ecto", "DBConnection", "Postgrex", "Oban", "Tesla", "Finch", "Absinthe",
))  # fmt: skip
OURS = "application that is no package of the list"
# What Plug and Phoenix write into our modules.
WRITTEN = re.compile(
    r".*\.(?:phoenix_controller_pipeline/2|plug_builder_call/2|call \(overridable [0-9]++\)/2"
    r"|__pipe_through[0-9]++__/[0-9])|.*(?:Endpoint|Router)\.call/2"
)
GENERATED = "written by Phoenix or Plug into this module"
DEPENDENCY = re.compile(r"(?:^|/)deps/|/lib/(?:erlang|elixir)/|/\.hex/|/_build/\w++/plugins/")
# rebar3 builds our application where it builds what that depends on; a release has the version:
# _build/prod/lib/shop/src, /opt/shop/lib/shop-1.3.0/src. The folder names the application.
APPLICATION = re.compile(r"(?:^|/)lib/([a-z]\w*+)(?:-[0-9][^/\n]*+)?/(?:src|ebin|test)/")

# (shop 0.1.0) lib/shop/orders.ex:12: Shop.Orders.place/2, with or without its beginning.
ELIXIR = re.compile(
    r"\n[ \t]++(?:\(([a-z]\w*+)(?: [^\s()]++)?\) )?(?:([^\s:()\"]++):([0-9]++): )?"
    r"((?:anonymous fn/[0-9]++ in )?(?::[a-z\"]|[A-Z\"])[^\s(.]*+\.[^\n]*+)(?<=[0-9)])(?=\n|\Z)"
)
# In function  shop_orders:place/2 (src/shop_orders.erl, line 12)
SHELL = re.compile(
    r"\n[ \t]++(?:in (?:function|call from|operator) ++)?"
    r"((?:'[^'\n]++':|[a-z]\w*+:)?(?:'[^'\n]++'|[^\s('/:,]++|//?)(?:/[0-9]++|\([^\n]*?\)))"
    r"(?: \(([^\n(),]++), line ([0-9]++)\))?(?=\n|\Z)"
)
# {shop_orders,place,2,[{file,"src/shop_orders.erl"},{line,12}]}; OpenTelemetry may cut it short.
ITEM = re.compile(
    r"\{('[^'\n]++'|[a-z]\w*+),\s*+('[^'\n]++'|[a-z]\w*+),\s*+(?:([0-9]{1,3}),\s*+\[([^\[\]{}]*+"
    r"(?:\{[^{}]*+\}[^\[\]{}]*+)*+)\]|(\[)|\.\.\.)"
)
ITEM_PLACE = re.compile(r'\{file,\s*+"([^"\n]*+)"\},\s*+\{line,\s*+([0-9]++)\}')
HEAD = re.compile(r"\*\* (?:\(([A-Za-z_][\w.]*+)\) |exception (error|exit|throw): )([^\n]*+)")
STRUCT = re.compile(r"'__struct__' => 'Elixir\.([\w.]++)'")
STRUCT_MESSAGE = re.compile(r'message =>\s++<<"([^"\n]*+)')


def read(text: str) -> list[Raised]:
    """The exception; Erlang keeps no causes."""
    frames = _without_actions(distinct_frames(_frames(text)))
    return [_raised(text, frames)] if frames else []


def _without_actions(frames: tuple[Frame, ...]) -> tuple[Frame, ...]:
    """The frames, with the `action` by which Phoenix up to 1.5 called a controller not in-app.

    It is written into the controller, and stands below what it called there.
    """
    seen: set[str] = set()
    kept = []
    for frame in frames:
        written = frame.function == "action/2" and frame.in_app and frame.module in seen
        seen.add(frame.module)
        kept.append(frame._replace(in_app=False, reason=GENERATED) if written else frame)
    return tuple(kept)


def _raised(text: str, frames: tuple[Frame, ...]) -> Raised:
    """With the class and message of `** (KeyError) key :a not found` or of a shell's report."""
    head = HEAD.search(text)
    if not head:
        return Raised(None, frames)
    name, message = head[1], head[3].strip()
    if head[2]:
        struct, said = STRUCT.search(text), STRUCT_MESSAGE.search(text)
        name = struct[1] if struct else head[2]
        message = (said[1] if said else "") if struct else message
    return Raised(name, frames, message or None)


def _frames(text: str) -> Iterable[Frame]:
    """Of the one form that the text is written in: Elixir's, the shell's, or a list."""
    elixir = ELIXIR.findall(text)
    if elixir:
        yield from (_frame(*found) for found in islice(dict.fromkeys(elixir), LINES_MAX))
        return
    shell = SHELL.findall(text) if "\n  in " in text else []
    if shell:
        yield from (
            _frame("", path, line, name)
            for name, path, line in islice(dict.fromkeys(shell), LINES_MAX)
        )
        return
    for item in islice(ITEM.finditer(text), LINES_MAX):
        name = f"{item[1]}:{item[2]}"
        if item[5]:  # a call that no clause matches has its arguments in place of their number
            name += f"/{count_arguments(text[item.start(5) : item.end() + ARGUMENTS_READ])}"
        elif item[3]:
            name += f"/{item[3]}"
        place = ITEM_PLACE.search(item[4]) if item[4] else None
        yield _frame("", place[1] if place else "", place[2] if place else "", name)


def _frame(application: str, path: str, line: str, name: str) -> Frame:
    module, function = split_function(name)
    reason = _library(application, module, path)
    if reason is None and WRITTEN.fullmatch(f"{module}.{function}"):
        reason = GENERATED
    number = int(line[:9]) if line else None
    return Frame(module, function, reason is None, reason or OURS, path or None, number)


def _library(application: str, module: str, path: str) -> str | None:
    """Why a frame is not the application's; None where it is."""
    if not application and (folder := APPLICATION.search(path)):
        application = folder[1]
    if application in STANDARD:
        return f"application {application} is part of Erlang or Elixir"
    if application in PACKAGES:
        return f"package {application} of hex.pm"
    if not module and not path:
        return "function of Erlang itself, without a module"
    if not application and (module in MODULES or module.partition(".")[0] in MODULES):
        return f"module {module} is part of a library"
    if path and DEPENDENCY.search(path):
        return "in a folder of dependencies"
    return None
