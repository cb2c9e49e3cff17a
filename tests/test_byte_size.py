"""Sizes in bytes."""

import pytest

from analysis.byte_size import parse_byte_size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("4096", 4096),
        ("1 B", 1),
        ("20GB", 20 * 10**9),
        ("64MiB", 64 * 2**20),
        (" 64 mib ", 64 * 2**20),
        ("1.5KiB", 1536),
        ("0.001 KB", 1),
        ("2tb", 2 * 10**12),
        ("2TiB", 2 * 2**40),
    ],
)
def test_sizes(text: str, size: int) -> None:
    """KB and its like are thousands, KiB and its like 1024; case and spaces do not matter."""
    assert parse_byte_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "GB", "20G", "20 XB", "-1GB", "1e9", "1,5GB", "0", "0.1B", "nan", "٣MB", "9" * 19]
)
def test_what_is_no_size(text: str) -> None:
    """Anything else is refused, and the error shows it; a lone G does not say which giga."""
    with pytest.raises(ValueError, match="GB or 64MiB") as raised:
        parse_byte_size(text)
    assert repr(text) in str(raised.value)
