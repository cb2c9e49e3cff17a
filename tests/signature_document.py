"""The tables of docs/signatures.md and docs/thresholds.md as they follow from the program."""

from analysis.signatures.table import Signature, signature_table
from analysis.verdict.thresholds import LIMITS, Thresholds

EFFECTS = {
    "hold": "`hold`",
    "fix_forward": "`fix_forward`",
    "roll_back": "`roll_back`",
    "ignore": "not counted",
}
# How a condition is said of what may come rather than of what was seen.
CONDITIONS = {
    "some_instances_only": "only some instances fail",
    "old_version_too": "the old version fails the same way",
    "new_only": "only the new version fails",
    "small_share": "under 5 % of the requests fail",
    "grows": "the share grows",
    "fades": "the share falls",
    "after_cache_hit": "it fails right after a read from a cache",
    "rollout_window_only": "only first and last minutes of instances fail",
    "timeouts_follow": "timeouts follow",
    "calls_ratio": "each request makes many more calls",
    "named": "the message names what is missing",
}


def signature_rows() -> list[str]:
    """A row for each signature: its name, title, first check, and what it does to the verdict."""
    return [
        f"| `{one.name}` | {one.title} | {_filled(one.first_check, one)} | {_effects(one)} |"
        for one in signature_table().signatures
    ]


def threshold_rows() -> list[str]:
    """A row for each threshold: its key, default, unit and meaning."""
    defaults = Thresholds()
    return [
        f"| `{name}` | {getattr(defaults, name):g} | {limit.unit} | {limit.meaning} |"
        for name, limit in LIMITS.items()
    ]


def _filled(text: str, signature: Signature) -> str:
    return text.replace("{name}", signature.unnamed or "")


def _effects(signature: Signature) -> str:
    if not signature.effects:
        return "nothing"
    rules = [
        " and ".join(CONDITIONS[name] for name in rule.when) + ": " + EFFECTS[rule.effect]
        if rule.when
        else EFFECTS[rule.effect]
        for rule in signature.effects
    ]
    return "; else ".join(rules)
