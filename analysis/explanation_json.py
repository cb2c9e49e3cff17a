"""An explained exception as JSON, for programs: schema version 1.

Every field is always present, null when unknown. docs/exceptions.md tells what each holds.
"""

from dataclasses import asdict
from typing import Any

from analysis.explained_exception import ExplainedException, Occurrence
from analysis.formats.json_rows import json_text
from analysis.replaced_values import replaced_values
from receiver.fingerprints.explanation import Part

SCHEMA_VERSION = 1
_PARTS_OF_EXAMPLES = (
    *("time", "service_name", "service_version", "environment_name", "endpoint", "trace_id"),
    *("signal", "fingerprint", "exception_message"),
)


def explanation_json(found: ExplainedException) -> str:
    """One object, a line for each of its fields."""
    fields = ",\n".join(f"  {json_text(k)}: {json_text(v)}" for k, v in _fields(found).items())
    return f"{{\n{fields}\n}}\n"


def _fields(found: ExplainedException) -> dict[str, Any]:  # Any: values of any kind that JSON has
    group, latest = found.group, found.latest
    return {
        "schema_version": SCHEMA_VERSION,
        "named": {
            "fingerprint": found.named.key,
            "kind": "loose" if found.named.loose else "strict",
        },
        "exception": {
            "type": latest.exception_type,
            "message": latest.exception_message,
            "top_frame": latest.top_frame,
            "source": latest.exception_source,
            "sdk_language": latest.sdk_language,
        },
        "stored": {
            "fingerprint": latest.fingerprint,
            "fingerprint_loose": latest.fingerprint_loose,
            "fingerprint_version": latest.fingerprint_version,
            "rules_digest": None if found.stored is None else found.stored.rules_digest,
        },
        "now": {
            "fingerprint": found.explanation.strict,
            "fingerprint_loose": found.explanation.loose,
            "fingerprint_version": found.explanation.version,
            "rules_digest": found.wanted.rules_digest,
            "differs": found.grouped_otherwise,
        },
        "sightings": group.sightings,
        "first_seen": group.first_seen,
        "last_seen": group.last_seen,
        "services": list(group.service_names),
        "parts": [_part(part) for part in found.explanation.parts],
        "same_place": [
            {
                "fingerprint": sibling.group.fingerprint,
                "type": sibling.group.exception_type,
                "message": sibling.group.exception_message,
                "top_frame": sibling.group.top_frame,
                "sightings": sibling.group.sightings,
                "last_seen": sibling.group.last_seen,
                "differs": sibling.differs,
            }
            for sibling in found.siblings
        ],
        "same_place_left_out": found.siblings_left_out,
        "states": [asdict(state) for state in found.states],
        "decisions": [asdict(decision) for decision in found.decisions],
        "examples": [_example(one) for one in found.examples],
    }


def _part(part: Part) -> dict[str, Any]:  # Any: as above
    replaced = [{"text": one.text, "rule": one.rule} for one in replaced_values(part)]
    return {**asdict(part), "replaced": replaced}


def _example(one: Occurrence) -> dict[str, Any]:  # Any: as above
    return {name: getattr(one, name) for name in _PARTS_OF_EXAMPLES}
