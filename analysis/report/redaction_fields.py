"""What every text of a report is about, and so what becomes of it in a redacted one.

A field that is not listed is taken out: a new one cannot slip through.
"""

from collections.abc import Mapping
from enum import StrEnum


class Subject(StrEnum):
    """What a text is about. The first ones get pseudonyms, and may be kept: the words of `keep`."""

    SERVICES = "services"
    NAMESPACES = "namespaces"
    VERSIONS = "versions"
    ENVIRONMENTS = "environments"
    DEPLOYMENTS = "deployments"
    ENDPOINTS = "endpoints"
    SPANS = "spans"
    PEERS = "peers"
    EXCEPTIONS = "exceptions"
    FRAMES = "frames"
    FINGERPRINTS = "fingerprints"
    TRACES = "traces"
    COMMITS = "commits"
    FILES = "files"
    TEAMS = "teams"
    ATTRIBUTES = "attributes"
    VALUES = "values"
    # Never kept.
    PEOPLE = "people"
    MESSAGE = "message"
    GONE = "gone"
    # Composed here out of our words, numbers, and names of the kinds above.
    COMPOSED = "composed"
    # Made here, from nothing that was sent.
    OURS = "ours"


LABELS: Mapping[Subject, str] = {
    Subject.SERVICES: "service",
    Subject.NAMESPACES: "namespace",
    Subject.VERSIONS: "version",
    Subject.ENVIRONMENTS: "environment",
    Subject.DEPLOYMENTS: "deployment",
    Subject.ENDPOINTS: "endpoint",
    Subject.SPANS: "span",
    Subject.PEERS: "peer",
    Subject.EXCEPTIONS: "exception",
    Subject.FRAMES: "frame",
    Subject.FINGERPRINTS: "fingerprint",
    Subject.TRACES: "trace",
    Subject.COMMITS: "commit",
    Subject.FILES: "file",
    Subject.TEAMS: "team",
    Subject.ATTRIBUTES: "attribute",
    Subject.VALUES: "value",
    Subject.PEOPLE: "person",
}
KEEPABLE = tuple(subject.value for subject in LABELS if subject is not Subject.PEOPLE)

_OF_SUBJECT: Mapping[Subject, str] = {
    Subject.SERVICES: "service service_name",
    Subject.NAMESPACES: "namespace service_namespace",
    Subject.VERSIONS: "version service_version baseline_version back_to_version previous_version",
    Subject.ENVIRONMENTS: "environment environment_name previous_environment",
    Subject.DEPLOYMENTS: "deployment_id served_deployment_id",
    Subject.ENDPOINTS: "endpoint top_endpoint",
    Subject.SPANS: "span_name",
    Subject.PEERS: "peer Traffic.name",
    Subject.EXCEPTIONS: "exception_type FailureOrigin.error ExceptionState.type rpc_status_code",
    Subject.FRAMES: "top_frame",
    Subject.FINGERPRINTS: "fingerprint",
    Subject.TRACES: "trace_id example_trace_id example_trace_ids first_failure_trace_id",
    Subject.COMMITS: "commit commits vcs_revision previous_vcs_revision",
    Subject.FILES: "files path",
    Subject.TEAMS: "owners",
    Subject.ATTRIBUTES: "Change.name attribute",
    Subject.VALUES: "baseline_values candidate_values value",
    Subject.PEOPLE: "author",
    Subject.MESSAGE: "exception_message message status_message summary",
    Subject.GONE: "exception_stacktrace note digest",
    Subject.COMPOSED: (
        "reasons title ruled_out caveats what subject UsedThreshold.origin began ceased before"
        " after details why strategy first_check advice SignatureShown.evidence"
    ),
    Subject.OURS: (
        "first_seen last_seen marked_at candidate_first_seen candidate_from candidate_until"
        " baseline_from baseline_until step_start first_failure resolved_at last_seen_before"
        " start_time time minute generated_at since until at low high deployed_at detected_at"
        " rollout_started_at rollout_ended_at first_failure_at mitigated_at peak_at began_at"
        " previous_until step now version_source baseline_kind measure unit side outcome quantile"
        " Traffic.subject kind change reason span_kind severity relation state confidence verdict"
        " SignatureShown.name UsedThreshold.name AskedQuery.name ChangedFigure.name"
        " ChangedList.name omitted source"
    ),
}
_SUBJECT_OF = {name: subject for subject, names in _OF_SUBJECT.items() for name in names.split()}


def subject_of(class_name: str, field: str) -> Subject | None:
    """What a field or key is about; None when nobody has said."""
    return _SUBJECT_OF.get(f"{class_name}.{field}") or _SUBJECT_OF.get(field)
