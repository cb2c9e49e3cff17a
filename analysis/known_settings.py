"""What can be set, by which flag, environment variable and key of `deploylens.toml`."""

from dataclasses import dataclass

from receiver.settings import API_PORT, GRPC_PORT, HTTP_PORT


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that can be set: its flag, environment variable, key in the file, and default."""

    flag: str
    variable: str
    key: str
    default: str


SETTINGS = {
    "store": Setting("--store", "DEPLOYLENS_STORE", "store", "deploylens.duckdb"),
    "queries": Setting("--queries", "DEPLOYLENS_QUERIES", "queries", ""),
    "format": Setting("--format", "DEPLOYLENS_FORMAT", "format", "table"),
    "grpc": Setting("--grpc", "DEPLOYLENS_GRPC", "serve.grpc", f"127.0.0.1:{GRPC_PORT}"),
    "http": Setting("--http", "DEPLOYLENS_HTTP", "serve.http", f"127.0.0.1:{HTTP_PORT}"),
    "api": Setting("--api", "DEPLOYLENS_API", "serve.api", f"127.0.0.1:{API_PORT}"),
    "gate": Setting("--gate", "DEPLOYLENS_GATE", "serve.gate", "off"),
    "receiver": Setting("--receiver", "DEPLOYLENS_RECEIVER", "receiver", ""),
    "max_request_bytes": Setting(
        "--max-request-bytes", "DEPLOYLENS_MAX_REQUEST_BYTES", "serve.max_request_bytes", "64MiB"
    ),
    "max_queue_bytes": Setting(
        "--max-queue-bytes", "DEPLOYLENS_MAX_QUEUE_BYTES", "serve.max_queue_bytes", "96MiB"
    ),
    "max_response_bytes": Setting(
        "--max-response-bytes", "DEPLOYLENS_MAX_RESPONSE_BYTES", "serve.max_response_bytes", "4MiB"
    ),
    "retention": Setting("--retention", "DEPLOYLENS_RETENTION", "serve.retention", ""),
    "max_disk": Setting("--max-disk", "DEPLOYLENS_MAX_DISK", "serve.max_disk", ""),
    "log_format": Setting("--log-format", "DEPLOYLENS_LOG_FORMAT", "serve.log_format", "text"),
    "log_level": Setting("--log-level", "DEPLOYLENS_LOG_LEVEL", "serve.log_level", "info"),
    "api_key_file": Setting("--api-key-file", "DEPLOYLENS_API_KEY_FILE", "serve.api_key_file", ""),
    "tls_cert": Setting("--tls-cert", "DEPLOYLENS_TLS_CERT", "serve.tls_cert", ""),
    "tls_key": Setting("--tls-key", "DEPLOYLENS_TLS_KEY", "serve.tls_key", ""),
    "tls_client_ca": Setting(
        "--tls-client-ca", "DEPLOYLENS_TLS_CLIENT_CA", "serve.tls_client_ca", ""
    ),
    "redact": Setting("--redact", "DEPLOYLENS_REDACT", "serve.redact.mode", "drop"),
    "redact_key": Setting("--redact-key", "DEPLOYLENS_REDACT_KEYS", "serve.redact.keys", ""),
    "keep_key": Setting("--keep-key", "DEPLOYLENS_KEEP_KEYS", "serve.redact.keep", ""),
    "cors_origin": Setting("--cors-origin", "DEPLOYLENS_CORS_ORIGINS", "serve.cors_origins", ""),
}

# What the file may hold as a list of texts.
LISTS = frozenset({"queries", "serve.cors_origins", "serve.redact.keys", "serve.redact.keep"})

# Tables that are read by a module of their own, and only by who announces.
WEBHOOKS, GRAFANA = "webhooks", "grafana"
