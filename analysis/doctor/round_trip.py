"""A span on its whole way: over the network, through the receiver into the store, found by a
question."""

import secrets
import ssl
import tempfile
import time
from pathlib import Path

import grpc
import httpx
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from analysis.database import open_database
from analysis.doctor.check import Check, failed, ok
from analysis.doctor.holder import Holder
from analysis.query_error import QueryError
from analysis.serving import running
from receiver.errors import ReceiverError
from receiver.settings import Address, ReceiverSettings
from receiver.storage.store import StoreError
from receiver.transport.api_keys import any_key

SERVICE_NAME = "deploylens-doctor"
_TIMEOUT_S = 30.0
_EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
_FOUND = "SELECT count(*) AS found FROM spans WHERE trace_id = $trace_id"
_NO_PROXY = [("grpc.enable_http_proxy", 0)]  # the receiver is on this host, and the key stays here
_ANY_PORT = Address("127.0.0.1", 0)
_Errors = (grpc.RpcError, httpx.HTTPError, StoreError, ReceiverError, QueryError, OSError)


def check_temporary_round_trip() -> Check:
    """Starts a receiver on free ports with a store of its own, sends a span over each transport and
    finds both; leaves nothing."""
    name = "test span"
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="deploylens-doctor-") as folder:
        settings = ReceiverSettings(Path(folder) / "s.duckdb", _ANY_PORT, _ANY_PORT)
        try:
            with running(settings, _ANY_PORT) as serving:
                traces = [
                    _send_grpc(str(serving.grpc), None),
                    _send_http(f"http://{serving.http}", None, None),
                ]
                found = sum(_found(serving.store, trace_id) for trace_id in traces)
        except _Errors as error:
            return _lost(name, error)
    return _judged(name, found, len(traces), "a temporary receiver", began_s)


def check_sent_round_trip(holder: Holder, settings: ReceiverSettings) -> Check:
    """Sends a span to the running receiver as an exporter does, with a key and over TLS if these
    are configured, and finds it there. It stays in the store."""
    name = "test span"
    began_s = time.monotonic()
    if settings.tls is not None and settings.tls.client_ca is not None:
        step = "Send one from a host that has a certificate, or leave --send out."
        return failed(name, "this receiver wants a client certificate; doctor has none", step)
    try:
        key = any_key(settings.api_key_file, settings.api_keys)
        if settings.tls is None:
            trace_id = _send_grpc(_reachable(holder.lease.grpc), key)
        else:
            own = _believing(settings.tls.certificate)
            trace_id = _send_http(f"https://{_reachable(holder.lease.http)}", key, own)
        found = _found(settings.store, trace_id)
    except _Errors as error:
        return _lost(name, error)
    return _judged(name, found, 1, str(holder), began_s)


def _judged(name: str, found: int, sent: int, where: str, began_s: float) -> Check:
    took_s = time.monotonic() - began_s
    if found != sent:
        step = "Look at the receiver's log, and report this with it."
        return failed(name, f"{_spans(sent)} acknowledged by {where}, {found} found", step)
    return ok(name, f"{_spans(sent)} sent to {where} and found by a question, in {took_s:.1f} s")


def _spans(count: int) -> str:
    return "1 span" if count == 1 else f"{count} spans"


def _lost(name: str, error: Exception) -> Check:
    seen = str(error.details()) if isinstance(error, grpc.RpcError) else str(error)
    step = "See the checks above, and the receiver's log."
    return failed(name, f"not stored: {seen or type(error).__name__}", step)


def _send_grpc(address: str, key: str | None) -> str:
    payload, trace_id = _span()
    metadata = [("authorization", f"Bearer {key}")] if key else []
    with grpc.insecure_channel(address, options=_NO_PROXY) as channel:
        channel.unary_unary(_EXPORT)(payload, timeout=_TIMEOUT_S, metadata=metadata)
    return trace_id


def _send_http(base: str, key: str | None, tls: ssl.SSLContext | None) -> str:
    payload, trace_id = _span()
    headers = {"Content-Type": "application/x-protobuf"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    with httpx.Client(verify=tls or True, trust_env=False, timeout=_TIMEOUT_S) as client:
        client.post(f"{base}/v1/traces", content=payload, headers=headers).raise_for_status()
    return trace_id


def _span() -> tuple[bytes, str]:
    """A request with one span, and its trace id."""
    request, trace_id, now = ExportTraceServiceRequest(), secrets.token_bytes(16), time.time_ns()
    entry = request.resource_spans.add()
    entry.resource.attributes.add(key="service.name").value.string_value = SERVICE_NAME
    entry.scope_spans.add().spans.add(
        trace_id=trace_id,
        span_id=secrets.token_bytes(8),
        name="test span",
        start_time_unix_nano=now - 1_000_000,
        end_time_unix_nano=now,
    )
    payload: bytes = request.SerializeToString()
    return payload, trace_id.hex()


def _found(store: Path, trace_id: str) -> int:
    with open_database(store) as database:
        table = database.sql(_FOUND, {"trace_id": trace_id}).table
    return int(table.column("found")[0].as_py())


def _reachable(address: str) -> str:
    """Where a receiver that listens everywhere is reached from this host."""
    for anywhere, here in (("0.0.0.0:", "127.0.0.1:"), ("[::]:", "[::1]:")):
        if address.startswith(anywhere):
            return address.replace(anywhere, here, 1)
    return address


def _believing(certificate: Path) -> ssl.SSLContext:
    """Believes exactly the receiver's own certificate, by whatever name it is reached."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(certificate)
    return context
