"""What `serve` starts the receiver with, from the settings of an invocation."""

from analysis.settings import ConfigurationError, Settings
from receiver.settings import Address, ReceiverSettings, TlsFiles

# The names that the local API answers to; it takes no other, which keeps web pages out.
LOCAL_API_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})


def receiver_settings(settings: Settings) -> ReceiverSettings:
    """The settings of the receiver; raises ConfigurationError."""
    return ReceiverSettings(
        store=settings.store,
        grpc=settings.address("grpc"),
        http=settings.address("http"),
        request_bytes_max=settings.message_bytes("max_request_bytes"),
        queue_bytes_max=settings.message_bytes("max_queue_bytes"),
        response_bytes_max=settings.message_bytes("max_response_bytes"),
        cors_origins=settings.cors_origins,
        api_key_file=settings.path("api_key_file"),
        api_keys=settings.api_keys,
        tls=_tls(settings),
        redaction=settings.redaction,
        grouping=settings.grouping,
        retention_s=settings.retention_s,
        disk_bytes_max=settings.disk_bytes_max,
    )


def local_api_address(settings: Settings) -> Address | None:
    """Where the local API listens, None if it is off; raises ConfigurationError if it is not local.

    It answers every question about the store and speaks no TLS.
    """
    address = settings.address_or_off("api")
    if address is not None and address.host.lower() not in LOCAL_API_HOSTS:
        raise ConfigurationError(
            f"--api {address} is not on loopback. The local API is for commands on this host only:"
            f" its host is one of {', '.join(sorted(LOCAL_API_HOSTS))}, or it is off."
        )
    return address


def _tls(settings: Settings) -> TlsFiles | None:
    certificate, key = settings.path("tls_cert"), settings.path("tls_key")
    client_ca = settings.path("tls_client_ca")
    if certificate and key:
        return TlsFiles(certificate, key, client_ca)
    if certificate or key or client_ca:
        raise ConfigurationError(
            "TLS needs a certificate and its key: give both --tls-cert and --tls-key"
            f"{', with --tls-client-ca' if client_ca else ''}."
        )
    return None
