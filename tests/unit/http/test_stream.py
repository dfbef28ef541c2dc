"""A websocket stream is heard from a server of our own on loopback that drops, repeats, forgets and sends rubbish."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from http import HTTPStatus
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from pipelines.cli import main
from pipelines.http.segments import SegmentFiles
from pipelines.http.stream import End, Gap, Heard, Limits, hear
from pipelines.lake.intake import ingest_night
from pipelines.lake.paths import DataPaths
from pipelines.platforms.bluesky.jetstream import Jetstream
from pipelines.platforms.registry import PLATFORMS
from tests.contracts.harness import PSEUDONYMS, REALDATA
from tests.contracts.test_bluesky import ANN, PARENT_URI

SECOND = 1_000_000
START = 1_783_175_888_000_000  # 2026-07-04
FAST = Limits(
    seconds=20, idle_seconds=0.3, connect_seconds=2, first_wait_seconds=0.01, longest_wait_seconds=0.02, segment_seconds=3_600
)


def event(number: int, at: int | None = None) -> str:
    record = {"subject": {"uri": PARENT_URI}, "createdAt": "2026-07-04T14:38:08Z"}
    commit = {"operation": "create", "collection": "app.bsky.feed.like", "rkey": f"k{number}", "rev": "r", "record": record}
    return json.dumps({"did": ANN, "time_us": at or START + number * SECOND, "kind": "commit", "commit": commit})


@contextmanager
def server(
    behave: Callable[[ServerConnection, int | None, int], None], refuse: Callable[[int], HTTPStatus | None] = lambda _: None
) -> Iterator[Jetstream]:
    """A stream whose server behaves so: told the connection, the cursor it was asked for, and how many came before it."""
    count = iter(range(10_000))
    requests = iter(range(10_000))

    def handler(connection: ServerConnection) -> None:
        assert connection.request is not None
        cursor = parse_qs(urlsplit(connection.request.path).query).get("cursor")
        behave(connection, int(cursor[0]) if cursor else None, next(count))

    def process(connection: ServerConnection, _: Request) -> Response | None:
        status = refuse(next(requests))
        return connection.respond(status, "") if status else None

    with serve(handler, "127.0.0.1", 0, process_request=process) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        try:
            yield Jetstream(f"ws://127.0.0.1:{running.socket.getsockname()[1]}")
        finally:
            running.shutdown()
            thread.join()


def told(folder: Path) -> list[str]:
    """All landed lines, in order of the segments."""
    return [line for file in SegmentFiles(folder, "jetstream").files() for line in file.read_text("utf-8").splitlines()]


def replay(events: list[str]) -> Callable[[ServerConnection, int | None, int], None]:
    """A server that replays what is not before the cursor, and then stays silent."""

    def behave(connection: ServerConnection, cursor: int | None, _: int) -> None:
        for each in events:
            if cursor is None or json.loads(each)["time_us"] >= cursor:
                connection.send(each)
        connection.recv()

    return behave


EVENTS = [event(number) for number in range(200)]
LAST = START + 199 * SECOND
UNTIL = LAST - 5 * SECOND  # the last event then tells that none before it is to come


def test_all_events_up_to_the_wanted_position_are_landed_in_whole_segments(tmp_path: Path) -> None:
    segments = SegmentFiles(tmp_path, "jetstream")
    with server(replay([*EVENTS, event(500)])) as stream:
        heard = hear(stream, segments, START, UNTIL, Limits(segment_bytes=5_000))
    assert (heard.end, heard.event_count, heard.gaps, heard.landed_position) == (End.CAUGHT_UP, 200, [], LAST)
    assert told(tmp_path) == EVENTS
    assert len(list(segments.files())) > 5
    assert segments.position() == LAST
    assert not [file for file in tmp_path.iterdir() if file.name.endswith(".draft")]


def test_a_dropped_connection_resumes_a_little_before_and_no_event_is_lost_or_doubled(tmp_path: Path) -> None:
    asked: list[int | None] = []

    def behave(connection: ServerConnection, cursor: int | None, count: int) -> None:
        asked.append(cursor)
        left = [each for each in EVENTS if cursor is None or json.loads(each)["time_us"] >= cursor]
        for each in left[: 20 + 7 * count]:
            connection.send(each)
        if count % 2:
            connection.close()
        else:
            connection.socket.close()  # without a word

    with server(behave) as stream:
        heard = hear(stream, SegmentFiles(tmp_path, "jetstream"), START, UNTIL, FAST)
    assert heard.end is End.CAUGHT_UP
    assert told(tmp_path) == EVENTS
    assert heard.connection_count > 3
    assert heard.duplicate_count > 0
    assert asked[0] == START - 5 * SECOND
    assert asked[1] == START + 19 * SECOND - 5 * SECOND


def test_what_is_delivered_twice_is_landed_once_and_what_is_rubbish_is_quarantined_by_the_intake(tmp_path: Path) -> None:
    rubbish: list[str | bytes] = ["{not json", b"\xff\xfe\x00", "[]", json.dumps({"time_us": "soon", "did": ANN}), "null", ""]
    mixed = [part for place, each in enumerate(EVENTS[:50]) for part in (each, each, *rubbish[place : place + 1])]

    def behave(connection: ServerConnection, _: int | None, __: int) -> None:
        for each in mixed:
            connection.send(each)
        connection.recv()

    folder = tmp_path / "inbox" / "bluesky"
    with server(behave) as stream:
        heard = hear(stream, SegmentFiles(folder, "jetstream"), START, START + 44 * SECOND, FAST)
    assert (heard.event_count, heard.duplicate_count, heard.garbage_count) == (50, 49, 6)
    night = ingest_night(DataPaths(tmp_path / "d"), tmp_path / "inbox", PLATFORMS["bluesky"], date(2026, 11, 20), PSEUDONYMS)
    assert (night.landed_count, night.quarantined_count) == (50, 5)  # an empty line is no record
    quarantine = pq.read_table(DataPaths(tmp_path / "d").quarantine_file("bluesky", date(2026, 11, 20))).to_pylist()
    assert all(row["byte_offset"] is not None for row in quarantine)


def test_a_cursor_that_the_server_moved_without_a_word_is_reported_as_a_gap(tmp_path: Path) -> None:
    with server(lambda connection, _, count: replay(EVENTS[100:])(connection, None, count)) as stream:
        heard = hear(stream, SegmentFiles(tmp_path, "jetstream"), START - 3600 * SECOND, UNTIL, FAST)
    assert heard.gaps == [Gap(START - 3605 * SECOND, START + 100 * SECOND)]
    assert "1.0 hours later" in heard.gaps[0].sentence()
    assert told(tmp_path) == EVENTS[100:]
    (file,) = tmp_path.glob("*gap*.json")
    gap = json.loads(file.read_bytes())["undercurrent_gap"]
    assert gap == {"stream": "jetstream", "begins": START - 3605 * SECOND, "ends": START + 100 * SECOND}
    assert SegmentFiles(tmp_path, "jetstream").position() == LAST, "a gap is no segment to resume from"


@pytest.mark.parametrize(("lookback_seconds", "gaps"), [(36 * 3600, 1), (10**9, 0)])
def test_few_accounts_may_be_silent_unless_the_server_has_forgotten(tmp_path: Path, lookback_seconds: int, gaps: int) -> None:
    with server(replay(EVENTS[100:])) as stream:
        few = Jetstream(stream.server, (ANN,), lookback_seconds=lookback_seconds)
        heard = hear(few, SegmentFiles(tmp_path, "jetstream"), START - 3600 * SECOND, UNTIL, FAST)
    assert len(heard.gaps) == gaps


def test_few_accounts_that_say_nothing_more_are_heard_to_the_end(tmp_path: Path) -> None:
    with server(replay(EVENTS[:3])) as stream:
        heard = hear(Jetstream(stream.server, (ANN,)), SegmentFiles(tmp_path, "jetstream"), START, UNTIL, FAST)
    assert (heard.end, heard.event_count, heard.connection_count) == (End.CAUGHT_UP, 3, 1)


def test_a_server_in_trouble_is_asked_again_and_one_that_refuses_is_not(tmp_path: Path) -> None:
    trouble = [HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS]
    with server(replay(EVENTS), lambda count: trouble[count] if count < 2 else None) as stream:
        assert hear(stream, SegmentFiles(tmp_path / "a", "jetstream"), START, UNTIL, FAST).end is End.CAUGHT_UP
    with server(replay(EVENTS), lambda _: HTTPStatus.BAD_REQUEST) as stream:
        heard = hear(stream, SegmentFiles(tmp_path / "b", "jetstream"), START, UNTIL, FAST)
    assert (heard.end, heard.connection_count) == (End.REFUSED, 1)
    assert "400" in heard.detail


@pytest.mark.parametrize("kind", ["silent", "closing", "rubbish", "repeating", "absent"])
def test_a_server_that_brings_nothing_new_is_given_up(tmp_path: Path, kind: str) -> None:
    def behave(connection: ServerConnection, _: int | None, __: int) -> None:
        if kind == "rubbish":
            for _ in range(50):
                connection.send("rubbish")
        if kind == "repeating":
            connection.send(EVENTS[0])
        if kind in ("silent", "rubbish"):
            connection.recv()

    limits = Limits(
        seconds=20, idle_seconds=0.05, first_wait_seconds=0.001, longest_wait_seconds=0.002, most_garbage=20, close_seconds=0.05
    )
    with server(behave) as stream:
        wanted = Jetstream("ws://127.0.0.1:9") if kind == "absent" else stream
        heard = hear(wanted, SegmentFiles(tmp_path, "jetstream"), START, UNTIL, limits)
    assert heard.end is End.FAILING
    assert heard.connection_count <= limits.most_failures + 1
    assert "in a row" in heard.detail


def endless(connection: ServerConnection, _: int | None, __: int) -> None:
    number = 0
    while True:
        connection.send(event(number))
        number += 1


@pytest.mark.parametrize(("limits", "end"), [(Limits(bytes=20_000), End.SIZE), (Limits(seconds=0.3), End.DEADLINE)])
def test_an_endless_stream_ends_at_its_limits_and_keeps_what_was_heard(tmp_path: Path, limits: Limits, end: End) -> None:
    with server(endless) as stream:
        heard = hear(stream, SegmentFiles(tmp_path, "jetstream"), None, None, limits)
    assert heard.end is end
    assert len(told(tmp_path)) == heard.event_count > 10


class KilledError(Exception):
    """What ends a hearing as a kill would, as far as the disk is concerned."""


def test_a_hearing_that_was_killed_is_resumed_from_the_names_of_its_segments(tmp_path: Path) -> None:
    segments, landed = SegmentFiles(tmp_path, "jetstream"), 0

    class Killed:
        def land(self, body: bytes, first: int, last: int) -> None:
            nonlocal landed
            if landed == 3:
                (tmp_path / f".jetstream-{first}-{last}.jsonl.draft").write_bytes(body[:10])
                raise KilledError
            segments.land(body, first, last)
            landed += 1

        def miss(self, begins: int, ends: int) -> None:
            raise AssertionError((begins, ends))

    limits = Limits(segment_bytes=5_000, seconds=20)
    with server(replay(EVENTS)) as stream:
        with pytest.raises(KilledError):
            hear(stream, Killed(), START, UNTIL, limits)
        resumed = segments.position()
        assert resumed is not None
        assert START < resumed < LAST
        hear(stream, segments, resumed, UNTIL, limits)
    assert sorted(set(told(tmp_path))) == sorted(EVENTS)
    assert len(told(tmp_path)) <= len(EVENTS) + 6  # the overlap of five seconds is heard again


def test_the_command_puts_events_and_gaps_into_the_inbox_and_resumes_there(tmp_path: Path) -> None:
    with server(endless) as stream:
        arguments = ["listen", "--inbox", str(tmp_path), "--server", stream.server, "--seconds", "1"]
        first = CliRunner().invoke(main, arguments)
        resumed = SegmentFiles(tmp_path / "bluesky" / "jetstream", "jetstream").position()
        second = CliRunner().invoke(main, arguments)
    assert (first.exit_code, second.exit_code) == (0, 0), (first.output, second.output)
    assert "deadline" in first.output
    assert resumed is not None
    for wrong in ("http://x", "ws://localhost.example", "ws://x", "wss://"):
        refused = CliRunner().invoke(main, ["listen", "--inbox", str(tmp_path), "--server", wrong])
        assert refused.exit_code == 1
        assert "write wss://" in refused.output
    absent = CliRunner().invoke(main, ["listen", "--inbox", str(tmp_path), "--account", "ann"])
    assert "is no DID" in absent.output


@pytest.mark.realdata
@pytest.mark.skipif(not REALDATA.exists(), reason="no real records here")
def test_a_real_capture_is_landed_as_it_was_sent(tmp_path: Path) -> None:
    lines = (REALDATA / "bluesky_jetstream" / "expected_v1.jsonl").read_text("utf-8").splitlines()
    last = max(json.loads(line)["time_us"] for line in lines)
    assert json.loads(lines[-1])["time_us"] < last, "the network's order is not strict, so that what was wanted may come late"

    def behave(connection: ServerConnection, _: int | None, __: int) -> None:
        for line in [*lines, event(0, last + 5 * SECOND)]:
            connection.send(line)
        connection.recv()

    with server(behave) as stream:
        heard = hear(stream, SegmentFiles(tmp_path, "jetstream"), None, last, FAST)
    assert (heard.event_count, heard.garbage_count, heard.duplicate_count) == (153, 0, 0)
    assert told(tmp_path)[:-1] == lines


def test_waits_double_up_to_the_longest_and_are_drawn_by_chance() -> None:
    heard = Heard(Limits(first_wait_seconds=1, longest_wait_seconds=8, most_failures=100))
    longest = [max(heard_wait(heard) for _ in range(1)) for _ in range(10)]
    assert all(0 <= wait <= min(8, 2**place) for place, wait in enumerate(longest))
    assert len(set(longest)) > 5


def heard_wait(heard: Heard) -> float:
    return heard.dropped("gone", Random(heard.failures))


def test_the_memory_of_what_was_heard_is_that_of_the_overlap() -> None:
    heard = Heard(Limits())
    heard.connecting()
    for number in range(1_000):
        heard.take(event(number).encode(), START + number * SECOND, 0.0, has_short_memory=True)
    held: Any = heard._recent
    assert len(held) <= 12


@pytest.mark.parametrize("message", [b"", b"null", b"{}", b'{"time_us": 1, "did": "did:plc:a"}', b"\xff", b"[" * 100_000])
def test_what_is_no_event_has_no_position(message: bytes) -> None:
    assert Jetstream().position(message) is None


def test_the_address_asks_for_what_tables_take_and_resumes_at_the_cursor() -> None:
    query = parse_qs(urlsplit(Jetstream(dids=(ANN,)).address(START)).query)
    assert query["cursor"] == [str(START)]
    assert query["wantedDids"] == [ANN]
    assert "app.bsky.feed.post" in query["wantedCollections"]
    assert "cursor" not in parse_qs(urlsplit(Jetstream().address(None)).query)
