"""How much one inbox file may become when it is opened, and streams that stop there: an archive can hold far more than its size."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import IO, Final

LONGEST_HEADER_BYTES: Final = 8 << 20  # of an archive: a hostile one asks its reader to hold gigabytes of 'name'


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one inbox file; larger ones are read up to there.

    Attributes:
        most_bytes: decompressed, over all members. A month of all of Reddit's comments has some hundred gigabytes.
        most_swelling: times that a file may grow; real dumps grow 10 to 40 times, a bomb a thousand times and more.
        swelling_from_bytes: decompressed, up to which any growth is fine.
        most_members: of one archive.
    """

    most_bytes: int = 1 << 40
    most_swelling: int = 250
    swelling_from_bytes: int = 1 << 30
    most_members: int = 20_000

    def of(self, byte_count: int) -> int:
        """Bytes that a file of ``byte_count`` bytes may become."""
        return min(self.most_bytes, max(self.swelling_from_bytes, self.most_swelling * byte_count))


class TooMuchError(OSError):
    """A file became more than it may."""


class Meter:
    """Counts what one inbox file became, over all its members; a member that is opened again does not count again."""

    def __init__(self, limits: Limits, byte_count: int) -> None:
        self.limits = limits
        self.allowed = limits.of(byte_count)
        self.stopped: str | None = None
        self._counts: dict[str, int] = {}
        self._total = 0

    def count(self, member: str, byte_count: int) -> None:
        """``byte_count`` bytes of a member were or are to be read. Raises TooMuchError."""
        others = self._total - self._counts.get(member, 0)
        self._counts[member] = max(byte_count, self._counts.get(member, 0))
        self._total = others + self._counts[member]
        if others + byte_count > self.allowed:
            error = self.too_large()
            self.stopped = str(error)
            raise error

    def too_large(self) -> TooMuchError:
        """That the file becomes more than it may."""
        return self.too_much(f"it becomes more than {self.allowed:,} bytes")

    def too_many(self) -> TooMuchError:
        """That an archive has more members than it may."""
        return self.too_much(f"it has more than {self.limits.most_members:,} members")

    @staticmethod
    def too_much(reason: str) -> TooMuchError:
        """Why no more of the file is read, and what to do."""
        return TooMuchError(
            f"{reason}: reading stopped there and what came before it was kept. If the file is to be trusted, raise"
            " UNDERCURRENT_MOST_BYTES, UNDERCURRENT_MOST_SWELLING or UNDERCURRENT_MOST_MEMBERS and run this night again"
        )


class Counted(io.RawIOBase):
    """A decompressing stream that tells a meter what it gives."""

    def __init__(self, stream: IO[bytes], meter: Meter, member: str) -> None:
        self._stream, self.meter, self._member = stream, meter, member
        self._given = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def read(self, size: int = -1) -> bytes:
        """At most ``size`` bytes. Raises TooMuchError beyond the limit."""
        if size < 0:
            return self.readall()
        data = self._stream.read(size)
        self._given += len(data)
        self.meter.count(self._member, self._given)
        return data

    def close(self) -> None:
        """Close the stream below."""
        if not self.closed:
            self._stream.close()
        super().close()


class Bounded(io.RawIOBase):
    """What an archive's reader sees of it: no place beyond the limit, and no header that does not fit into memory."""

    def __init__(self, stream: IO[bytes], meter: Meter) -> None:
        self._stream, self._meter = stream, meter

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def read(self, size: int = -1) -> bytes:
        """At most ``size`` bytes. Raises TooMuchError for more at once than any archive needs."""
        if not 0 <= size <= LONGEST_HEADER_BYTES:
            raise self._meter.too_much(f"it holds a header of more than {LONGEST_HEADER_BYTES:,} bytes")
        return self._stream.read(size)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place. Raises TooMuchError beyond the limit."""
        if whence == io.SEEK_SET and offset > self._meter.allowed:
            raise self._meter.too_large()
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        """The place."""
        return self._stream.tell()

    def close(self) -> None:
        """Close the stream below."""
        if not self.closed:
            self._stream.close()
        super().close()
