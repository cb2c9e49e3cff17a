"""Trace and span ids between the wire (bytes), the store (UUID and UBIGINT) and text (lower-case
hex)."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from receiver.flatten.columns import Mask

TRACE_ID_BYTES = 16
SPAN_ID_BYTES = 8


def valid_ids(ids: pa.Array, size: int) -> Mask:
    """Which ids have the right length and are not all zero (OTLP, trace.proto)."""
    return _has_length(ids, size) & ~zero_ids(ids, size)


def zero_ids(ids: pa.Array, size: int) -> Mask:
    """Which ids are all zero."""
    return _mask(pc.equal(ids, pa.scalar(bytes(size), pa.binary())))


def empty_ids(ids: pa.Array) -> Mask:
    """Which ids were not sent."""
    return _has_length(ids, 0)


def words(ids: pa.Array, size: int, known: Mask) -> npt.NDArray[np.uint64]:
    """Ids as big-endian 64-bit words, shape (rows, size / 8); zero where not known.

    Every known id must have exactly `size` bytes.
    """
    kept = ids if known.all() else ids.filter(pa.array(known))
    result = np.zeros((len(ids), size // 8), dtype=np.uint64)
    if len(kept):
        offsets = np.frombuffer(kept.buffers()[1], dtype=np.int32)[kept.offset :]
        content = np.frombuffer(kept.buffers()[2], dtype=np.uint8)[offsets[0] : offsets[len(kept)]]
        result[known] = content.view(">u8").reshape(-1, size // 8)
    return result


def uuids(trace_words: npt.NDArray[np.uint64], known: Mask) -> pa.Array:
    """Trace ids as an Arrow UUID array, NULL where not known."""
    content = trace_words.astype(">u8").tobytes()
    storage = pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(TRACE_ID_BYTES), len(trace_words), [_validity(known), pa.py_buffer(content)]
    )
    return pa.ExtensionArray.from_storage(pa.uuid(), storage)


def numbers(span_words: npt.NDArray[np.uint64], known: Mask) -> pa.Array:
    """Span ids as unsigned 64-bit integers, NULL where not known."""
    return pa.array(span_words[:, 0], mask=None if known.all() else ~known)


def hex_text(ids: pa.Array) -> pa.Array:
    """Ids of any length as lower-case hex text."""
    return pa.array([content.hex() for content in ids.to_pylist()], pa.string())


def _has_length(ids: pa.Array, size: int) -> Mask:
    return _mask(pc.equal(pc.binary_length(ids), pa.scalar(size, pa.int32())))


def _validity(known: Mask) -> pa.Buffer | None:
    if known.all():
        return None
    return pa.py_buffer(np.packbits(known, bitorder="little").tobytes())


def _mask(array: pa.Array) -> Mask:
    mask: Mask = array.to_numpy(zero_copy_only=False)
    return mask
