"""Compressed bodies become plain ones, whatever they hold and never beyond a limit."""

import gzip
import os
import zlib
from collections.abc import Callable
from contextlib import suppress

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.errors import MalformedRequest, RequestTooLarge
from receiver.transport.content_encoding import ENCODINGS, GZIP_MEMBERS_MAX, decode, decoder_of

PACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "zstd": lambda body: pa.Codec("zstd").compress(body, asbytes=True),
    "deflate": zlib.compress,
    "zlib": zlib.compress,
    "lz4": lambda body: pa.Codec("lz4").compress(body, asbytes=True),
    "identity": lambda body: body,
}
COMPRESSED = [name for name in ENCODINGS if name != "identity"]
SEVERAL = ["gzip", "zstd", "lz4"]  # whose streams may follow one another
each_encoding = pytest.mark.parametrize("encoding", ENCODINGS)
each_compressed = pytest.mark.parametrize("encoding", COMPRESSED)


def unpack(encoding: str, body: bytes, bytes_max: int = 10_000_000) -> bytes:
    """The plain body."""
    return decode(body, decoder_of(encoding), bytes_max)


@each_encoding
@given(plain=st.binary(max_size=300), repeated=st.integers(1, 500))
def test_round_trip(encoding: str, plain: bytes, repeated: int) -> None:
    """Whatever was packed comes out again."""
    assert unpack(encoding, PACK[encoding](plain * repeated)) == plain * repeated


@each_encoding
@pytest.mark.parametrize("size", [1, 1000, 70_000, 1_000_000])
def test_limit(encoding: str, size: int) -> None:
    """A body of exactly the limit passes, one byte more does not; random bytes do not pack."""
    packed = PACK[encoding](os.urandom(size))
    assert len(unpack(encoding, packed, size)) == size
    with pytest.raises(RequestTooLarge, match=f"larger than {size - 1} bytes"):
        unpack(encoding, packed, size - 1)


@each_compressed
def test_damage(encoding: str) -> None:
    """A body that is cut anywhere, or followed by something else, is refused as malformed."""
    packed = PACK[encoding](bytes(range(256)) * 8)
    for cut in range(len(packed)):
        with pytest.raises(MalformedRequest) as refused:
            unpack(encoding, packed[:cut])
        assert refused.value.field == "Content-Encoding"
    with pytest.raises(MalformedRequest):
        unpack(encoding, packed + b"something else")


@each_compressed
@given(body=st.binary(max_size=200))
def test_garbage(encoding: str, body: bytes) -> None:
    """Any bytes are either a body in that encoding or refused as malformed."""
    with suppress(MalformedRequest):
        assert len(unpack(encoding, body, 1000)) <= 1000


@pytest.mark.parametrize("encoding", SEVERAL)
@given(parts=st.lists(st.binary(max_size=100), min_size=1, max_size=20))
def test_streams_after_one_another(encoding: str, parts: list[bytes]) -> None:
    """Several members or frames are one body, empty ones among them."""
    assert unpack(encoding, b"".join(map(PACK[encoding], parts))) == b"".join(parts)


@pytest.mark.parametrize("size", [0, 1, 100_000])
def test_gzip_members_across_slices(size: int) -> None:
    """Members that are larger than what is looked at once, or much smaller, are put together."""
    member = gzip.compress(os.urandom(size))
    packed = member * 20
    plain = unpack("gzip", packed)
    assert len(plain) == 20 * size
    assert plain[:size] == plain[-size:] or size == 0
    with pytest.raises(MalformedRequest):
        unpack("gzip", packed[:-1])


@pytest.mark.parametrize("encoding", SEVERAL)
def test_limit_over_several_streams(encoding: str) -> None:
    """The limit is for all of them together."""
    packed = PACK[encoding](bytes(1000)) * 10
    assert len(unpack(encoding, packed, 10_000)) == 10_000
    with pytest.raises(RequestTooLarge):
        unpack(encoding, packed, 9_999)


def test_too_many_gzip_members() -> None:
    """A body of members without end, each of which costs time, is refused."""
    empty = gzip.compress(b"")
    assert unpack("gzip", empty * GZIP_MEMBERS_MAX) == b""
    with pytest.raises(MalformedRequest, match="gzip members"):
        unpack("gzip", empty * (GZIP_MEMBERS_MAX + 1))


def test_zstd_window() -> None:
    """A frame that asks for gigabytes to be decompressed in is refused."""
    frame = b"\x28\xb5\x2f\xfd" + bytes([0, 21 << 3]) + b"\x01\x00\x00"  # a window of 2^31 bytes
    with pytest.raises(MalformedRequest, match="too much memory"):
        unpack("zstd", frame)


@pytest.mark.parametrize("encoding", ["br", "snappy", "gzip, zstd", "\x00", "x" * 60_000])
def test_unknown_encodings(encoding: str) -> None:
    """An encoding that is not known is refused with those that are, and shown in short."""
    with pytest.raises(MalformedRequest, match="gzip, zstd, deflate, zlib, lz4") as refused:
        decoder_of(encoding)
    assert len(str(refused.value)) < 300
