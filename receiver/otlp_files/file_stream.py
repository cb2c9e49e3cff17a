"""The content of one file as a stream, decompressed on the way when its first bytes say so."""

import io
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa

ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_CODECS = {b"\x1f\x8b": "gzip", ZSTD_MAGIC: "zstd"}
# One step of decompression. Damage costs a second pass and up to this many one-byte reads.
_STEP_BYTES = 64 * 1024


class FileStream(io.RawIOBase):
    """The bytes of a file, gzip and zstd decompressed, in bounded memory.

    Where compressed data is damaged or cut off they end with the last byte before it. `delivered`
    counts them, and `damage` then says what happened. `on_progress` is given the bytes read from
    the disk since its last call; they add up to the file's size.
    """

    def __init__(self, path: Path, on_progress: Callable[[int], None] | None) -> None:
        """Opens the file and looks at its first bytes; raises OSError."""
        super().__init__()
        self.damage: str | None = None
        self.delivered = 0
        self._path = path
        self._on_progress = on_progress
        self._reported = 0
        self._file = pa.OSFile(str(path))
        magic = self._file.read(4)
        self._file.seek(0)
        self._codec = next(
            (name for start, name in _CODECS.items() if magic.startswith(start)), None
        )
        self._content = self._decompressed(self._file)

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:  # Any: Buffer has no name before Python 3.12
        """Fills the whole buffer, or what there is of it up to the end."""
        view = memoryview(buffer).cast("B")
        filled = 0
        while filled < len(view):
            step = self._read(min(_STEP_BYTES, len(view) - filled))
            if not step:
                break
            view[filled : filled + len(step)] = step
            filled += len(step)
        self._report(self._file.tell())
        return filled

    def report_rest(self) -> None:
        """Reports what nobody will read of the file as read."""
        self._report(self._file.size())

    def close(self) -> None:
        """Closes the file too."""
        if not self.closed:
            self._content.close()
            self._file.close()
        super().close()

    def _decompressed(self, file: pa.NativeFile) -> pa.NativeFile:
        return pa.CompressedInputStream(file, self._codec) if self._codec else file

    def _read(self, size: int) -> bytes:
        if self.damage is not None:
            return b""
        try:
            step: bytes = self._content.read(size)
        except OSError as error:
            if self._codec is None:
                raise
            self.damage = f"the {self._codec} data is damaged or cut off: {error}"
            step = self._read_up_to_damage(size)
        self.delivered += len(step)
        return step

    def _read_up_to_damage(self, size: int) -> bytes:
        """What the failed read had decompressed before it failed, found again byte by byte."""
        step = bytearray()
        with pa.OSFile(str(self._path)) as file, suppress(OSError):
            content = self._decompressed(file)
            left = self.delivered
            while left:
                left -= len(content.read(min(_STEP_BYTES, left)))
            while len(step) < size and (byte := content.read(1)):
                step += byte
        return bytes(step)

    def _report(self, position: int) -> None:
        if self._on_progress is not None and position > self._reported:
            self._on_progress(position - self._reported)
            self._reported = position
