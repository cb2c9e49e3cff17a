"""API keys and certificates: whole, in force, and nobody else's; and whether any are needed."""

import stat
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from analysis.doctor.check import Check, failed, ok, warning
from receiver.errors import CredentialsUnusable
from receiver.settings import Address, ReceiverSettings, TlsFiles
from receiver.transport.api_keys import ApiKeys
from receiver.transport.exposure import exposure_warnings
from receiver.transport.tls import valid_until_s

_RENEW_S = 14 * 86_400.0
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def check_credentials(settings: ReceiverSettings, gate: Address | None = None) -> Iterator[Check]:
    """Looks at what is configured, and says so when a receiver would take spans from anybody, or
    answer anybody at its gates."""
    yield _keys(settings)
    yield ok("TLS", "none configured") if settings.tls is None else _tls(settings.tls)
    dangers = exposure_warnings(settings, gate)
    if dangers:
        step = "Ask for keys and speak TLS, or listen on 127.0.0.1."
        yield warning("exposure", " ".join(dangers), step)
    else:
        yield ok("exposure", "nothing is open to other hosts that should not be")


def _keys(settings: ReceiverSettings) -> Check:
    file = settings.api_key_file
    if file is None and not settings.api_keys:
        return ok("API keys", "none configured")
    try:
        ApiKeys(file, settings.api_keys)
    except CredentialsUnusable as error:
        return failed("API keys", str(error), "Correct it; the receiver refuses to start so.")
    return (_private("API keys", file) if file else None) or ok("API keys", "usable")


def _tls(files: TlsFiles) -> Check:
    try:
        left_s = valid_until_s(files) - time.time()
    except (CredentialsUnusable, OSError) as error:
        return failed("TLS", str(error), "Correct it; the receiver refuses to start so.")
    until = f"{datetime.fromtimestamp(time.time() + left_s, UTC):%Y-%m-%d %H:%M} UTC"
    if left_s < 0:
        return failed("TLS", f"{files.certificate} ended on {until}", "Renew the certificate.")
    if left_s < _RENEW_S:
        step = "Renew it; the receiver reads the new file by itself."
        return warning("TLS", f"{files.certificate} ends on {until}", step)
    return _private("TLS", files.key) or ok("TLS", f"{files.certificate} is valid until {until}")


def _private(name: str, file: Path) -> Check | None:
    mode = stat.S_IMODE(file.stat().st_mode)
    if not mode & _OTHERS:
        return None
    step = f"Run `chmod 600 {file}` if nobody else shall read it."
    return warning(name, f"{file} has mode {mode:04o}: others may read it", step)
