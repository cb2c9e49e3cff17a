"""The low-cardinality name of a request, and the bound on how many of them a service may have."""

import re

import numpy as np

from receiver.flatten.columns import CodedColumn, Mask, coalesce, combine

OTHER = "(other)"
ENDPOINTS_MAX = 2_000
SERVICES_MAX = 20_000
ENDPOINT_LENGTH_MAX = 512
TEMPLATED_CHARACTERS_MAX = 6 * 1024 * 1024

# Parts of a span name that name one thing rather than a kind of thing.
_VARIABLE = re.compile(
    r"""
      [0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}  # uuid
    | (?<![^/\s=:.,_-])(?=[0-9a-fA-F]{8})(?=[^/\s?&=0-9]*+[0-9])
      [0-9a-fA-F]{8,}+(?![^/\s?&=:.,_-])                                           # hex id or hash
    | (?<![A-Za-z0-9.])[0-9]+(?![A-Za-z0-9.])                                      # number
    | (?<=/)(?=[A-Za-z_-]*+[0-9])(?=[0-9_-]*+[A-Z])[A-Z0-9_-]{6,}+(?=/|$|[?\s])  # upper-case key
    """,
    re.VERBOSE,
)
_QUERY = re.compile(r"\?\S*")


def template(span_name: str) -> str:
    """A span name with ids, numbers and hashes replaced: `GET /users/42` is `GET /users/{id}`."""
    return _VARIABLE.sub("{id}", _QUERY.sub("", span_name[:ENDPOINT_LENGTH_MAX]))


def endpoints(
    requests: Mask,
    http_method: CodedColumn,
    http_route: CodedColumn,
    rpc_method: CodedColumn,
    messaging_operation: CodedColumn,
    messaging_template: CodedColumn,
    span_name: CodedColumn,
) -> CodedColumn:
    """The endpoint of every request (SERVER and CONSUMER spans), NULL for other spans.

    In this order: `{method} {http.route}`; the fully qualified RPC method; `{operation}
    {destination template}`; the span name, templated.
    """
    rows = np.flatnonzero(requests)
    http = combine(http_method.take(rows), http_route.take(rows), _join_if_second)
    messaging = combine(
        messaging_operation.take(rows), messaging_template.take(rows), _join_if_second
    )
    names = coalesce(http, rpc_method.take(rows), messaging, templated(span_name.take(rows)))
    codes = np.full(len(requests), -1, dtype=np.int32)
    codes[rows] = names.codes
    return CodedColumn(codes, names.values)


def templated(span_names: CodedColumn) -> CodedColumn:
    """Span names as templates. Those past a bound are `(other)`, which the limit of endpoints would
    make of nearly all of them, but only after much work."""
    left = TEMPLATED_CHARACTERS_MAX

    def bounded(name: str) -> str:
        nonlocal left
        left -= min(len(name), ENDPOINT_LENGTH_MAX)
        return template(name) if left >= 0 else OTHER

    return span_names.map(bounded)


def _join_if_second(first: str | None, second: str | None) -> str | None:
    if second is None:
        return None
    return second if first is None else f"{first} {second}"


class EndpointLimit:
    """Remembers the endpoints of every service and turns those past the limit into `(other)`;
    all of a service past the limit of services too."""

    def __init__(
        self,
        known: dict[str, set[str]] | None = None,
        most: int = ENDPOINTS_MAX,
        services_most: int = SERVICES_MAX,
    ) -> None:
        """Starts from the endpoints that the store already holds."""
        self._known = known or {}
        self._most = most
        self._services_most = services_most

    def apply(self, service_name: CodedColumn, endpoint: CodedColumn) -> CodedColumn:
        """The endpoints with those that came after the limit replaced."""
        return combine(service_name, endpoint, self._admit)

    def _admit(self, service_name: str | None, endpoint: str | None) -> str | None:
        if endpoint is None or service_name is None:
            return endpoint
        endpoint = endpoint[:ENDPOINT_LENGTH_MAX]
        if service_name not in self._known and len(self._known) >= self._services_most:
            return OTHER
        known = self._known.setdefault(service_name, set())
        if endpoint in known:
            return endpoint
        if len(known) >= self._most:
            return OTHER
        known.add(endpoint)
        return endpoint
