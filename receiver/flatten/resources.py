"""Who sent a record: service, version, environment, deployment, instance, from its resource."""

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from receiver.flatten.semconv import NAMES

UNKNOWN_SERVICE = "unknown_service"


@dataclass(frozen=True, slots=True)
class Resource:
    """One distinct resource. `resource_id` is a hash of everything that is stored about it, so of
    what redaction left."""

    resource_id: int
    service_namespace: str | None
    service_name: str
    service_version: str | None
    version_source: str | None
    environment_name: str | None
    deployment_id: str | None
    instance_id: str | None
    sdk_language: str | None
    vcs_revision: str | None
    attributes: str
    dropped_attributes_count: int
    entity_refs: str | None
    schema_url: str | None


def read_resource(
    attributes_json: str | None,
    dropped_attributes_count: int,
    entity_refs: str | None,
    schema_url: str | None,
) -> Resource:
    """The resource behind this JSON object of attributes; the order of the attributes does not
    matter."""
    length = sum(len(text or "") for text in (attributes_json, entity_refs, schema_url))
    read = _remembered if length <= _REMEMBERED_LENGTH_MAX else _read
    return read(attributes_json, dropped_attributes_count, entity_refs, schema_url)


def _read(
    attributes_json: str | None,
    dropped_attributes_count: int,
    entity_refs: str | None,
    schema_url: str | None,
) -> Resource:
    attributes = json.loads(attributes_json or "{}", object_pairs_hook=_first_of_each_key)
    canonical = json.dumps(attributes, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    everything = json.dumps([canonical, dropped_attributes_count, entity_refs, schema_url])
    version, version_source = _version(attributes)
    return Resource(
        resource_id=int.from_bytes(hashlib.sha256(everything.encode()).digest()[:8], "big"),
        service_namespace=_text(attributes, "service.namespace"),
        service_name=_text(attributes, "service.name") or UNKNOWN_SERVICE,
        service_version=version,
        version_source=version_source,
        environment_name=_text(attributes, *NAMES["deployment.environment.name"]),
        deployment_id=_text(attributes, "deployment.id"),
        instance_id=_text(attributes, "service.instance.id", "k8s.pod.name", "host.name"),
        sdk_language=_text(attributes, "telemetry.sdk.language"),
        vcs_revision=_text(attributes, *NAMES["vcs.ref.head.revision"]),
        attributes=canonical,
        dropped_attributes_count=dropped_attributes_count,
        entity_refs=entity_refs,
        schema_url=schema_url,
    )


# Long ones, which nobody sends twice, would fill the memory.
_REMEMBERED_LENGTH_MAX = 8_192
_remembered = lru_cache(maxsize=8_192)(_read)

# Where a version can be read from when the service sends none, the most telling first.
_VERSION_SOURCES = (
    *NAMES["service.version"],
    *NAMES["vcs.ref.head.revision"],
    "container.image.tags",
    "container.image.tag",
    "container.image.repo_digests",
    "oci.manifest.digest",
    "k8s.replicaset.name",
    "faas.version",
    "aws.ecs.task.revision",
    "heroku.release.version",
    "heroku.release.commit",
)
_MOVING_TAGS = frozenset({"latest", "stable", "main", "master", "edge"})


def _version(attributes: dict[str, Any]) -> tuple[str | None, str | None]:
    for source in _VERSION_SOURCES:
        value = attributes.get(source)
        candidates = value if isinstance(value, list) else [value]
        for candidate in candidates:
            if candidate not in (None, "") and str(candidate) not in _MOVING_TAGS:
                return str(candidate), source
    return None, None


def _text(attributes: dict[str, Any], *keys: str) -> str | None:
    for key in keys:
        value = attributes.get(key)
        if value not in (None, ""):
            return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return None


def _first_of_each_key(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return dict(reversed(pairs))
