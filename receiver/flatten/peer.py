"""What a call talks to, and the server end of a span."""

from urllib.parse import urlsplit

from receiver.flatten.columns import CodedColumn, Mask, coalesce, combine, where

_USUAL_PORTS = frozenset({"80", "443"})


def server_columns(requests: Mask, read: dict[str, CodedColumn]) -> tuple[CodedColumn, CodedColumn]:
    """Address and port of the server: new names first, else the old ones for the span's side.

    `net.host.*` was the server's own side on requests, `net.peer.*` the other side on calls.
    """
    address = coalesce(
        read["server.address"], where(requests, read["net.host.name"], read["net.peer.name"])
    )
    port = coalesce(
        read["server.port"], where(requests, read["net.host.port"], read["net.peer.port"])
    )
    return address.map(_host), port


def peers(
    calls: Mask, address: CodedColumn, port: CodedColumn, read: dict[str, CodedColumn]
) -> CodedColumn:
    """The peer of every call (CLIENT and PRODUCER spans), NULL for other spans.

    In this order: the peer service's name; the messaging destination; `address:port` (without a
    usual web port); the host of the URL; the network address; the service of the RPC method; the
    database system.
    """
    network = read["network.peer.address"]
    named = coalesce(
        read["service.peer.name"],
        read["messaging.destination.name"],
        combine(address, port, _host_and_port),
        read["url.full"].map(_url_host),
        combine(network, port, _host_and_port),
        read["rpc.service"],
        read["db.system.name"],
    )
    return where(calls, named, CodedColumn(named.codes * 0 - 1, []))


def _host(text: str) -> str:
    """`shop.example:8080`, as the old `http.host` may hold it, without the port."""
    host, colon, port = text.rpartition(":")
    return host if colon and port.isdigit() and ":" not in host else text


def _host_and_port(host: str | None, port: str | None) -> str | None:
    if host is None or port is None or port in _USUAL_PORTS:
        return host
    return f"{host}:{port}"


def _url_host(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        port = None if parts.port is None else str(parts.port)
    except ValueError:
        return None
    return _host_and_port(parts.hostname, port)
