"""Who sent a record, read from its resource."""

import json
from pathlib import Path

import pytest

from receiver.flatten.resources import Resource, read_resource
from tests.ingest import log_request, row, rows, stored, trace_request


def read(attributes: dict[str, object]) -> Resource:
    """The resource with these attributes."""
    return read_resource(json.dumps(attributes), 0, None, None)


@pytest.mark.parametrize(
    ("attributes", "version", "source"),
    [
        ({"service.version": "1.2", "k8s.replicaset.name": "web-5c"}, "1.2", "service.version"),
        ({"deployment.version": "7"}, "7", "deployment.version"),
        ({"vcs.ref.head.revision": "abc123"}, "abc123", "vcs.ref.head.revision"),
        ({"deployment.commit": "abc123"}, "abc123", "deployment.commit"),
        ({"container.image.tags": ["latest", "v3"]}, "v3", "container.image.tags"),
        ({"container.image.tag": "v3"}, "v3", "container.image.tag"),
        (
            {"container.image.tags": ["latest"], "container.image.repo_digests": ["shop@sha256:1"]},
            "shop@sha256:1",
            "container.image.repo_digests",
        ),
        ({"k8s.replicaset.name": "web-5c66d57d58"}, "web-5c66d57d58", "k8s.replicaset.name"),
        ({"faas.version": "12"}, "12", "faas.version"),
        ({"service.version": ""}, None, None),
        ({}, None, None),
    ],
)
def test_version(attributes: dict[str, object], version: str | None, source: str | None) -> None:
    """Without a version of its own a service gets one inferred, and what from is kept."""
    found = read(attributes)
    assert (found.service_version, found.version_source) == (version, source)


def test_id_is_of_all_attributes() -> None:
    """Any other attribute makes another resource; the order of the attributes does not."""
    first = read({"service.name": "shop", "service.version": "1", "host.name": "a"})
    assert first == read({"host.name": "a", "service.version": "1", "service.name": "shop"})
    assert first.resource_id != read({"service.name": "shop", "service.version": "2"}).resource_id
    assert first.resource_id != read({"service.name": "shop", "service.version": "1"}).resource_id


def test_service_without_name() -> None:
    """A service that sends no name is `unknown_service`, as the specification calls it."""
    assert read({}).service_name == "unknown_service"


def test_same_instance_new_version(tmp_path: Path) -> None:
    """An instance that comes back with another version is another resource; rows keep their own."""
    resources = [
        {"service.name": "shop", "service.instance.id": "pod-1", "service.version": version}
        for version in ("1", "2")
    ]
    store = tmp_path / "s.duckdb"
    stored(store, *(trace_request({}, resource=dict(resource)) for resource in resources))
    assert row(store, "SELECT count(*) AS n FROM resources") == {"n": 2}
    found = rows(store, "SELECT DISTINCT service_version AS v, resource_id FROM spans ORDER BY v")
    assert [one["v"] for one in found] == ["1", "2"]
    assert found[0]["resource_id"] != found[1]["resource_id"]


def test_known_resource_is_stored_once(tmp_path: Path) -> None:
    """A resource that sends again, in another request or signal or after a restart, is one row."""
    store = tmp_path / "s.duckdb"
    stored(store, trace_request({"n": 1}), trace_request({"n": 2}), log_request("hello"))
    stored(store, trace_request({"n": 3}))
    assert row(store, "SELECT count(*) AS n FROM resources") == {"n": 1}


def test_span_attributes_override_the_resource(tmp_path: Path) -> None:
    """What a span says of its deployment counts before what its resource says."""
    resource: dict[str, object] = {
        "service.name": "shop",
        "container.image.tag": "v3",
        "deployment.id": "d-1",
        "deployment.environment": "staging",
    }
    own = {
        "deployment.id": "d-2",
        "deployment.version": "v4",
        "deployment.environment.name": "production",
    }
    store = tmp_path / "s.duckdb"
    stored(store, trace_request({}, own, resource=resource))
    found = rows(
        store,
        "SELECT deployment_id, service_version, version_source, environment_name FROM spans"
        " ORDER BY span_id",
    )
    assert [tuple(one.values()) for one in found] == [
        ("d-1", "v3", "container.image.tag", "staging"),
        ("d-2", "v4", "service.version", "production"),
    ]


def test_large_resource_ids(tmp_path: Path) -> None:
    """Ids in the upper half of 64 bits are stored like any other, whatever the mixture."""
    store = tmp_path / "s.duckdb"
    stored(
        store,
        *(trace_request({}, resource={"service.name": f"s{number}"}) for number in range(40)),
    )
    upper = row(
        store, "SELECT count(*) AS n FROM resources WHERE resource_id >= 9223372036854775808"
    )
    assert 0 < upper["n"] < 40
