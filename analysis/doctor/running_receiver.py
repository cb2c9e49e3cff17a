"""What a running receiver says about itself."""

import httpx

from analysis.doctor.check import Check, failed, ok, warning
from analysis.doctor.holder import Holder

_TIMEOUT_S = 10.0


def check_running_receiver(holder: Holder | None) -> Check:
    """Asks `/readyz` of the receiver's local API."""
    if holder is None:
        return ok("receiver", "none runs on this store")
    if holder.lease.api is None:
        step = "Ask /readyz of its OTLP/HTTP port, or start it with --api."
        return warning("receiver", f"{holder} has no local API to be asked at", step)
    try:
        answer = httpx.get(f"{holder.lease.api}/readyz", timeout=_TIMEOUT_S, trust_env=False)
        body = answer.json()
        wrong = {name: body["checks"][name]["seen"] for name in body["failed"]}
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        step = "Look at its log; restart it if it stays so."
        return failed("receiver", f"{holder} does not answer /readyz: {error}", step)
    if answer.status_code == httpx.codes.OK and not wrong:
        return ok("receiver", f"{holder} is ready")
    seen = "; ".join(f"{name}: {what}" for name, what in wrong.items())
    return failed("receiver", f"{holder} is not ready: {seen}", "See its log, and docs/operation.")
