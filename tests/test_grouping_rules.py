"""What owners of the code say about grouping goes over what is known of libraries."""

from pathlib import Path

import pytest

from analysis.settings import ConfigurationError, Settings
from receiver.fingerprints.explanation import explain_status
from receiver.fingerprints.fingerprint import fingerprint, fingerprint_of_status
from receiver.fingerprints.rules import GroupingRules, KeyRule

STACK = """\
Traceback (most recent call last):
  File "/app/shop/views.py", line 4, in post
    place(order)
  File "/app/lib/site-packages/acme_core/retry.py", line 9, in call
    return function()
  File "/app/shop/generated/client.py", line 70, in send
    raise Timeout(url)
shop.errors.Timeout: no answer from payments in 31 s
"""


def test_in_app_rule() -> None:
    """A package of our own that is installed like others' becomes in-app by a rule."""
    rules = GroupingRules(in_app=("acme_core.*",))
    plain = fingerprint("Timeout", "no answer", STACK, "python")
    ruled = fingerprint("Timeout", "no answer", STACK, "python", rules)
    assert ruled.strict == plain.strict
    assert ruled.loose != plain.loose


def test_not_in_app_rule() -> None:
    """Generated code steps back by a rule, named by its folder; it wins over an in-app rule."""
    rules = GroupingRules(in_app=("shop.*",), not_in_app=("/app/shop/generated/*",))
    assert fingerprint("Timeout", "m", STACK, "python").top_frame == "shop.generated.client.send"
    assert fingerprint("Timeout", "m", STACK, "python", rules).top_frame == "shop.views.post"


def test_key_rule() -> None:
    """Exceptions that match are one group, whatever their message and way."""
    rules = GroupingRules(keys=(KeyRule("payment timeout", type="*Timeout", message="*payments*"),))
    one = fingerprint("Timeout", "no answer from payments in 31 s", STACK, "python", rules)
    other = fingerprint("http.Timeout", "payments: too slow", None, "go", rules)
    assert one.strict == one.loose == other.strict == other.loose
    unmatched = fingerprint("Timeout", "no answer from stock", STACK, "python", rules)
    assert unmatched == fingerprint("Timeout", "no answer from stock", STACK, "python")


def test_key_rule_with_parts() -> None:
    """A key may keep apart by class, kind of message or top frame."""
    rules = GroupingRules(keys=(KeyRule("db {type} {message}", frame="shop.views.*"),))
    one = fingerprint("A", "no row 7", STACK, "python", rules)
    assert one.strict == fingerprint("A", "no row 8", STACK, "python", rules).strict
    assert one.strict != fingerprint("A", "no table", STACK, "python", rules).strict
    assert one.strict != fingerprint("B", "no row 7", STACK, "python", rules).strict


def test_key_rule_for_failed_spans() -> None:
    """A failed span without an exception goes by the same rules; its place stands for a frame."""
    rules = GroupingRules(keys=(KeyRule("gateway {type}", type="50?", frame="POST *"),))
    one = fingerprint_of_status("503", "no upstream", "POST /orders", rules)
    assert one.strict == one.loose
    assert one.strict == fingerprint_of_status("503", "reset", "POST /cart", rules).strict
    assert one.strict != fingerprint_of_status("502", "reset", "POST /cart", rules).strict
    plain = fingerprint_of_status("503", "reset", "GET /cart")
    assert fingerprint_of_status("503", "reset", "GET /cart", rules) == plain
    found = explain_status("503", "no upstream", "POST /orders", rules)
    assert (found.strict, [part.kind for part in found.parts if part.strict]) == (
        one.strict, ["rule"]
    )  # fmt: skip


def test_first_key_rule_counts() -> None:
    """Of two key rules that match, the one written first decides."""
    first, second = KeyRule("a", type="*"), KeyRule("b", type="T*")
    both = GroupingRules(keys=(first, second))
    alone = GroupingRules(keys=(first,))
    assert fingerprint("T", "m", None, None, both) == fingerprint("T", "m", None, None, alone)


def test_digest() -> None:
    """The digest is empty without rules, and another one for other rules."""
    assert GroupingRules().digest == ""
    digests = {
        GroupingRules(in_app=("a",)).digest,
        GroupingRules(not_in_app=("a",)).digest,
        GroupingRules(keys=(KeyRule("a", type="b"),)).digest,
        GroupingRules(keys=(KeyRule("a", message="b"),)).digest,
    }
    assert len(digests) == 4


def test_rules_are_read(tmp_path: Path) -> None:
    """The rules stand in deploylens.toml."""
    (tmp_path / "deploylens.toml").write_text(
        'store = "a.duckdb"\n[exceptions]\nin_app = ["acme.*"]\nnot_in_app = ["gen.*"]\n'
        '[[exceptions.keys]]\nkey = "timeout"\ntype = "*Timeout"\n'
    )
    settings = Settings({}, {}, tmp_path)
    assert settings.store == Path("a.duckdb")
    assert settings.grouping == GroupingRules(
        ("acme.*",), ("gen.*",), (KeyRule("timeout", type="*Timeout"),)
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("exceptions = 3", "exceptions is 3, which is not a table"),
        ('[exceptions]\nin_ap = ["a"]', "unknown key 'in_ap'. Did you mean 'in_app'?"),
        ('[exceptions]\nin_app = "a"', "in_app is 'a', which is not a list of globs"),
        ('[exceptions]\nin_app = [""]', "which is not a list of globs"),
        ("[exceptions.keys]\nkey = 'a'", "write [[exceptions.keys]]"),
        ("[[exceptions.keys]]\ntype = 'a'", "rule 1 of [[exceptions.keys]] has no key"),
        ("[[exceptions.keys]]\nkey = 'a'", "would match every exception"),
        ("[[exceptions.keys]]\nkey = 'a'\ntype = 3", "type is 3, which is not a text"),
        ("[[exceptions.keys]]\nkey = 'a'\ntyp = 'b'", "unknown key 'typ'"),
    ],
)
def test_wrong_rules(tmp_path: Path, text: str, said: str) -> None:
    """A rule that cannot be meant is refused with what was seen and what is expected."""
    (tmp_path / "deploylens.toml").write_text(text)
    with pytest.raises(ConfigurationError) as refused:
        Settings({}, {}, tmp_path)
    assert said in str(refused.value)
