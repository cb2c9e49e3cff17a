"""The manifests under `examples/` against real receivers, driven as their controllers do it."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from analysis.exit_code import ExitCode
from tests.controllers import (
    ERROR,
    EXAMPLES,
    FAILED,
    INCONCLUSIVE,
    RUNNING,
    SUCCESSFUL,
    Manifest,
    assessed,
    holds,
    measured,
    says_yes,
    with_arguments,
    workflow_holds,
)
from tests.gated import BROKEN, HEALTHY, UNDECIDED, fill_healthy, fill_marked_shop, gates
from tests.served import ROOT, free_ports

KEY = "a-key-of-the-test-0123456789"


@dataclass(frozen=True, slots=True)
class Gates:
    """The URL of a receiver for each case, and which deployment is asked for there."""

    urls: Mapping[str, str]

    def asked(self, case: str) -> tuple[str, dict[str, str]]:
        """Where to ask, and for what."""
        deployments = {"healthy": HEALTHY, "undecided": UNDECIDED}
        environment = "prod" if case != "undecided" else ""
        return self.urls[case], {**deployments.get(case, BROKEN), "environment": environment}


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gates]:
    """Receivers with a broken, a healthy and an undecided version, one that refuses, and none."""
    folder = tmp_path_factory.mktemp("gates")
    with (
        gates(fill_marked_shop(folder / "shop.duckdb"), KEY) as shop,
        gates(fill_healthy(folder / "healthy.duckdb"), KEY) as healthy,
    ):
        url = f"http://{shop.gate}"
        yield Gates(
            {
                "broken": url,
                "undecided": url,
                "healthy": f"http://{healthy.gate}",
                "nobody": f"http://127.0.0.1:{free_ports(1)[0]}",
                "no receiver": f"http://{shop.api}",
            }
        )


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the program `deploylens`, and a `deploy.sh` that writes down how it is run."""
    folder = tmp_path_factory.mktemp("programs")
    _program(folder / "deploylens", f'exec "{sys.executable}" -m analysis "$@"')
    _program(folder / "deploy.sh", 'echo "$@" >> deployed')
    return folder


def _program(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)


def manifest(name: str) -> Manifest:
    """A manifest of the examples."""
    return yaml.safe_load((EXAMPLES / name).read_text(encoding="utf-8"))


def shell(script: str, folder: Path, programs: Path, environ: Mapping[str, str]) -> int:
    """The exit code of a script of a manifest, which waits a second and not fifteen minutes."""
    given = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    for name in [name for name in given if name.startswith(("DEPLOYLENS", "GITHUB"))]:
        del given[name]
    ended = subprocess.run(
        ["sh", "-e", "-c", script.replace("--wait 15m", "--wait 1s")],
        cwd=folder, env={**given, **environ}, capture_output=True, check=False, timeout=120,
    )  # fmt: skip
    return ended.returncode


@pytest.mark.parametrize(
    ("case", "phase"),
    [
        ("broken", FAILED),
        ("healthy", SUCCESSFUL),
        ("undecided", INCONCLUSIVE),
        ("nobody", ERROR),
        ("no receiver", ERROR),
    ],
)
def test_argo_measures_the_gate(opened: Gates, case: str, phase: str) -> None:
    """The AnalysisTemplate of Argo Rollouts fails for a broken version, succeeds for a healthy one,
    is inconclusive for an undecided one; an outage is an Error and never a failure."""
    template = manifest("argo-rollouts/analysis-template.yaml")["spec"]
    url, asked = opened.asked(case)
    known = {one["name"]: one.get("value", "") for one in template["args"]}
    arguments = {**known, **asked, "gate": url, "api-key": KEY}
    assert measured(template["metrics"][0], arguments) == phase


def test_argo_decides_by_verdicts_alone() -> None:
    """The first pass lets the rollout go on and the first fail aborts it; waits pause it in the
    end; no outage, however long, aborts it or lets it go on."""
    metric = manifest("argo-rollouts/analysis-template.yaml")["spec"]["metrics"][0]
    waits = [INCONCLUSIVE] * metric["count"]
    outage = [ERROR] * 10_000
    assert assessed(metric, [INCONCLUSIVE, ERROR, SUCCESSFUL]) == SUCCESSFUL
    assert assessed(metric, [INCONCLUSIVE, FAILED]) == FAILED
    assert assessed(metric, waits[:-1]) == RUNNING
    assert assessed(metric, waits) == INCONCLUSIVE
    assert assessed(metric, outage) == RUNNING
    assert assessed(metric, [*outage, SUCCESSFUL]) == SUCCESSFUL
    assert assessed(metric, [*outage, FAILED]) == FAILED


def test_only_known_conditions_are_tried() -> None:
    """A condition of another form is refused by the tests, not guessed."""
    assert holds('result.gate == "fail"', {"gate": "fail"})
    with pytest.raises(ValueError, match="not of the form"):
        holds('result.gate != "pass"', {"gate": "fail"})
    with pytest.raises(ValueError, match="not of the form"):
        workflow_holds("failure()", {})


def test_the_rollout_hands_its_version_to_the_template() -> None:
    """The Rollout gives every argument that the template asks for; the version is a label of its
    pods, which they also send, and its deadline is longer than the gate takes."""
    rollout = manifest("argo-rollouts/rollout.yaml")["spec"]
    template = manifest("argo-rollouts/analysis-template.yaml")
    step = next(one["analysis"] for one in rollout["strategy"]["canary"]["steps"][1:])
    assert step["templates"] == [{"templateName": template["metadata"]["name"]}]
    given = {one["name"]: one for one in step["args"]}
    wanted = {one["name"] for one in template["spec"]["args"] if len(one) == 1}
    assert wanted <= set(given)
    label = "app.kubernetes.io/version"
    assert f"'{label}'" in given["version"]["valueFrom"]["fieldRef"]["fieldPath"]
    assert rollout["template"]["metadata"]["labels"][label] == "1.4.0"
    pod = rollout["template"]["spec"]["containers"][0]["env"]
    assert f"'{label}'" in pod[0]["valueFrom"]["fieldRef"]["fieldPath"]
    assert "service.version=$(VERSION)" in pod[1]["value"]
    assert rollout["progressDeadlineSeconds"] >= 2 * 900
    assert "progressDeadlineAbort" not in rollout


@pytest.mark.parametrize(
    ("case", "fails"), [("broken", True), ("undecided", False), ("nobody", False)]
)
def test_argo_job_fails_for_the_verdict_alone(
    opened: Gates, programs: Path, tmp_path: Path, case: str, fails: bool
) -> None:
    """The Job fails when the gate fails; undecided, or without an answer, it completes."""
    template = manifest("argo-rollouts/analysis-template-job.yaml")["spec"]
    job = template["metrics"][0]["provider"]["job"]["spec"]
    container = job["template"]["spec"]["containers"][0]
    assert container["command"] == ["sh", "-c"]
    url, asked = opened.asked(case)
    asked["environment"] = asked["environment"] or "prod"
    environ = {
        one["name"]: with_arguments(one["value"], asked)
        for one in container["env"]
        if "value" in one
    }
    environ |= {"DEPLOYLENS_RECEIVER": url, "DEPLOYLENS_API_KEY": KEY}
    script = "set +e; " + " ".join(container["args"])
    assert (shell(script, tmp_path, programs, environ) != 0) is fails


@pytest.mark.parametrize(
    ("line", "fails"),
    [
        ("exit 10", True),
        *((f"exit {code}", False) for code in ExitCode if code != ExitCode.GATE_FAIL),
        ("kill -9 $$", False),
        ("exec no-such-program", False),
    ],
)
def test_argo_job_ends_with_10_for_one_exit_code(tmp_path: Path, line: str, fails: bool) -> None:
    """Every exit code but that of a failed gate, a crash and a missing program abort nothing."""
    template = manifest("argo-rollouts/analysis-template-job.yaml")["spec"]
    job = template["metrics"][0]["provider"]["job"]["spec"]
    script = " ".join(job["template"]["spec"]["containers"][0]["args"])
    _program(tmp_path / "deploylens", line)
    assert shell(f"set +e; {script}", tmp_path, tmp_path, {}) == (10 if fails else 0)


def test_argo_job_outlives_its_pods() -> None:
    """A pod that is evicted, out of memory or lost fails no Job, which would abort the rollout: it
    is started again, and only the exit code of a failed gate ends the Job as failed."""
    template = manifest("argo-rollouts/analysis-template-job.yaml")["spec"]
    job = template["metrics"][0]["provider"]["job"]["spec"]
    pod = job["template"]["spec"]
    codes = {"containerName": pod["containers"][0]["name"], "operator": "In", "values": [10]}
    assert job["podFailurePolicy"] == {"rules": [{"action": "FailJob", "onExitCodes": codes}]}
    assert pod["restartPolicy"] == "Never"  # what the policy needs
    assert job["backoffLimit"] >= 1_000_000
    assert "activeDeadlineSeconds" not in {**job, **pod}


@pytest.mark.parametrize(
    ("case", "promoted", "rolled_back"),
    [
        ("broken", False, True),
        ("healthy", True, False),
        ("undecided", False, False),
        ("nobody", False, False),
        ("no receiver", False, False),
    ],
)
def test_flagger_promotes_and_rolls_back(
    opened: Gates, case: str, promoted: bool, rolled_back: bool
) -> None:
    """The Canary is promoted only when the gate passes, and rolled back only for that verdict; an
    outage does neither."""
    hooks = {
        hook["type"]: hook
        for hook in manifest("flagger/canary.yaml")["spec"]["analysis"]["webhooks"]
    }
    url, asked = opened.asked(case)
    gate = url.replace("http://", f"http://gate:{KEY}@")
    assert says_yes(hooks["confirm-promotion"], gate, asked) is promoted
    assert says_yes(hooks["rollback"], gate, asked) is rolled_back


def test_flagger_counts_no_outage() -> None:
    """No hook is of a type whose failure counts as a failed check, all name the version, and their
    timeouts fit into the interval."""
    analysis = manifest("flagger/canary.yaml")["spec"]["analysis"]
    hooks = analysis["webhooks"]
    assert {hook["type"] for hook in hooks} == {"confirm-promotion", "rollback"}
    assert all(hook["metadata"]["version"] for hook in hooks)
    assert analysis["interval"] == "1m"
    assert sum(int(hook["timeout"].removesuffix("s")) for hook in hooks) < 60


@pytest.mark.parametrize(
    ("case", "rolls_back", "code"), [("broken", True, 10), ("nobody", False, 3)]
)
def test_a_github_workflow_rolls_back_for_the_verdict_alone(
    opened: Gates, programs: Path, tmp_path: Path, case: str, rolls_back: bool, code: int
) -> None:
    """The workflow rolls back when the step says roll_back; a step that could not ask sets no
    output, so nothing else runs."""
    job = manifest("github-actions/deploy.yml")["jobs"]["deploy"]
    steps = {step.get("name"): step for step in job["steps"]}
    url, asked = opened.asked(case)
    environ = {
        "SERVICE": asked["service"],
        "VERSION": asked["version"],
        "DEPLOYLENS_RECEIVER": url,
        "DEPLOYLENS_API_KEY": KEY,
        "GITHUB_OUTPUT": str(tmp_path / "outputs"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
    }
    assert steps["Check"]["continue-on-error"] is True
    assert shell(steps["Check"]["run"], tmp_path, programs, environ) == code
    outputs = {"check": _outputs(tmp_path / "outputs")}
    assert workflow_holds(steps["Roll back"]["if"], outputs) is rolls_back
    fails = steps["Fail the run when the gate failed"]["if"]
    assert workflow_holds(fails, outputs) is rolls_back


def _outputs(path: Path) -> dict[str, str]:
    lines = path.read_text().splitlines() if path.exists() else []
    return dict(line.split("=", 1) for line in lines if line.startswith(("gate=", "verdict=")))


@pytest.mark.parametrize(("case", "rolls_back"), [("broken", True), ("healthy", False)])
def test_a_gitlab_pipeline_rolls_back_for_the_verdict_alone(
    opened: Gates, programs: Path, tmp_path: Path, case: str, rolls_back: bool
) -> None:
    """The pipeline rolls back when the file of variables says so; without a verdict there is no
    file (tests/test_remote_receiver.py), and the job that would roll back does nothing."""
    pipeline = manifest("gitlab/gitlab-ci.yml")
    url, asked = opened.asked(case)
    environ = {
        "SERVICE": asked["service"],
        "VERSION": asked["version"],
        "DEPLOYLENS_RECEIVER": url,
        "DEPLOYLENS_API_KEY": KEY,
    }
    check, after = pipeline["check"], pipeline["roll-back"]
    assert check["allow_failure"] is True
    code = shell("\n".join(check["script"]), tmp_path, programs, environ)
    assert code == {"broken": 10, "healthy": 0}[case]
    reports = check["artifacts"]["reports"]
    assert all((tmp_path / name).exists() for name in reports.values())
    text = (tmp_path / reports["dotenv"]).read_text()
    (tmp_path / "deploy.sh").symlink_to(programs / "deploy.sh")
    for read in ({}, dict(line.split("=", 1) for line in text.splitlines())):
        assert not (tmp_path / "deployed").exists()  # without a verdict there are no variables
        ended = shell("\n".join(after["script"]), tmp_path, programs, read)
        assert (ended != 0) is (rolls_back and bool(read))
    assert (tmp_path / "deployed").exists() is rolls_back


def test_the_container_has_what_it_copies() -> None:
    """Every file that the image is built from is in the repository, and it runs as nobody."""
    lines = (EXAMPLES / "container/Dockerfile").read_text().splitlines()
    copied = [line.split()[1:-1] for line in lines if line.startswith("COPY ") and "--" not in line]
    assert copied
    assert all((ROOT / name).exists() for names in copied for name in names)
    assert any(line.startswith("USER 65532") for line in lines)
