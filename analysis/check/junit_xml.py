"""A check as JUnit XML, which GitLab, Jenkins and others show as tests: the gate, each finding.

A test fails only when the gate fails; an undecided gate, and findings beside it, are skipped with
what was found, so a run that may go on shows no red. GitLab shows the text of `failure` and
`skipped`, groups by `classname`, and takes the first of two tests of one name.
(docs.gitlab.com/ci/testing/unit_test_reports.)
"""

from collections import Counter
from xml.etree import ElementTree

from analysis.check.verdict_words import VERDICT_WORDS
from analysis.safe_text import shown
from analysis.verdict.check import Check, Finding, Gate


def junit_xml(check: Check) -> str:
    """The document; what XML cannot hold is shown as its escape."""
    deployment = check.deployment
    name = f"deploylens {deployment.service} {deployment.version or '(no version)'}"
    suites = ElementTree.Element("testsuites")
    suite = ElementTree.SubElement(suites, "testsuite", name=shown(name))
    suite.set("timestamp", check.generated_at)
    title = VERDICT_WORDS[check.verdict].title
    _case(suite, check, "gate", title, " ".join(check.reasons), _GATE_ENDS[check.gate])
    seen: Counter[str] = Counter()
    for finding in check.findings:
        named = f"{finding.kind}: {finding.service} {finding.endpoint or ''}".strip()
        seen[named] += 1
        unique = named if seen[named] == 1 else f"{named} ({seen[named]})"
        _case(suite, check, unique, finding.severity, finding.title, _end(finding, check.gate))
    for attribute, tag in (("failures", "failure"), ("skipped", "skipped"), ("tests", "testcase")):
        suite.set(attribute, str(len(list(suite.iter(tag)))))
    suite.set("errors", "0")
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


_GATE_ENDS = {Gate.PASS: None, Gate.WAIT: "skipped", Gate.FAIL: "failure"}


def _end(finding: Finding, gate: Gate) -> str | None:
    if finding.severity == "info":
        return None
    return "failure" if gate is Gate.FAIL else "skipped"


def _case(
    suite: ElementTree.Element, check: Check, name: str, message: str, text: str, end: str | None
) -> None:
    classname = f"deploylens.{check.deployment.service}"
    case = ElementTree.SubElement(suite, "testcase", classname=shown(classname), name=shown(name))
    case.set("time", "0")
    told = ElementTree.SubElement(case, end or "system-out")
    if end is not None:
        told.set("message", shown(message))
    told.text = shown(text)
