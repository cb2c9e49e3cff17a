"""The report of a deployment."""

import json
import re
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from analysis.asking import asking
from analysis.catalog import Catalog
from analysis.comparison import Comparison
from analysis.exit_code import ExitCode
from analysis.report import findings
from analysis.report.contents import Report, rows_digest
from analysis.report.recovery import InstanceMinute
from analysis.report.report_json import report_json
from analysis.report.templates import rendered
from analysis.report.words import stack_excerpt
from analysis.rows import Column, Kind, Rows
from analysis.settings import Settings
from analysis.waterfall import TraceSpan
from tests.command_line import deploylens
from tests.ingest import key_values, stored, trace_request
from tests.shop import requests

GOLDEN = Path(__file__).parent / "data" / "reports" / "checkout_1.4.0.md"
MARKDOWN = MarkdownIt("commonmark").enable("table")
RECORDS = {
    "deployments": findings.Deployment,
    "version_comparison": findings.Measure,
    "error_timeline": findings.Step,
    "rollout_progress": findings.RolloutStep,
    "failing_endpoints": findings.FailingEndpoint,
    "failing_services": findings.FailingService,
    "failure_origins": findings.FailureOrigin,
    "new_exceptions": findings.NewException,
    "regressed_exceptions": findings.RegressedException,
    "escalating_exceptions": findings.EscalatingException,
    "gone_exceptions": findings.GoneException,
    "what_changed": findings.Change,
    "latency_regressions": findings.Latency,
    "traffic_changes": findings.Traffic,
    "status_codes": findings.StatusCode,
    "example_traces": findings.ExampleTrace,
    "instance_minutes": InstanceMinute,
    "trace": TraceSpan,
    "comparison": Comparison,
}

# What does not take the parameters that the others share.
ALONE = ("trace", "deployments", "instance_minutes")


@pytest.fixture
def shop(shop_store: Path) -> Path:
    """A store with the orders of the shop."""
    return shop_store


def section(report: str, title: str) -> str:
    """The text below one heading, up to the next."""
    _, _, after = report.partition(f"# {title}\n")
    return re.split(r"\n#+ ", after)[0].strip()


@pytest.fixture
def document(shop_report: Report) -> str:
    """The document of the version that breaks paying."""
    return rendered(shop_report, "default")


@pytest.fixture(scope="module")
def windowed(shop_store: Path) -> str:
    """The document of a part of its time, against a baseline that was named."""
    said = ("--since", "2026-11-21T10:31Z", "--baseline", "1.3.9")
    return deploylens("report", "checkout@1.4.0", *said, store=shop_store).out


def test_the_report_of_the_shop(document: str, rewrite_golden: bool) -> None:
    """The whole document, as it is pasted: rewritten by --rewrite-golden and read as a diff."""
    if rewrite_golden:
        GOLDEN.write_text(document, encoding="utf-8")
    assert document == GOLDEN.read_text(encoding="utf-8")


def test_the_same_data_gives_the_same_bytes(shop_report: Report, tmp_path: Path) -> None:
    """Neither the moment of asking nor the order and time of arrival show in a report."""
    backwards = tmp_path / "backwards.duckdb"
    stored(backwards, *reversed(list(requests())))
    other = deploylens("report", "checkout@1.4.0", "--format", "json", store=backwards)
    assert other.code == ExitCode.DONE
    assert other.out == report_json(shop_report)


def test_the_appendix_is_true(shop: Path, windowed: str) -> None:
    """Each query of the appendix, asked again with its parameters, has the rows of its hash."""
    appendix = section(windowed, "Appendix: the queries behind this")
    table_of_all, table_of_queries = appendix.split("\n\n")[1:]
    shared = dict(re.findall(r"^\| (\w+) \| `?([^`|]+?)`? \|$", table_of_all, re.MULTILINE))
    asked = re.findall(r"^\| (\w+) \| (.*) \| (\d+) \| `(\w+)` \|$", table_of_queries, re.MULTILINE)
    assert len(asked) == len(RECORDS)
    with asking(Settings({"store": str(shop)})) as store:
        for name, own, count, digest in asked:
            given = {} if name in ALONE else dict(shared)
            given |= dict(pair.split("=") for pair in own.replace("`", "").split())
            rows = store.rows(name, given)
            assert (len(rows), rows_digest(rows)) == (int(count), digest), name
    said = [f"-p{key}={value}" for key, value in shared.items()]
    text = deploylens("query", "failing_endpoints", *said, "--format", "json", store=shop).out
    assert ("failing_endpoints", digest_of_json(text)) in {(one[0], one[3]) for one in asked}


def digest_of_json(text: str) -> str:
    """The digest of the rows in a JSON array, computed from the JSON alone."""
    rows = json.loads(text)
    columns = (Column(name, Kind.OTHER, [row[name] for row in rows]) for name in rows[0])
    return rows_digest(Rows(tuple(columns)))


def test_every_field_is_a_column() -> None:
    """What the report reads of a query is among the columns that the query declares."""
    catalog = Catalog.load()
    for name, record_class in RECORDS.items():
        declared = {column.name for column in catalog[name].columns}
        assert {field.name for field in fields(record_class)} <= declared, name


def test_a_report_as_of_an_earlier_moment(shop: Path, tmp_path: Path) -> None:
    """--until reads nothing later: before its first failure the new version looks well. -o writes
    it into a file, and says so."""
    path, until = tmp_path / "incident.md", "2026-11-21T10:30:20Z"
    ended = deploylens("report", "checkout@1.4.0", "--until", until, "-o", path, store=shop)
    assert (ended.code, ended.out, ended.err) == (ExitCode.DONE, "", f"Wrote {path}.\n")
    early = path.read_text(encoding="utf-8")
    assert "served 1 request; 0 of 1 failed (0 %)." in section(early, "Summary")
    assert "2026-11-21 10:30:30" not in early


def test_a_named_baseline(windowed: str) -> None:
    """--baseline says what to compare with."""
    assert "Compared with 1.3.9, as asked: 0 of 60 failed" in windowed


def test_what_people_know_is_left_blank(document: str) -> None:
    """Root cause, people and actions are marked to be filled in, and never guessed."""
    for title in ("Root cause", "Action items"):
        assert "**To fill in:**" in section(document, title)


def test_a_deployment_that_sent_nothing(tmp_path: Path) -> None:
    """A version that was only marked has a report that says so."""
    store = tmp_path / "s.duckdb"
    deploylens("mark", "shop", "2.0", "--note", "night release", store=store)
    ended = deploylens("report", "shop@2.0", store=store)
    assert ended.code == ExitCode.DONE
    assert "No span of this version is stored" in section(ended.out, "Summary")
    assert "deployment marked night release" in ended.out
    for title in ("Impact", "Evidence", "What changed", "Example traces"):
        assert section(ended.out, title).startswith("Unknown: no spans of it are stored.")


def test_very_long_texts_are_cut(tmp_path: Path) -> None:
    """A report of texts of a megabyte stays short, and says how much of them was left out."""
    long = "x" * 100_000
    hostile_store(tmp_path / "s.duckdb", long)
    ended = deploylens("report", f"{long}@{long}2", store=tmp_path / "s.duckdb")
    assert ended.code == ExitCode.DONE, ended.err
    assert "99,800 more characters" in ended.out
    assert len(ended.out) < 60_000
    unknown = deploylens("report", f"{long}@{long}3", store=tmp_path / "s.duckdb")
    assert unknown.code == ExitCode.FAILED
    assert len(unknown.err) < 1000


def test_a_long_stack_trace_keeps_both_ends() -> None:
    """The middle of a long stack trace is left out, by lines and by characters."""
    lines = stack_excerpt("\n".join(f"line {n}" for n in range(1000))).split("\n")
    assert len(lines) == 81
    assert (lines[0], lines[60], lines[-1]) == ("line 0", "… 920 more lines …", "line 999")
    assert len(stack_excerpt("x" * 1_000_000)) < 8100
    assert stack_excerpt("short") == "short"


def test_a_version_that_was_inferred_says_from_what(tmp_path: Path) -> None:
    """Without service.version the report names the attribute that the version was read from."""
    store = tmp_path / "s.duckdb"
    stored(
        store, trace_request(resource={"service.name": "shop", "k8s.replicaset.name": "shop-5d9"})
    )
    text = deploylens("report", "shop@shop-5d9", store=store).out
    assert "it was inferred from k8s.replicaset.name." in section(text, "Summary")
    assert "| Version read from | k8s.replicaset.name |" in text


def hostile_store(path: Path, evil: str) -> None:
    """Two versions of a service in which every text that a sender can choose is the evil one."""
    for number, version in enumerate((f"{evil}1", f"{evil}2")):
        resource: dict[str, object] = {
            "service.name": evil,
            "service.version": version,
            "x": evil + version,
        }
        resource |= {"deployment.environment.name": evil, "deployment.id": evil}
        request = trace_request(
            {"http.request.method": "GET", "http.route": evil, "http.response.status_code": 500},
            {"error.type": evil, "server.address": evil},
            resource=resource,
            name=evil,
            trace_id=number.to_bytes(16, "big")[:-1] + b"\x07",
            start_time_unix_nano=1_700_000_000_000_000_000 + number * 10**12,
            end_time_unix_nano=1_700_000_000_500_000_000 + number * 10**12,
        )
        for span in request.resource_spans[0].scope_spans[0].spans:
            span.status.code, span.status.message = 2, evil
            if version.endswith("2"):
                _add_exception(span, evil)
        stored(path, request)


def _add_exception(span: Span, evil: str) -> None:
    event = span.events.add(name="exception", time_unix_nano=span.start_time_unix_nano + 1)
    attributes = {"exception.type": evil, "exception.message": evil, "exception.stacktrace": evil}
    event.attributes.extend(key_values(attributes))


@pytest.mark.parametrize(
    "evil",
    [
        "<img src=x onerror=alert(1)>|`|\\|```\n\n# Not ours\n| a | b |\n|---|---|\n"
        "[x](javascript:alert(1)) ![y](http://e/) <http://e/> http://e/ **b** _i_ ~~s~~",
        "    indented\n- list\n> quote\n***\n&lt;b&gt;\n"
        "\x1b]0;owned\x07\x1b[2J\u202e@team #1\r\n```\n</details><script>",
    ],
)
def test_hostile_names_stay_text(tmp_path: Path, evil: str) -> None:
    """Whatever a sender calls things, the document keeps its shape, without HTML and links."""
    hostile_store(tmp_path / "s.duckdb", evil)
    ended = deploylens("report", f"{evil}@{evil}2", store=tmp_path / "s.duckdb")
    assert ended.code == ExitCode.DONE, ended.err
    assert not set(ended.out) & {"\x1b", "\x07", "\u202e", "\r"}
    tokens = MARKDOWN.parse(ended.out)
    headings = [after.content for token, after in pairwise(tokens) if token.type == "heading_open"]
    expected = re.findall(r"^#+ (.*)$", GOLDEN.read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[1:] == expected[1:]
    kinds = {token.type for token in tokens}
    kinds |= {child.type for token in tokens for child in token.children or ()}
    assert not {kind for kind in kinds if "html" in kind or "link" in kind or "image" in kind}
    assert "bullet_list_open" in kinds
    assert not {
        kind for kind in kinds if kind in ("hr", "ordered_list_open", "code_block", "em_open")
    }


ROWS = st.lists(
    st.tuples(st.text(max_size=3), st.integers(), st.none() | st.booleans()), min_size=1
)


def of_rows(rows: list[tuple[str, int, bool | None]]) -> Rows:
    """Rows with three columns."""
    text, number, truth = zip(*rows, strict=True)
    return Rows(
        (
            Column("t", Kind.TEXT, text),
            Column("n", Kind.NUMBER, number),
            Column("b", Kind.OTHER, truth),
        )
    )


@given(ROWS, st.randoms())
def test_the_hash_ignores_only_the_order(
    rows: list[tuple[str, int, bool | None]], random: Random
) -> None:
    """Shuffled rows have the same hash; a row more or a value changed has another."""
    shuffled = random.sample(rows, len(rows))
    assert rows_digest(of_rows(rows)) == rows_digest(of_rows(shuffled))
    assert rows_digest(of_rows(rows)) != rows_digest(of_rows([*rows, rows[0]]))
    changed = [(rows[0][0], rows[0][1] + 1, rows[0][2]), *rows[1:]]
    if sorted(map(repr, changed)) != sorted(map(repr, rows)):
        assert rows_digest(of_rows(rows)) != rows_digest(of_rows(changed))


def test_the_hash_ignores_the_last_digits_of_a_sum() -> None:
    """Sums of fractions differ in their last bits from run to run; their hash does not."""
    sums = [0.1 + 0.2 + 0.3, 0.3 + 0.2 + 0.1, 0.6001]
    one, other, third = (rows_digest(Rows((Column("x", Kind.NUMBER, [s]),))) for s in sums)
    assert sums[0] != sums[1]
    assert one == other != third
