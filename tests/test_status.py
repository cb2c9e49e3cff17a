"""What senders are told stays small enough for every client to read."""

import pytest

from receiver.errors import MalformedRequest, Unavailable
from receiver.transport.status import MESSAGE_BYTES_MAX, refusal_of, shortened


@pytest.mark.parametrize("text", ["", "short", "é" * 512, "x" * MESSAGE_BYTES_MAX])
def test_short_texts_stay(text: str) -> None:
    """A text within the limit is left as it is."""
    assert shortened(text) == text


@pytest.mark.parametrize("character", ["x", "é", "😀", "\ud800"])
@pytest.mark.parametrize("size", [6, 7, 50, MESSAGE_BYTES_MAX])
def test_long_texts_lose_their_middle(character: str, size: int) -> None:
    """A longer one keeps its begin and its end, in whole characters and within the limit."""
    text = shortened(f"a{character * 2000}z", size)
    assert len(text.encode()) <= size
    if size >= 50:
        assert (text[0], text[-1]) == ("a", "z")
        assert " … " in text


@pytest.mark.parametrize("limit", range(6))
def test_no_room_for_any(limit: int) -> None:
    """Where there is no room for a begin and an end there is nothing."""
    assert shortened("longer than this", limit) == ""


@pytest.mark.parametrize(
    "error", [MalformedRequest("ö" * 9000, "é" * 9000), Unavailable("ö" * 9000, 1)]
)
def test_refusal_fits_into_metadata(error: Exception) -> None:
    """However long the reason, the Status is less than half of the metadata that clients take."""
    assert len(refusal_of(error).status().SerializeToString()) < 4096
