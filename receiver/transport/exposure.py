"""What is open to others than this host, and should not be."""

from receiver.settings import ReceiverSettings


def exposure_warnings(settings: ReceiverSettings) -> list[str]:
    """A sentence for each danger of these settings, with what to do about it; none if all is well.

    An address on loopback is reached from this host only. Elsewhere it takes a key or a client
    certificate to know who sends, and TLS to keep the key and the data from who listens.
    """
    wide = [
        f"OTLP/{name} {address}"
        for name, address in (("gRPC", settings.grpc), ("HTTP", settings.http))
        if not address.is_loopback
    ]
    if not wide:
        return []
    where = " and ".join(wide)
    keys = bool(settings.api_key_file or settings.api_keys.strip(" ,\n"))
    tls, mutual = settings.tls is not None, bool(settings.tls and settings.tls.client_ca)
    warnings = []
    if not keys and not mutual:
        warnings.append(
            f"anybody who reaches {where} can send: neither API keys nor client certificates are"
            " asked for. Give --api-key-file or --tls-client-ca, or listen on 127.0.0.1."
        )
    if not tls:
        what = "API keys and telemetry travel" if keys else "telemetry travels"
        warnings.append(
            f"{what} unencrypted to {where}. Give --tls-cert and --tls-key, or let a proxy"
            " on this host speak TLS and listen on 127.0.0.1."
        )
    return warnings
