"""examples/marks: each is read as its system reads it, and its very command marks a receiver."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from analysis.database import open_database
from analysis.serving import Serving, running
from receiver.settings import Address, ReceiverSettings
from tests.served import ROOT

FOLDER = ROOT / "examples" / "marks"
ANY_PORT = Address("127.0.0.1", 0)
KEY = "a-key-of-the-test-0123456789"
VERSION = "1.4.0"
COMMIT = "0123abcd"


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A receiver whose gate asks for a key."""
    store = tmp_path_factory.mktemp("marks") / "s.duckdb"
    settings = ReceiverSettings(store=store, grpc=ANY_PORT, http=ANY_PORT, api_keys=KEY)
    with running(settings, ANY_PORT, gate=ANY_PORT) as started:
        yield started


def run(serving: Serving, command: str, shell: str = "sh", **variables: str) -> None:
    """The command as its system runs it: in a shell that stops at the first failure."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environ = {
        "PATH": path,
        "DEPLOYLENS_RECEIVER": f"http://{serving.gate}",
        "DEPLOYLENS_API_KEY": KEY,
        **variables,
    }
    done = subprocess.run(
        [shell, "-eu", "-c", command], env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "not marked" not in done.stdout


def marks(serving: Serving, **wanted: str) -> list[dict[str, Any]]:
    """The marks in the store that have these values."""
    sql = "FROM store.deployment_marks ORDER BY marked_at_unix_nano"
    with open_database(serving.store) as database:
        found = database.sql(sql).table.to_pylist()
    return [mark for mark in found if wanted.items() <= mark.items()]


def text(name: str) -> str:
    """An example."""
    return (FOLDER / name).read_text(encoding="utf-8")


def variables(given: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    """Environment variables of a job with the expressions replaced by what they stand for."""
    return {
        name: values[expression]
        for name, value in given.items()
        for expression in re.findall(r"\$\{\{ ([\w.]+) \}\}", value)
        if expression in values
    }


def test_github_actions(serving: Serving) -> None:
    """The step of the workflow marks version, commit and run; no expression stands in the command,
    where a name could end it."""
    [job] = yaml.safe_load(text("github-actions.yml"))["jobs"].values()
    [step] = job["steps"]
    assert "${{" not in step["run"]
    assert step["continue-on-error"] is True
    known = {"github.ref_name": "v1-gh", "github.sha": COMMIT, "github.run_id": "42"}
    run(serving, step["run"], "bash", **variables(step["env"], known))
    [found] = marks(serving, service_version="v1-gh", environment_name="prod", note="run 42")
    assert found["vcs_revision"] == COMMIT


def test_gitlab(serving: Serving) -> None:
    """The job marks tag, commit and pipeline, and may fail."""
    job = yaml.safe_load(text("gitlab-ci.yml"))["mark"]
    assert job["allow_failure"] is True
    [command] = job["script"]
    given = {"CI_COMMIT_TAG": "1-gl", "CI_COMMIT_SHA": COMMIT, "CI_PIPELINE_ID": "7"}
    run(serving, command, "bash", **given)
    assert marks(serving, service_version="1-gl", vcs_revision=COMMIT, note="pipeline 7")


def test_jenkins(serving: Serving) -> None:
    """The step of the Jenkinsfile marks tag, commit and build."""
    [command] = re.findall(r"sh '(.*)'", text("Jenkinsfile"))
    run(serving, command, TAG_NAME="1-je", GIT_COMMIT=COMMIT, BUILD_NUMBER="3")
    assert marks(serving, service_version="1-je", vcs_revision=COMMIT, note="build 3")


@pytest.mark.parametrize("version", ["1-sh", 'q"uo\\te', "$(id)"])
def test_shell(serving: Serving, version: str) -> None:
    """The script needs curl alone; what a version holds never becomes a command or a field."""
    script = FOLDER / "mark.sh"
    run(serving, f'"{script}" shop "$V" prod', V=version)
    kept = version.replace('"', "").replace("\\", "")
    assert marks(serving, service_version=kept, environment_name="prod")


def test_the_key_is_no_argument(serving: Serving, tmp_path: Path) -> None:
    """Who lists the processes of the host while the script runs sees no key."""
    seen = tmp_path / "seen"
    (tmp_path / "curl").write_text(f'#!/bin/sh\necho "$@" > "{seen}"\ncat >> "{tmp_path}/sent"\n')
    (tmp_path / "curl").chmod(0o755)
    run(serving, f'PATH="{tmp_path}:$PATH" "{FOLDER / "mark.sh"}" shop 1-key prod')
    assert "1-key" in seen.read_text()
    assert KEY not in seen.read_text()
    assert KEY in (tmp_path / "sent").read_text()


def job_of(manifest: str, serving: Serving) -> tuple[dict[str, Any], str]:
    """The Job in a manifest; its command was run with its own variables."""
    job = yaml.safe_load(manifest)
    [container] = job["spec"]["template"]["spec"]["containers"]
    own = {one["name"]: one["value"] for one in container["env"] if "value" in one}
    [key] = [one for one in container["env"] if "valueFrom" in one]
    assert key["name"] == "DEPLOYLENS_API_KEY"
    assert key["valueFrom"]["secretKeyRef"]["optional"] is True  # else the pod would never start
    assert container["command"] == ["sh", "-c"]
    run(serving, *container["args"], VERSION=own["VERSION"])
    return job, own["VERSION"]


def test_argo_cd_hook(serving: Serving) -> None:
    """The Job is a hook of Argo CD, and its command marks its version."""
    job, version = job_of(text("argo-cd-hook.yaml"), serving)
    assert job["metadata"]["annotations"]["argocd.argoproj.io/hook"] == "PreSync"
    assert marks(serving, service_version=version, strategy="rolling")


def test_helm_hook(serving: Serving) -> None:
    """The template is a hook of Helm; with its values filled in, its command marks the image."""
    filled = re.sub(r"\{\{- /\*.*?\*/\}\}", "", text("helm-hook.yaml"))
    values = {".Values.image.tag | default .Chart.AppVersion": "1-helm"}
    filled = re.sub(r"\{\{ (.*?) \}\}", lambda found: values.get(found[1], "x"), filled)
    job, version = job_of(filled, serving)
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    assert version == "1-helm"
    assert marks(serving, service_version="1-helm")


def test_argo_cd_notifications(serving: Serving) -> None:
    """The body of the notification is what the receiver takes, at the path it is sent to."""
    data = yaml.safe_load(text("argo-cd-notifications.yaml"))["data"]
    service = yaml.safe_load(data["service.webhook.deploylens"])
    [sent] = yaml.safe_load(data["template.deploylens-mark"])["webhook"].values()
    [trigger] = yaml.safe_load(data["trigger.on-sync-running"])
    assert trigger["send"] == ["deploylens-mark"]
    values = {
        ".app.metadata.name": "shop",
        '(index .app.metadata.annotations "version")': "1-argo",
        ".app.spec.destination.namespace": "prod",
        ".app.status.sync.revision": COMMIT,
    }
    body = re.sub(r"\{\{toJson (.*?)\}\}", lambda f: json.dumps(values[f[1]]), sent["body"])
    headers = {
        one["name"]: one["value"].replace("$deploylens-api-key", KEY) for one in service["headers"]
    }
    answer = httpx.request(
        sent["method"], f"http://{serving.gate}{sent['path']}", headers=headers, content=body
    )
    assert answer.status_code == 200, answer.text
    assert marks(serving, service_version="1-argo", vcs_revision=COMMIT)


def test_no_key_no_mark(serving: Serving) -> None:
    """The tests above can fail: without the key nothing is marked."""
    with pytest.raises(AssertionError):
        run(serving, "deploylens mark shop none", DEPLOYLENS_API_KEY="wrong-key-0123456789")
    assert marks(serving, service_version="none") == []


def test_every_example_is_run() -> None:
    """No example is without its test, and each has its line in the how-to."""
    tested = {
        *("github-actions.yml", "gitlab-ci.yml", "Jenkinsfile", "mark.sh"),
        *("argo-cd-hook.yaml", "argo-cd-notifications.yaml", "helm-hook.yaml"),
    }
    assert {path.name for path in FOLDER.iterdir()} == tested
    how_to = (ROOT / "docs/how-to/mark-a-deployment.md").read_text(encoding="utf-8")
    assert {name for name in tested if f"examples/marks/{name})" not in how_to} == set()


def test_lines_of_the_how_to(serving: Serving) -> None:
    """Each one-line command of the how-to marks a receiver as it stands there."""
    how_to = (ROOT / "docs/how-to/mark-a-deployment.md").read_text(encoding="utf-8")
    lines = re.findall(r"^deploylens mark .*$", how_to, re.MULTILINE)
    assert len(lines) >= 4
    known = ("VERSION", "GITHUB_SHA", "CI_COMMIT_TAG", "CI_COMMIT_SHA", "TAG_NAME", "GIT_COMMIT")
    before = len(marks(serving))
    for line in lines:
        run(serving, line, "bash", **dict.fromkeys(known, "1-doc"))
    assert len(marks(serving)) == before + len(lines)
