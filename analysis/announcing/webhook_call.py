"""Tells one webhook of one event."""

import time
from collections.abc import Mapping
from typing import Any

from analysis.announcing.body import BodyRefused, body_of, read_template
from analysis.announcing.exchange import TIMEOUT_S, Call, exchange
from analysis.announcing.outcome import Outcome, not_now, outcome_of
from analysis.announcing.signature import signed, signing_keys
from analysis.announcing.targets import TargetUnusable, Webhook
from receiver.monitoring.metrics import program_version

# Values of any kind that JSON has.
Json = Any


def tell_webhook(
    webhook: Webhook, document: Mapping[str, Json], timeout_s: float = TIMEOUT_S
) -> Outcome:
    """Sends the event, signed; what is configured is read anew, for it may have been mended."""
    try:
        call = webhook_call(webhook, document, int(time.time()))
        return outcome_of(exchange(call, timeout_s))
    except (TargetUnusable, BodyRefused) as error:
        return not_now(str(error))


def webhook_call(webhook: Webhook, document: Mapping[str, Json], sent_at_s: int) -> Call:
    """The request; raises TargetUnusable or BodyRefused."""
    body = body_of(webhook, read_template(webhook), document)
    keys = signing_keys(webhook.secret.read()) if webhook.secret else ()
    headers = {
        "user-agent": f"deploylens/{program_version()}",
        "accept-encoding": "identity",
        **{name.lower(): value for name, value in webhook.headers.items()},
        **{name.lower(): secret.read() for name, secret in webhook.secret_headers.items()},
        "content-type": webhook.content_type,
        **signed(keys, str(document["id"]), sent_at_s, body),
    }
    for name, value in headers.items():
        if not value.isascii() or not value.isprintable():
            raise TargetUnusable(f"header {name} holds something else than ASCII on one line.")
    return Call("POST", webhook.place.read(), headers, body, webhook.ca_file)
