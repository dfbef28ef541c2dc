"""Lines and blocks of lines: the same records at the same offsets, whatever the block size and wherever the stream breaks."""

from __future__ import annotations

import io
from typing import IO, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.lake import framing


class Trickle(io.RawIOBase):
    """Gives a few bytes at a time, then ends or fails."""

    def __init__(self, data: bytes, step: int, failure: str | None) -> None:
        self._data, self._step, self._failure = io.BytesIO(data), step, failure

    def read(self, size: int = -1) -> bytes:
        piece = self._data.read(self._step if size < 0 else min(size, self._step))
        if not piece and self._failure:
            raise EOFError(self._failure)
        return piece


def stream(data: bytes, step: int = 1 << 20, failure: str | None = None) -> IO[bytes]:
    return cast("IO[bytes]", Trickle(data, step, failure))


def of_blocks(source: IO[bytes], block_bytes: int) -> list[tuple[int, bytes, str | None]]:
    found: list[tuple[int, bytes, str | None]] = []
    for block in framing.blocks(source, block_bytes):
        if isinstance(block, framing.Framed):
            found.append((block.byte_offset or 0, block.raw, block.problem.code if block.problem else None))
            continue
        offset = block.byte_offset
        for line in block.data.split(b"\n"):
            if line.strip():
                found.append((offset, line.strip(), None))
            offset += len(line) + 1
    return found


def of_lines(source: IO[bytes]) -> list[tuple[int, bytes, str | None]]:
    return [
        (each.byte_offset or 0, each.raw, each.problem.code if each.problem and each.problem.code != "broken_json" else None)
        for each in framing.lines(source)
    ]


LINES = st.lists(st.sampled_from([b"", b" ", b"\r", b"1", b"22", b"{}", b'"a line that is longer than the others"']), max_size=30)


@given(LINES, st.booleans(), st.integers(1, 60), st.integers(1, 9), st.sampled_from([None, "cut off"]), st.booleans())
def test_blocks_hold_the_records_of_the_lines_at_their_offsets(
    parts: list[bytes], has_mark: bool, block_bytes: int, step: int, failure: str | None, ends_with_line_break: bool
) -> None:
    data = b"\xef\xbb\xbf" * has_mark + b"\n".join(parts) + b"\n" * ends_with_line_break
    if len(data) < 3:
        step = 3
    assert of_blocks(stream(data, step, failure), block_bytes) == of_lines(stream(data, step, failure))


@pytest.mark.parametrize("block_bytes", [1, 4 << 20])
def test_a_line_longer_than_is_read_is_hashed_and_its_neighbours_stay(block_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(framing, "LONGEST_LINE_BYTES", 3_000)
    monkeypatch.setattr(framing, "CHUNK_BYTES", 1_000)
    data = b"1\n" + b"2" * 10_000 + b"\n3\n"
    found = of_blocks(stream(data), block_bytes)
    assert [(offset, problem) for offset, _, problem in found] == [(0, None), (2, "oversized"), (10_003, None)]


def test_a_number_that_no_double_holds_spoils_only_what_reads_it() -> None:
    (found,) = framing.lines(io.BytesIO(b'{"a": 1e999}'))
    assert found.value == {"a": float("inf")}


def of_text(source: IO[bytes]) -> list[tuple[int | None, str | None, str | None]]:
    return [(each.byte_offset, each.value, each.problem.code if each.problem else None) for each in framing.text_lines(source)]


@given(
    st.lists(st.sampled_from(["", " ", "a\tb", "\ta\t", "\t", "é\t1"]), max_size=20),
    st.integers(3, 50),
    st.sampled_from(["\n", "\r\n"]),
)
def test_lines_of_a_table_without_a_header_keep_their_empty_cells_and_offsets(
    parts: list[str], step: int, line_break: str
) -> None:
    data = line_break.join(parts).encode()
    found = of_text(stream(data, step))
    assert [value for _, value, _ in found] == [part for part in parts if part.strip()]
    for offset, value, _ in found:
        assert offset is not None and value is not None
        assert data[offset:].decode().startswith(value)


def test_bytes_that_are_no_utf8_come_through_to_the_format_and_the_digest_is_of_the_bytes() -> None:
    (found,) = framing.text_lines(io.BytesIO(b"a\t\xff\n"))
    assert (found.value, found.raw, found.problem) == ("a\t\udcff", b"a\t\xff", None)


def test_a_table_line_longer_than_is_read_is_hashed_and_a_broken_stream_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(framing, "LONGEST_LINE_BYTES", 3_000)
    monkeypatch.setattr(framing, "CHUNK_BYTES", 1_000)
    found = of_text(stream(b"1\t\n" + b"2" * 10_000 + b"\n3\n4", failure="cut off"))
    assert [(offset, problem) for offset, _, problem in found] == [
        (0, None),
        (3, "oversized"),
        (10_004, None),
        (10_006, "truncated"),
    ]


@pytest.mark.parametrize("data", [b'a\tb\n1\t"x\n', b'\xef\xbb\xbfa\tb\n1\t"x'])
def test_a_header_of_tabs_makes_a_table_of_tabs_without_quotes(data: bytes) -> None:
    assert framing.csv_header(data) == ["a", "b"]
    assert [each.value for each in framing.csv_rows(io.BytesIO(data))] == [{"a": "1", "b": '"x'}]


def test_a_header_cell_with_a_line_break_in_quotes_stays_one_cell() -> None:
    assert [each.value for each in framing.csv_rows(io.BytesIO(b'"a\nb",c\n1,"2\n3"\n'))] == [{"a\nb": "1", "c": "2\n3"}]
