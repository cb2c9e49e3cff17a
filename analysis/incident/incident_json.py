"""An incident as JSON, for programs: schema version 1.

Every field is always present, null when unknown, and no number is NaN or infinite. docs/incident.md
tells what each holds.
"""

from dataclasses import fields

from analysis.check.check_json import Json, document_text, plain
from analysis.incident.incident import SCHEMA_VERSION, Incident


def incident_document(incident: Incident) -> dict[str, Json]:
    """The incident in the fields and the order of the contract; all values are plain JSON."""
    named = (field.name for field in fields(incident))
    return {"schema_version": SCHEMA_VERSION} | {
        name: plain(getattr(incident, name)) for name in named
    }


def incident_json(incident: Incident) -> str:
    """The same as text."""
    return document_text(incident_document(incident))
