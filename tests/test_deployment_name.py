"""SERVICE@VERSION as people write it."""

import pytest

from analysis.deployment_name import DeploymentName, named_deployment
from analysis.exit_code import CommandFailed, UsageRefused

KNOWN = [
    DeploymentName("shop", "1.4.0"),
    DeploymentName("shop", "1.3.9"),
    DeploymentName("@acme/cart", "2.0"),
    DeploymentName("pay", "registry:5000/pay@sha256:0ff"),
    DeploymentName("frontend", ""),
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("shop@1.4.0", DeploymentName("shop", "1.4.0")),
        ("@acme/cart@2.0", DeploymentName("@acme/cart", "2.0")),
        ("pay@registry:5000/pay@sha256:0ff", DeploymentName("pay", "registry:5000/pay@sha256:0ff")),
        ("frontend@", DeploymentName("frontend", "")),
    ],
)
def test_the_split_that_is_stored_is_meant(text: str, expected: DeploymentName) -> None:
    """A service and a version may both hold an `@`; the store decides where to split."""
    assert named_deployment(text, KNOWN) == expected


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        (
            "shop",
            UsageRefused,
            "not SERVICE@VERSION, for example shop@1.4.0. Stored: shop@1.4.0, shop@",
        ),
        ("", UsageRefused, "not SERVICE@VERSION"),
        ("@1.4.0", UsageRefused, "not SERVICE@VERSION"),
        (
            "shp@1.4.0",
            CommandFailed,
            "no service 'shp' is stored. Did you mean 'shop'? There are: shop, ",
        ),
        (
            "shop@1.4.1",
            CommandFailed,
            "no version '1.4.1'. Did you mean '1.4.0'? Its versions: 1.4.0, 1.3",
        ),
        ("frontend@1", CommandFailed, "no version '1'. Its versions: '' (spans without one)."),
        ("pay@x@sha256:1", CommandFailed, "pay has no version 'x@sha256:1'"),
    ],
)
def test_an_unknown_name_is_told_what_there_is(
    text: str, error: type[Exception], said: str
) -> None:
    """The error names what is stored, and what was probably meant."""
    with pytest.raises(error) as raised:
        named_deployment(text, KNOWN)
    assert said in str(raised.value)


def test_an_empty_store_says_how_to_send() -> None:
    """Before the first span the error is a way to send one."""
    with pytest.raises(CommandFailed, match="OTEL_EXPORTER_OTLP_ENDPOINT"):
        named_deployment("shop@1", [])


def test_a_long_list_is_cut() -> None:
    """Eight names are enough for an error."""
    many = [DeploymentName(f"service-{n}", "1") for n in range(20)]
    with pytest.raises(CommandFailed, match="service-7 and 12 more"):
        named_deployment("x@1", many)
