"""What a pipeline reads of a check: annotations, JUnit XML, Code Quality, variables; and back."""

import json
import os
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from analysis.check.check_json import check_document, document_text
from analysis.check.check_reading import NotACheck, check_from_json
from analysis.check.code_quality import NO_FILE, code_quality
from analysis.check.dotenv import dotenv
from analysis.check.github_commands import ANNOTATIONS_MAX, annotation, defused, github_log
from analysis.check.github_files import (
    SUMMARY_BYTES_MAX,
    output_lines,
    summary_that_fits,
    write_github_files,
)
from analysis.check.junit_xml import junit_xml
from analysis.database import mark_deployment
from analysis.exit_code import ExitCode
from analysis.verdict.check import Check, Finding, Gate, Suspect, Verdict
from receiver.storage.marks import DeploymentMark
from tests.checks import CHECKS, HEALTHY, HOLD, HOSTILE, HOSTILE_CHECK, NOTHING, ROLL_BACK
from tests.command_line import deploylens
from tests.shop import fill_shop

INJECTIONS = (
    "::error::x",
    " ::set-output name=gate::pass",
    "##[error]x",
    "a ##[set-output name=gate;]pass",
    "x\n::add-mask::a\r\n##[group]b\r::stop-commands::c",
    "%0A::error::x",
    "a,title=b::c",
    "]]>&<\ud800\x00\ufffe",
    HOSTILE,
)
ALL = [*CHECKS.values(), NOTHING, HOSTILE_CHECK]


def saying(text: str, check: Check = ROLL_BACK) -> Check:
    """A check all of whose words were chosen by a sender."""
    finding = Finding("failing_endpoint", "critical", text, text, text, text, {}, (text,))
    deployment = replace(check.deployment, service=text, version=text)
    return replace(
        check,
        deployment=deployment,
        reasons=(text, text),
        findings=(finding, finding),
        suspects=(Suspect(text, text, text, (text,), 1.0),),
    )


def commands(log: str) -> list[str]:
    """The commands that the runner reads in a log, as actions/runner's ActionCommand does: after
    leading space `::name ...::`, or `##[name]` anywhere; none while they are stopped."""
    read: list[str] = []
    token = ""
    for line in re.split(r"\r\n|\r|\n", log):
        new = re.match(r"::([^: ]*)( [^:]*)?::", line.lstrip())
        old = re.search(r"##\[([^] ]*)[^]]*\]", line)
        name = new[1] if new else old[1] if old else None
        if token:
            token = "" if name == token else token
        elif name == "stop-commands":
            token = line.partition("::stop-commands::")[2]
        elif name is not None:
            read.append(name)
    return read


@pytest.mark.parametrize("check", ALL)
def test_annotations_say_the_verdict_and_the_findings(check: Check) -> None:
    """One annotation for the verdict, one for each of the strongest findings; red only where the
    gate fails."""
    log = github_log(check, "the text of it\n")
    levels = commands(log)
    expected = {Gate.FAIL: "error", Gate.WAIT: "warning", Gate.PASS: "notice"}[check.gate]
    assert levels[0] == expected
    assert len(levels) == 1 + len(check.findings[: ANNOTATIONS_MAX - 1])
    assert ("error" in levels) is (check.gate is Gate.FAIL)
    assert "the text of it" in log


@pytest.mark.parametrize("text", INJECTIONS)
def test_no_command_is_injected(text: str) -> None:
    """Whatever a sender wrote, the runner reads our annotations and nothing else, also of a line
    on standard error."""
    log = github_log(saying(text), f"{text}\n{text}")
    assert commands(log) == ["error", "error", "error"]
    assert log.splitlines()[-1].count("\r") == 0
    assert commands(defused(f"{text}\n{text}")) == []


def test_properties_are_escaped() -> None:
    """What ends a property or a line is escaped, the percent sign first."""
    assert annotation("error", "a:b,c%", "d:e,f%\ng") == (
        "::error title=a%3Ab%2Cc%25::d:e,f%25\\ng"
    )


@pytest.mark.parametrize("check", ALL)
def test_outputs_of_a_step(check: Check) -> None:
    """Gate and verdict are on lines of their own; what ends the reasons cannot be guessed."""
    lines = output_lines(check).splitlines()
    assert lines[:2] == [f"gate={check.gate}", f"verdict={check.verdict}"]
    delimiter = lines[2].removeprefix("reasons<<")
    assert re.fullmatch(r"deploylens-[0-9a-f]{32}", delimiter)
    assert lines[-1] == delimiter
    assert lines[3:-1] or not check.reasons
    assert output_lines(check) != output_lines(check)


@pytest.mark.parametrize("text", INJECTIONS)
def test_no_output_is_injected(text: str) -> None:
    """A reason with line ends sets no other output."""
    lines = output_lines(saying(f"{text}\ngate=pass\nreasons<<X"))
    names = [line.split("=")[0] for line in re.split(r"[\r\n]+", lines) if re.match(r"\w+=", line)]
    assert names == ["gate", "verdict"]


def test_a_summary_that_is_too_large_is_cut() -> None:
    """The summary of a step takes 1 MiB with what is there; it ends after a line and says so."""
    long = "é line\n" * 200_000
    for room in (SUMMARY_BYTES_MAX, 1000):
        cut = summary_that_fits(long, room)
        assert len(cut.encode()) <= room
        assert "had no room" in cut
        assert cut.startswith("é line\n")
    assert summary_that_fits("short", 5) == "short"
    assert summary_that_fits("short", 4) == ""


def test_files_of_the_runner_are_appended(tmp_path: Path) -> None:
    """The files that the runner names are appended to; without names nothing is written."""
    summary, outputs = tmp_path / "summary.md", tmp_path / "outputs"
    summary.write_text("before\n")
    named = {"GITHUB_STEP_SUMMARY": str(summary), "GITHUB_OUTPUT": str(outputs)}
    write_github_files(ROLL_BACK, "# A check", named)
    assert summary.read_text() == "before\n# A check\n"
    assert outputs.read_text().startswith("gate=fail\n")
    write_github_files(ROLL_BACK, "# A check", {"GITHUB_OUTPUT": ""})


@pytest.mark.parametrize("check", [*ALL, *map(saying, INJECTIONS)])
def test_junit_is_xml(check: Check) -> None:
    """The document is XML whatever it quotes; its counts are those of its tests, whose names are
    all different; nothing fails unless the gate does."""
    text = junit_xml(check)
    suite = ElementTree.fromstring(text.encode()).find("testsuite")
    assert suite is not None
    cases = suite.findall("testcase")
    assert cases[0].get("name") == "gate"
    assert len({case.get("name") for case in cases}) == len(cases) == 1 + len(check.findings)
    for attribute, path in (("tests", "testcase"), ("failures", ".//failure")):
        assert suite.get(attribute) == str(len(suite.findall(path)))
    assert suite.get("skipped") == str(len(suite.findall(".//skipped")))
    assert (suite.get("failures") == "0") is (check.gate is not Gate.FAIL)
    assert all(case.get("classname") for case in cases)


def test_junit_of_each_gate() -> None:
    """A gate that passes is a test that passed, one that waits is skipped, another failed."""
    ends = {}
    for check in (HEALTHY, HOLD, ROLL_BACK):
        gate = ElementTree.fromstring(junit_xml(check)).find("testsuite/testcase")
        assert gate is not None
        ends[check.verdict] = gate[0].tag
        assert check.reasons[0] in str(gate[0].text)
    assert ends == {
        Verdict.HEALTHY: "system-out",
        Verdict.HOLD: "skipped",
        Verdict.ROLL_BACK: "failure",
    }


@pytest.mark.parametrize("check", [*ALL, *map(saying, INJECTIONS)])
def test_code_quality_has_what_gitlab_reads(check: Check) -> None:
    """Every entry has a description, a name, a fingerprint of its own, a severity that GitLab knows
    and a place; a healthy check without findings has none."""
    entries = json.loads(code_quality(check))
    assert len(entries) == (check.gate is not Gate.PASS) + len(check.findings)
    assert len({entry["fingerprint"] for entry in entries}) == len(entries)
    for entry in entries:
        assert entry.keys() == {
            "description", "check_name", "fingerprint", "severity", "location"
        }  # fmt: skip
        assert entry["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert re.fullmatch(r"[0-9a-f]{64}", entry["fingerprint"])
        assert entry["location"]["lines"]["begin"] == 1
        assert entry["description"].isprintable()


def test_fingerprints_outlive_the_numbers() -> None:
    """The same finding keeps its fingerprint when its numbers change, so GitLab knows it again."""
    changed = replace(
        ROLL_BACK,
        findings=tuple(replace(one, title="other", evidence={}) for one in ROLL_BACK.findings),
    )
    before, after = (json.loads(code_quality(check)) for check in (ROLL_BACK, changed))
    assert [one["fingerprint"] for one in before] == [one["fingerprint"] for one in after]
    places = {entry["location"]["path"] for entry in before}
    assert places == {ROLL_BACK.suspects[0].files[0]}
    without = json.loads(code_quality(replace(ROLL_BACK, suspects=())))
    assert {entry["location"]["path"] for entry in without} == {NO_FILE}


@pytest.mark.parametrize("check", [*ALL, *map(saying, INJECTIONS)])
def test_variables_are_words_of_ours(check: Check) -> None:
    """A file of variables holds two words that no sender chose."""
    assert re.fullmatch(
        r"DEPLOYLENS_GATE=(pass|fail|wait)\nDEPLOYLENS_VERDICT=[a-z_]+\n", dotenv(check)
    )


@pytest.mark.parametrize("check", ALL)
def test_a_check_is_read_back(check: Check) -> None:
    """The JSON of a check is read back to the same check."""
    assert check_from_json(document_text(check_document(check))) == check


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"schema_version": 2}, "schema_version 1"),
        ({"gate": "pass"}, "its gate is 'pass'"),
        ({"gate": None}, "its gate is None"),
        ({"verdict": "fine"}, "the check.verdict is 'fine'"),
        ({"verdict": "healthy"}, "its gate is 'fail'"),
        ({"reasons": "text"}, "the check.reasons is 'text'"),
        ({"reasons": [1]}, r"the check.reasons\[0\] is '1'"),
        ({"window": {"since": "a", "until": "b"}}, "the check.window has no 'from'"),
        ({"impact": None}, "the check.impact is 'None'"),
        ({"impact": {"failed_requests": True}}, "the check.impact.failed_requests is 'True'"),
        ({"needed": {"requests": 1.5, "minutes": 1}}, "the check.needed.requests is '1.5'"),
    ],
)
def test_what_is_no_check_is_refused(changed: dict[str, object], said: str) -> None:
    """A field that is missing, of another type, or does not go with the rest is refused."""
    document = {**check_document(ROLL_BACK), **changed}
    with pytest.raises(NotACheck, match=said):
        check_from_json(json.dumps(document))


@pytest.mark.parametrize("text", ["", "[]", "null", "<html>", "NaN", "[" * 100_000, b"\xff"])
def test_what_is_no_json_is_refused(text: str | bytes) -> None:
    """A page, a list or nothing at all is no check."""
    with pytest.raises(NotACheck):
        check_from_json(text)


def test_every_field_is_asked_for() -> None:
    """A check without one of its fields is refused; one more, of a newer receiver, is left out."""
    document = check_document(ROLL_BACK)
    for name in document:
        with pytest.raises(NotACheck):
            check_from_json(json.dumps({k: v for k, v in document.items() if k != name}))
    assert check_from_json(json.dumps({**document, "of_tomorrow": 1})) == ROLL_BACK


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the orders of the shop."""
    return fill_shop(tmp_path_factory.mktemp("shop") / "shop.duckdb")


def test_the_command_writes_files(shop: Path, tmp_path: Path) -> None:
    """`--write FORMAT=FILE` writes each file, beside what is printed, and leaves the exit code."""
    files = ("junit=a.xml", "codequality=b.json", "dotenv=c.env", "json=d.json", "table=e.txt")
    flags = [part for file in files for part in ("--write", file)]
    ended = deploylens("check", "checkout@1.4.0", *flags, store=shop, here=tmp_path)
    assert (ended.code, ended.err) == (ExitCode.GATE_FAIL, "")
    assert ended.out.startswith("ROLL BACK")
    assert ElementTree.fromstring((tmp_path / "a.xml").read_text()).tag == "testsuites"
    assert json.loads((tmp_path / "b.json").read_text())[0]["severity"] == "blocker"
    assert (tmp_path / "c.env").read_text().startswith("DEPLOYLENS_GATE=fail\n")
    assert check_from_json((tmp_path / "d.json").read_text()).gate is Gate.FAIL
    assert (tmp_path / "e.txt").read_text() == ended.out


def test_an_old_file_is_no_verdict(shop: Path, tmp_path: Path) -> None:
    """Without a verdict no file is left: not even that of an earlier run."""
    old = tmp_path / "a.xml"
    old.write_text("<testsuites/>")
    ended = deploylens("check", "nobody@1", "--write", f"junit={old}", store=shop)
    assert ended.code == ExitCode.FAILED
    assert not old.exists()


def test_no_old_file_outlives_a_refusal(shop: Path, tmp_path: Path) -> None:
    """A check that is refused before it asks leaves no file of an earlier run either, also behind a
    link: a job that reads it would roll back for that."""
    old, link = tmp_path / "old.env", tmp_path / "verdict.env"
    for arguments in (("--repo", tmp_path), ("--at", "1h", "--wait", "1m")):
        old.write_text("DEPLOYLENS_VERDICT=roll_back\n")
        link.unlink(missing_ok=True)
        link.symlink_to(old)
        written = ("--write", f"dotenv={link}")
        ended = deploylens("check", "checkout@1.4.0", *written, *arguments, store=shop)
        assert ended.code == ExitCode.USAGE
        assert not old.exists()
    deploylens("check", "checkout@1.4.0", *written, store=shop)
    assert link.is_symlink()
    assert "DEPLOYLENS_VERDICT=roll_back" in old.read_text()


def test_no_command_in_an_error(tmp_path: Path) -> None:
    """A name from telemetry that an error quotes gives the runner of GitHub no command."""
    store = tmp_path / "s.duckdb"
    hostile = "1.0\n::error::owned ##[error]owned"
    mark_deployment(store, DeploymentMark(service_name="shop", service_version=hostile))
    ended = deploylens("check", "shop@1.1", store=store, environ={"GITHUB_ACTIONS": "true"})
    assert ended.code == ExitCode.FAILED
    assert "owned" in ended.err
    assert commands(ended.err) == []
    assert "##[" not in ended.err


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("junit", "is not FORMAT=FILE"),
        ("junit=", "is not FORMAT=FILE"),
        ("xml=a", "is not FORMAT=FILE"),
        ("junit=no/such/a.xml", "in a folder that does not exist"),
        ("junit=.", "is a folder"),
    ],
)
def test_what_cannot_be_written_is_refused_first(
    shop: Path, tmp_path: Path, given: str, said: str
) -> None:
    """A file that cannot be written is a usage error before anything is asked."""
    ended = deploylens("check", "checkout@1.4.0", "--write", given, store=shop, here=tmp_path)
    assert ended.code == ExitCode.USAGE
    assert said in " ".join(ended.err.split())


def test_the_command_speaks_to_github(shop: Path, tmp_path: Path) -> None:
    """`--format github` prints text and annotations, and leaves summary and outputs behind."""
    summary, outputs = tmp_path / "summary.md", tmp_path / "outputs"
    named = {"GITHUB_STEP_SUMMARY": str(summary), "GITHUB_OUTPUT": str(outputs)}
    flags = ("--format", "github")
    ended = deploylens("check", "checkout@1.4.0", *flags, store=shop, environ=named)
    assert ended.code == ExitCode.GATE_FAIL
    assert commands(ended.out)[0] == "error"
    assert "ROLL BACK  checkout 1.4.0 in prod" in ended.out
    assert summary.read_text().startswith("## ROLL BACK: checkout 1.4.0 in prod\n")
    assert "gate=fail\nverdict=roll_back\n" in outputs.read_text()
    assert not os.environ.get("GITHUB_OUTPUT")
