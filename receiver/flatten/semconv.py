"""Attribute names that changed between versions of the semantic conventions, in one table.

Source: OpenTelemetry semantic conventions, `schemas/1.44.0` (rename_attributes of every version),
and the renames that split or merged attributes, which the schema files cannot express. The new name
always comes first.
"""

# Canonical name -> every name it has had, newest first.
NAMES: dict[str, tuple[str, ...]] = {
    "deployment.environment.name": ("deployment.environment.name", "deployment.environment"),
    "deployment.id": ("deployment.id",),
    "service.version": ("service.version", "deployment.version"),
    "vcs.ref.head.revision": (
        "vcs.ref.head.revision",
        "vcs.repository.ref.revision",
        "deployment.commit",
    ),
    "error.type": ("error.type",),
    "exception.type": ("exception.type",),
    "exception.message": ("exception.message",),
    "exception.stacktrace": ("exception.stacktrace",),
    "exception.escaped": ("exception.escaped",),
    "event.name": ("otel.event.name", "event.name"),
    "http.request.method": ("http.request.method", "http.method"),
    "http.request.method_original": ("http.request.method_original",),
    "http.response.status_code": ("http.response.status_code", "http.status_code"),
    "http.route": ("http.route",),
    "http.request.resend_count": (
        "http.request.resend_count",
        "http.resend_count",
        "http.retry_count",
    ),
    "url.full": ("url.full", "http.url"),
    "server.address": ("server.address",),
    "server.port": ("server.port",),
    "net.peer.name": ("net.peer.name", "http.server_name", "http.host"),
    "net.peer.port": ("net.peer.port",),
    "net.host.name": ("net.host.name", "http.server_name", "http.host"),
    "net.host.port": ("net.host.port",),
    "network.peer.address": ("network.peer.address", "net.sock.peer.addr", "net.peer.ip"),
    "service.peer.name": ("service.peer.name", "peer.service"),
    "rpc.system.name": ("rpc.system.name", "rpc.system"),
    "rpc.method": ("rpc.method",),
    "rpc.service": ("rpc.service",),
    "rpc.status_code": (
        "rpc.status_code",
        "rpc.response.status_code",
        "rpc.grpc.status_code",
        "rpc.connect_rpc.error_code",
        "rpc.jsonrpc.error_code",
    ),
    "db.system.name": ("db.system.name", "db.system"),
    "db.namespace": (
        "db.namespace",
        "db.name",
        "db.redis.database_index",
        "db.mssql.instance_name",
        "db.elasticsearch.cluster.name",
        "db.cassandra.keyspace",
    ),
    "db.operation.name": ("db.operation.name", "db.operation"),
    "db.collection.name": (
        "db.collection.name",
        "db.sql.table",
        "db.mongodb.collection",
        "db.cassandra.table",
        "db.cosmosdb.container",
    ),
    "db.response.status_code": ("db.response.status_code", "db.cosmosdb.status_code"),
    "messaging.operation.type": (
        "messaging.operation.type",
        "messaging.operation",
        "messaging.operation.name",
    ),
    "messaging.destination.name": ("messaging.destination.name", "messaging.destination"),
    "messaging.destination.template": ("messaging.destination.template",),
    "user.id": ("user.id", "enduser.id"),
    "sample.rate": ("SampleRate",),
}

# Values that were renamed together with their attribute.
DB_SYSTEM_RENAMES: dict[str, str] = {
    "mssql": "microsoft.sql_server",
    "oracle": "oracle.db",
    "dynamodb": "aws.dynamodb",
    "cosmosdb": "azure.cosmosdb",
    "db2": "ibm.db2",
    "spanner": "gcp.spanner",
    "redshift": "aws.redshift",
    "hanadb": "sap.hana",
    "maxdb": "sap.maxdb",
    "adabas": "softwareag.adabas",
    "informix": "ibm.informix",
    "netezza": "ibm.netezza",
    "firebird": "firebirdsql",
    "ingres": "actian.ingres",
}
RPC_SYSTEM_RENAMES: dict[str, str] = {"apache_dubbo": "dubbo", "connect_rpc": "connectrpc"}

# https://grpc.io/docs/guides/status-codes/ (google.rpc.Code)
GRPC_CODES: tuple[str, ...] = (
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
)


def grpc_code_name(text: str) -> str:
    """A status code by name: "14" and "UNAVAILABLE" are both UNAVAILABLE; other text stays as it
    is."""
    if text.isascii() and text.isdigit() and len(text) <= 2 and int(text) < len(GRPC_CODES):
        return GRPC_CODES[int(text)]
    return text
