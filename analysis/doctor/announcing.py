"""Where announcements go: whether each target can be told at all. Sends nothing."""

import stat
from collections.abc import Iterator

from analysis.announcing.targets import Secret, Target, Targets, Webhook
from analysis.announcing.telling import unusable
from analysis.doctor.check import Check, failed, ok, warning

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_NAME = "announcements"


def check_announcing(targets: Targets) -> Iterator[Check]:
    """Looks at the secrets, templates and files of all targets; shows none of them."""
    if not targets.all:
        yield ok(_NAME, "none configured")
        return
    bad = {found.target: found.reason for found in unusable(targets)}
    for target in targets.all:
        if target.name in bad:
            step = "Correct it; the receiver refuses to start so."
            yield failed(_NAME, f"{target.name}: {bad[target.name]}", step)
        else:
            yield _usable(target)


def _usable(target: Target) -> Check:
    for secret in _secrets(target):
        file = secret.file
        if file is not None and stat.S_IMODE(file.stat().st_mode) & _OTHERS:
            step = f"Run `chmod 600 {file}` if nobody else shall read it."
            return warning(_NAME, f"{target.name}: others may read {file}", step)
    if isinstance(target, Webhook) and target.secret is None:
        step = "Name secret_env or secret_file, unless the target cannot verify a signature."
        seen = f"{target.name} is usable, but what it is sent is not signed"
        return ok(_NAME, seen) if target.template else warning(_NAME, seen, step)
    step = "`deploylens announce-test` sends it a test"
    return ok(_NAME, f"{target.name} is usable; {step}")


def _secrets(target: Target) -> Iterator[Secret]:
    if target.place.secret is not None:
        yield target.place.secret
    if isinstance(target, Webhook):
        yield from target.secret_headers.values()
        if target.secret is not None:
            yield target.secret
    else:
        yield target.token
