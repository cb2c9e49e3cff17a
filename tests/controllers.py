"""What rollout controllers and pipelines do with our manifests, as far as their contract goes.

Argo Rollouts 1.10: metricproviders/webmetric, utils/evaluate, analysis (assessMetricStatus).
Flagger 1.36: pkg/controller/webhook.go, scheduler_hooks.go. What is not one of the forms that the
manifests use is refused, so a manifest cannot say more than is tried here.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import httpx

from tests.served import ROOT

EXAMPLES = ROOT / "examples"
SUCCESSFUL, FAILED, ERROR, INCONCLUSIVE = "Successful", "Failed", "Error", "Inconclusive"
RUNNING = "Running"
ANSWER_S = 10.0
_CONDITION = re.compile(r'result\.(\w+) == "(\w*)"')
_WORKFLOW_CONDITION = re.compile(r"steps\.(\w+)\.outputs\.(\w+) == '(\w*)'")

# A manifest as YAML gives it.
Manifest = Any


def with_arguments(text: str, arguments: Mapping[str, str]) -> str:
    """A template of Argo with its arguments; one that was not given is refused."""
    return re.sub(r"\{\{args\.([\w-]+)\}\}", lambda found: arguments[found[1]], text)


def holds(condition: str, result: Manifest) -> bool:
    """Whether a condition holds, of the form `result.NAME == "text"`; raises ValueError."""
    form = _CONDITION.fullmatch(condition)
    if form is None:
        raise ValueError(f"{condition!r} is not of the form that is tried")
    return bool(result[form[1]] == form[2])


def measured(metric: Manifest, arguments: Mapping[str, str]) -> str:
    """The phase of one measurement of a metric of the provider `web`."""
    web = metric["provider"]["web"]
    assert web["jsonPath"] == "{$}"
    assert web["timeoutSeconds"] >= ANSWER_S
    headers = {one["key"]: with_arguments(one["value"], arguments) for one in web["headers"]}
    try:
        url = with_arguments(web["url"], arguments)
        answer = httpx.get(url, headers=headers, timeout=ANSWER_S, trust_env=False)
    except httpx.HTTPError:
        return ERROR
    if not answer.is_success:
        return ERROR
    result = json.loads(answer.text, parse_constant=_refused)
    if holds(metric["failureCondition"], result):
        return FAILED
    return SUCCESSFUL if holds(metric["successCondition"], result) else INCONCLUSIVE


def assessed(metric: Manifest, phases: Iterable[str]) -> str:
    """What these measurements make of a metric: the phase in which it ends, or that it runs on."""
    failed = inconclusive = errors = successes = count = 0
    for phase in phases:
        errors = errors + 1 if phase == ERROR else 0
        if phase != ERROR:
            count += 1
            successes = successes + 1 if phase == SUCCESSFUL else 0
            failed += phase == FAILED
            inconclusive += phase == INCONCLUSIVE
        if errors > metric["consecutiveErrorLimit"]:
            return ERROR
        if inconclusive > metric["inconclusiveLimit"]:
            return INCONCLUSIVE
        if failed > metric["failureLimit"]:
            return FAILED
        if successes >= metric["consecutiveSuccessLimit"]:
            return SUCCESSFUL
        if count >= metric["count"]:
            return INCONCLUSIVE
    return RUNNING


def says_yes(hook: Manifest, gate: str, metadata: Mapping[str, str]) -> bool:
    """Whether a webhook of a Canary gets what Flagger takes for yes, asked at this gate."""
    path = httpx.URL(hook["url"]).path
    body = {
        "name": "checkout",
        "namespace": "shop",
        "phase": "Progressing",
        "checksum": "7dcb4b4bd5",
        "metadata": {**hook["metadata"], **metadata},
    }
    try:
        answer = httpx.post(f"{gate}{path}", json=body, timeout=ANSWER_S, trust_env=False)
    except httpx.HTTPError:
        return False
    assert answer.status_code < 500, "Flagger loses the text of such an answer"
    return answer.status_code <= 202


def workflow_holds(condition: str, outputs: Mapping[str, Mapping[str, str]]) -> bool:
    """Whether a step runs, by a condition as `steps.check.outputs.gate == 'fail'`; an output that
    was not set is empty."""
    form = _WORKFLOW_CONDITION.fullmatch(condition)
    if form is None:
        raise ValueError(f"{condition!r} is not of the form that is tried")
    return outputs.get(form[1], {}).get(form[2], "") == form[3]


def _refused(constant: str) -> float:
    raise ValueError(f"{constant} is not JSON")
