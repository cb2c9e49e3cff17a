"""Content-Encoding of request bodies: what came compressed becomes plain, up to a limit.

As the Collector reads them: gzip, zstd, zlib, deflate (which in HTTP is zlib too, RFC 9110 8.4.1)
and lz4 frames. Snappy is refused: by its one name Collectors of different age send two formats.
"""

import reprlib
import zlib
from collections.abc import Callable

import pyarrow as pa

from receiver.errors import MalformedRequest, RequestTooLarge

# The plain body, or as many of its first bytes as the number says.
Decoder = Callable[[bytes, int], bytes]

GZIP_MEMBERS_MAX = 10_000
_GZIP_WINDOW = 31  # zlib's number for "with a gzip header"
_SLICE_BYTES = 64 * 1024
_HEADER = "Content-Encoding"


def decoder_of(encoding: str) -> Decoder:
    """The decoder for the value of a Content-Encoding header; raises MalformedRequest for one that
    is not known."""
    decoder = _DECODERS.get(encoding.strip().lower())
    if decoder is None:
        raise MalformedRequest(
            f"{_HEADER} {reprlib.repr(encoding)} is not one of {', '.join(ENCODINGS)}."
            " Set the compression of the exporter to gzip, zstd or none.",
            field=_HEADER,
        )
    return decoder


def decode(body: bytes, decoder: Decoder, bytes_max: int) -> bytes:
    """The plain body; never holds more than one byte over the limit.

    Raises MalformedRequest for a body that is not in its encoding, RequestTooLarge over the limit.
    """
    try:
        plain = decoder(body, bytes_max + 1)
    except (zlib.error, OSError, pa.ArrowException) as error:
        raise MalformedRequest(
            f"the body is not in its {_HEADER}: {error}", field=_HEADER
        ) from None
    check_size(len(plain), bytes_max)
    return plain


def check_size(size: int, bytes_max: int) -> None:
    """Raises RequestTooLarge over the limit."""
    if size > bytes_max:
        raise RequestTooLarge(
            f"the request is larger than {bytes_max} bytes, as sent or after decompression."
            " Let the exporter send smaller batches."
        )


def _identity(body: bytes, most: int) -> bytes:
    return body


def _gunzip(body: bytes, most: int) -> bytes:
    """The content of one or more gzip members."""
    inflater = zlib.decompressobj(_GZIP_WINDOW)
    plain = inflater.decompress(body, most)
    if inflater.unused_data and len(plain) < most:
        return _gunzip_more(plain, inflater.unused_data, most)
    return _whole(plain, inflater.eof, most)


def _gunzip_more(first: bytes, rest: bytes, most: int) -> bytes:
    """Members after the first. In slices and only so many, because zlib copies what follows each
    one."""
    parts, size, members, ended = [first], len(first), 1, True
    for start in range(0, len(rest), _SLICE_BYTES):
        piece = rest[start : start + _SLICE_BYTES]
        while piece:
            if ended:
                inflater = zlib.decompressobj(_GZIP_WINDOW)
                members += 1
                if members > GZIP_MEMBERS_MAX:
                    raise zlib.error(f"more than {GZIP_MEMBERS_MAX} gzip members")
            parts.append(inflater.decompress(piece, most - size))
            size += len(parts[-1])
            if size >= most:
                return b"".join(parts)
            piece, ended = inflater.unused_data, inflater.eof
    return _whole(b"".join(parts), ended, most)


def _inflate(body: bytes, most: int) -> bytes:
    """The content of one zlib stream."""
    inflater = zlib.decompressobj()
    plain = inflater.decompress(body, most)
    if inflater.unused_data:
        raise zlib.error("something follows the end of the zlib stream")
    return _whole(plain, inflater.eof, most)


def _whole(plain: bytes, ended: bool, most: int) -> bytes:
    if not ended and len(plain) < most:
        raise zlib.error("the compressed body ends too early")
    return plain


def _arrow_decoder(codec: str) -> Decoder:
    """The decoder of a codec of Arrow's. It refuses a zstd window of more than 128 MiB, and of a
    smaller one only what was decompressed is ever touched."""

    def decompress(body: bytes, most: int) -> bytes:
        if not body:
            raise zlib.error("the compressed body ends too early")
        parts: list[bytes] = []
        size = 0
        with pa.CompressedInputStream(pa.BufferReader(body), codec) as stream:
            while size < most and (part := stream.read(most - size)):
                parts.append(part)
                size += len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    return decompress


_DECODERS: dict[str, Decoder] = {
    "": _identity,
    "none": _identity,
    "identity": _identity,
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "zstd": _arrow_decoder("zstd"),
    "deflate": _inflate,
    "zlib": _inflate,
    "lz4": _arrow_decoder("lz4"),
}
ENCODINGS = ("gzip", "zstd", "deflate", "zlib", "lz4", "identity")
