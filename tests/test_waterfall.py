"""A trace as a waterfall in a terminal."""

from dataclasses import replace

from rich.cells import cell_len

from analysis.printing import printed
from analysis.waterfall import SPANS_MAX, TraceSpan, failing_path, focused, waterfall

ROOT = TraceSpan(
    depth=0,
    service_name="web",
    service_version="7",
    span_kind="SERVER",
    span_name="GET /order",
    peer=None,
    start_time="2026-11-21T10:00:00.000000000Z",
    offset_ms=0.0,
    duration_ms=100.0,
    outcome="server_error",
    http_status_code=500,
    status_message=None,
    on_failing_path=True,
    origin=False,
    parent_missing=False,
    exception_type=None,
    exception_message=None,
)
CALL = replace(
    ROOT,
    depth=1,
    span_kind="CLIENT",
    span_name="POST",
    peer="checkout",
    offset_ms=10.0,
    duration_ms=80.0,
    http_status_code=None,
)
PAY = replace(
    ROOT,
    depth=2,
    service_name="checkout",
    service_version="1.4.0",
    span_name="POST /pay",
    offset_ms=20.0,
    duration_ms=60.0,
    origin=True,
    exception_type="KeyError",
    exception_message="'amount'",
)
READ = replace(
    PAY,
    depth=3,
    span_kind="CLIENT",
    span_name="SELECT orders",
    peer="mysql",
    offset_ms=25.0,
    duration_ms=5.0,
    outcome="ok",
    on_failing_path=False,
    origin=False,
    exception_type=None,
    exception_message=None,
)
SPANS = (ROOT, CALL, PAY, READ)


def drawn(spans: tuple[TraceSpan, ...], width: int) -> list[str]:
    """The lines of the waterfall without colours."""
    return printed(*waterfall("ab" * 16, spans, width), width=width).splitlines()


def test_a_failing_trace() -> None:
    """Services where they take over, the failing path marked, its origin named, its exception."""
    assert drawn(SPANS, 80) == [
        "trace abababababababababababababababab",
        "2026-11-21 10:00:00.000 UTC, 100 ms, 4 spans, 2 services",
        "the failure starts in checkout@1.4.0 (POST /pay)",
        "",
        "    web@7",
        "✗   error 500: GET /order                   ███████████████████████████   100 ms",
        "✗     error: POST → checkout                  ██████████████████████       80 ms",
        "        checkout@1.4.0",
        "▶       error 500: POST /pay                     ████████████████          60 ms",
        "          the failure starts here",
        "          ! KeyError: 'amount'",
        "          SELECT orders → mysql                   █                         5 ms",
    ]


def test_it_fits_every_terminal() -> None:
    """From 50 columns up no line is wider than the terminal, however deep and long the names."""
    deep = tuple(
        replace(PAY, depth=depth, span_name="x" * 90, exception_message="word " * 60)
        for depth in range(40)
    )
    for width in (50, 80, 120, 200):
        assert max(len(line) for line in drawn(deep, width)) <= width


def test_wide_letters_keep_the_bars_in_line() -> None:
    """Letters that take two columns do not push the bar aside."""
    plain, wide = drawn((ROOT, replace(CALL, span_name="注文を支払う")), 80)[-2:]
    assert plain.index("█") == 44
    assert cell_len(wide[: wide.index("█")]) == 46


def test_what_is_unknown_is_said() -> None:
    """A span without a duration has a question mark; a missing parent and version are told."""
    lines = drawn((replace(ROOT, duration_ms=None, service_version=None, parent_missing=True),), 80)
    assert "incomplete: 1 span below a parent that is not stored" in lines
    assert "    web" in lines
    assert lines[-1].endswith("?")


def test_hostile_names_are_shown_as_escapes() -> None:
    """Nothing in a trace steers the terminal, in no field."""
    evil = "\x1b[2J\u202e\n[red]"
    span = replace(
        ROOT,
        service_name=evil,
        service_version=evil,
        span_name=evil,
        origin=True,
        exception_type=evil,
        exception_message=evil,
    )
    text = "\n".join(drawn((span,), 200))
    assert not set(text) & {"\x1b", "\u202e"}
    assert "\\x1b[2J\\u202e\\n[red]" in text
    coloured = printed(*waterfall("ab", (span,), 200), width=200, colour=True)
    assert "\x1b[2J" not in coloured


def test_a_status_message_explains_a_failure_without_an_exception() -> None:
    """Why a span failed is told by its exception, else by its status; a good span tells nothing."""
    failed = replace(ROOT, exception_type=None, status_message="upstream reset")
    assert "      ! upstream reset" in drawn((failed,), 80)
    fine = replace(READ, depth=0, status_message="all well")
    assert not [line for line in drawn((fine,), 80) if "!" in line]


def test_colours_follow_the_outcome() -> None:
    """What failed is red where colours are wanted."""
    text = printed(*waterfall("ab", SPANS, 80), width=80, colour=True)
    assert "\x1b[31m▶ " in text
    assert "\x1b[36m" in text


def test_focus_keeps_what_matters() -> None:
    """The spans of one service, those that did not go well, and all above them stay."""
    side = replace(READ, depth=1, service_name="cart", service_version="1", span_name="GET /cart")
    well = replace(ROOT, outcome="ok", on_failing_path=False)
    assert focused((well, side, CALL, PAY, READ), "checkout") == [well, CALL, PAY, READ]
    assert focused((well, side), "nobody") == []
    assert focused((well, side), "cart") == [well, side]


def test_many_origins_are_counted() -> None:
    """The heading names three origins and says how many more there are."""
    many = tuple(replace(PAY, depth=0, span_name=f"span {n}") for n in range(9))
    assert drawn(many, 200)[2].endswith("checkout@1.4.0 (span 2) and 6 more")


def test_of_a_large_trace_the_failing_path_is_drawn() -> None:
    """A large trace is reduced to its failing path; one that went well to its first spans."""
    well = replace(READ, depth=1)
    assert failing_path(SPANS) == list(SPANS)
    assert failing_path([ROOT, *[well] * 600, CALL, PAY]) == [ROOT, CALL, PAY]
    assert len(failing_path([well] * 600)) == SPANS_MAX
