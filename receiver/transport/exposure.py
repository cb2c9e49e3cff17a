"""What is open to others than this host, and should not be."""

from collections.abc import Iterable

from receiver.settings import Address, ReceiverSettings


def exposure_warnings(settings: ReceiverSettings, gate: Address | None = None) -> list[str]:
    """A sentence for each danger of these settings, with what to do about it; none if all is well.

    An address on loopback is reached from this host only. Elsewhere it takes a key or a client
    certificate to know who sends, and TLS to keep the key and the data from who listens. `gate` is
    where pipelines ask, with the same keys and certificates.
    """
    otlp = (("OTLP/gRPC", settings.grpc), ("OTLP/HTTP", settings.http))
    warnings = _warnings(settings, _wide(otlp), "send", "telemetry")
    if gate is not None:
        told = "ask about every deployment and mark one"
        warnings += _warnings(settings, _wide((("the gates at", gate),)), told, "answers")
    return warnings


def _wide(places: Iterable[tuple[str, Address]]) -> str:
    """Those that are reached from elsewhere, in words."""
    return " and ".join(f"{name} {address}" for name, address in places if not address.is_loopback)


def _warnings(settings: ReceiverSettings, where: str, allowed: str, carried: str) -> list[str]:
    if not where:
        return []
    keys = bool(settings.api_key_file or settings.api_keys.strip(" ,\n"))
    tls, mutual = settings.tls is not None, bool(settings.tls and settings.tls.client_ca)
    warnings = []
    if not keys and not mutual:
        warnings.append(
            f"anybody who reaches {where} can {allowed}: neither API keys nor client certificates"
            " are asked for. Give --api-key-file or --tls-client-ca, or listen on 127.0.0.1."
        )
    if not tls:
        one = "travels" if carried == "telemetry" else "travel"
        what = f"API keys and {carried} travel" if keys else f"{carried} {one}"
        warnings.append(
            f"{what} unencrypted to {where}. Give --tls-cert and --tls-key, or let a proxy"
            " on this host speak TLS and listen on 127.0.0.1."
        )
    return warnings
