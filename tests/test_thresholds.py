"""Thresholds: the design's defaults, what deploylens.toml makes of them, and their origin."""

import dataclasses
import math
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.settings import ConfigurationError, Settings
from analysis.verdict.thresholds import LIMITS, Limit, Thresholds
from analysis.verdict_settings import ThresholdsError, VerdictSettings, thresholds_from
from tests.served import ROOT
from tests.signature_document import threshold_rows


def settings(folder: Path, text: str) -> Settings:
    """The settings of a file with this text."""
    (folder / "deploylens.toml").write_text(text)
    return Settings({}, {}, folder)


def test_defaults(tmp_path: Path) -> None:
    """Without a file the design's floors count: half a point and half again, 500 ms and 30 %."""
    thresholds = Settings({}, {}, tmp_path).thresholds("checkout")
    assert thresholds == Thresholds()
    assert (thresholds.alpha, thresholds.difference_min, thresholds.ratio_min) == (0.01, 0.005, 1.5)
    assert (thresholds.latency_ms_min, thresholds.latency_ratio_min) == (500, 1.3)
    assert {thresholds.origin_of(name) for name in LIMITS} == {"default"}


def test_every_threshold_says_what_it_is() -> None:
    """Every field but the origins has a meaning and a unit, and its default lies in its limits."""
    names = [one.name for one in dataclasses.fields(Thresholds) if one.name != "origins"]
    assert list(LIMITS) == names
    for name, limit in LIMITS.items():
        assert limit.meaning
        assert limit.unit
        assert limit.allows(getattr(Thresholds(), name))


def test_most_exact_table_wins(tmp_path: Path) -> None:
    """Each value is that of the most exact table that has it, and says which one it was."""
    read = settings(
        tmp_path,
        'store = "a.duckdb"\n[verdict]\nalpha = 0.02\nratio_min = 2\ntolerance = 0.01\n'
        '[verdict.services."checkout"]\nalpha = 0.001\n'
        '[verdict.services."check*"]\nalpha = 0.005\nrequests_min = 10\n'
        '[verdict.services."*"]\nrequests_min = 20\nratio_min = 3\n',
    )
    checkout, checker, cart = (read.thresholds(name) for name in ("checkout", "checker", "cart"))
    assert read.store == Path("a.duckdb")
    assert [one.alpha for one in (checkout, checker, cart)] == [0.001, 0.005, 0.02]
    assert [one.requests_min for one in (checkout, checker, cart)] == [10, 10, 20]
    assert [one.ratio_min for one in (checkout, checker, cart)] == [3, 3, 3]
    assert checkout.origin_of("alpha") == 'deploylens.toml [verdict.services."checkout"]'
    assert checkout.origin_of("requests_min") == 'deploylens.toml [verdict.services."check*"]'
    assert checkout.origin_of("tolerance") == "deploylens.toml [verdict]"
    assert checkout.origin_of("confidence") == "default"


def test_name_with_wildcards_in_it() -> None:
    """A service may be called like a glob; its own name fits it though the glob does not."""
    read = thresholds_from({"services": {"a[b]": {"requests_min": 7}}})
    assert read.thresholds("a[b]").requests_min == 7
    assert read.thresholds("ab").requests_min == 7
    assert read.thresholds("a").requests_min == 50


def test_shown_with_its_origin() -> None:
    """A reason names the threshold, its value and where it was read."""
    thresholds = thresholds_from({"ratio_min": 2.25}).thresholds("cart")
    assert thresholds.shown("ratio_min") == "ratio_min 2.25 (deploylens.toml [verdict])"
    assert thresholds.shown("difference_min") == "difference_min 0.005 (default)"


def test_unknown_name_has_no_origin() -> None:
    """Asking for a threshold that does not exist is an error, not a default."""
    with pytest.raises(KeyError):
        Thresholds().origin_of("alpah")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("verdict = 3", "verdict is 3, which is not a table: write [verdict]"),
        ("[verdict]\nalpah = 0.1", "[verdict] has an unknown key 'alpah'. Did you mean 'alpha'?"),
        ("[verdict]\nalpha = 0.5", "alpha is 0.5. It is a number above 0 and below 0.5"),
        ("[verdict]\nalpha = 0", "alpha is 0. It is a number above 0"),
        ("[verdict]\nalpha = nan", "alpha is nan. It is a number above 0"),
        ("[verdict]\nalpha = '1 %'", "alpha is '1 %'. It is a number above 0"),
        ("[verdict]\nalpha = true", "alpha is True. It is a number above 0"),
        (
            "[verdict]\nwarm_up_s = inf",
            "warm_up_s is inf. It is a number of at least 0",
        ),
        (
            "[verdict]\nrequests_min = 1.5",
            "requests_min is 1.5. It is a whole number of",
        ),
        ("[verdict]\nconfidence = 95", "confidence is 95. It is a number above 0.5 and below 1"),
        ("[verdict]\nratio_min = 0.5", "ratio_min is 0.5. It is a number of at least 1"),
        ("[verdict]\nservices = 3", "verdict.services is 3, which is not a table"),
        ("[verdict.services]\ncart = 3", 'write [verdict.services."cart"]'),
        ("[verdict.services]\nalpha = 0.1", "Did you mean 'alpha'?"),
        (
            '[verdict.services."cart"]\nratiomin = 3',
            "[verdict.services.\"cart\"] has an unknown key 'ratiomin'. Did you mean 'ratio_min'?",
        ),
        (
            '[verdict.services."cart"]\ntolerance = 2',
            '[verdict.services."cart"]: tolerance is 2. It is a number above 0 and below 1 (share)',
        ),
        ("[verdict]\nhold_e_value = 200", "hold_e_value is 200 (deploylens.toml [verdict]), more"),
        ("[verdic]\nalpha = 0.1", "unknown key 'verdic.alpha'."),
    ],
)
def test_wrong_thresholds(tmp_path: Path, text: str, said: str) -> None:
    """What cannot be meant is refused with the file, key, value and what is allowed."""
    with pytest.raises(ConfigurationError) as refused:
        settings(tmp_path, text)
    assert said in str(refused.value)
    assert str(tmp_path / "deploylens.toml") in str(refused.value)


def test_thresholds_that_contradict_each_other(tmp_path: Path) -> None:
    """Two globs that fit one service and do not go together are refused when it is asked for."""
    read = settings(
        tmp_path,
        '[verdict.services."a*"]\nalpha = 0.1\n[verdict.services."*bb"]\nhold_e_value = 50\n',
    )
    assert read.thresholds("a").alpha == 0.1
    with pytest.raises(ConfigurationError, match=r"hold_e_value is 50 .* at most 10"):
        read.thresholds("abb")


@given(name=st.sampled_from(list(LIMITS)), value=st.floats() | st.integers() | st.booleans())
def test_what_is_read_lies_in_its_limits(name: str, value: float) -> None:
    """Whatever number the file holds, it is refused or lies within the limits of its threshold."""
    limit: Limit = LIMITS[name]
    try:
        read = thresholds_from({name: value})
    except ThresholdsError:
        return
    assert limit.low <= getattr(read.thresholds("cart"), name) <= limit.high
    assert not isinstance(value, bool)
    assert math.isfinite(value)


def test_nothing_is_read_without_a_table() -> None:
    """An empty table changes nothing."""
    assert thresholds_from({}) == VerdictSettings()
    assert thresholds_from({"services": {"a": {}}}).thresholds("a") == Thresholds()


def test_document_has_every_threshold(tmp_path: Path) -> None:
    """The table of docs/thresholds.md is what the program knows, and its example is read."""
    text = (ROOT / "docs/thresholds.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `.*$", text, re.MULTILINE) == threshold_rows()
    [example] = re.findall(r"^```toml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    read = settings(tmp_path, example)
    assert read.thresholds("checkout").difference_min == 0.001
    assert read.thresholds("batch-nightly").requests_min == 10
