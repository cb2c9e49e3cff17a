"""Kinds of messages made through a memory are those that are made without."""

from hypothesis import given, settings
from hypothesis import strategies as st

from receiver.fingerprints.messages.kind import parameterize
from receiver.fingerprints.messages.kinds import MessageKinds

WORDS = ("order", "no price for", "at", "status", "code", "HTTP", "0x", "[", "]", "(", ")", '"',
         "'", "=", ": ", ", ", ". ", "/", "-", "#", "{", "}", "\n", "SELECT", "values", "errno",
         "user", "is", "took", "ms", "%")  # fmt: skip
NUMBERS = st.integers(0, 10**12).map(str)
MESSAGES = st.lists(st.one_of(st.sampled_from(WORDS), NUMBERS), max_size=12)


@given(MESSAGES.map(" ".join))
@settings(max_examples=500, deadline=None)
def test_the_same_kind(message: str) -> None:
    """A message has the same kind whether or not one like it was read before."""
    kinds = MessageKinds()
    assert kinds.of(message) == parameterize(message)
    assert kinds.of(message) == parameterize(message)


def test_long_numbers_are_read_once() -> None:
    """Of messages that differ in a long number one is read; another kind of message is another."""
    kinds = MessageKinds()
    found = {kinds.of(f"no price for order {number}") for number in range(10**6, 10**6 + 500)}
    assert found == {"no price for order <*>"}
    read = kinds.characters
    assert read < 100
    assert kinds.of("no tax for order 1234567") not in found
    assert kinds.characters > read


def test_bounded() -> None:
    """However many kinds come, few are remembered, and they stay right."""
    kinds = MessageKinds(kinds_max=4)
    words = [f"problem {chr(97 + n)}" for n in range(20)]
    assert [kinds.of(word) for word in words * 2] == [parameterize(word) for word in words * 2]
