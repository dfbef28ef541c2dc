"""Contracts of Bluesky's repository exports: made ones, broken ones, and the blocks inside real firehose frames."""

from __future__ import annotations

import base64
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import libipld
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.lake.intake import NightIntake, ingest_night
from pipelines.lake.paths import DataPaths
from pipelines.platforms.bluesky import car
from pipelines.platforms.bluesky.parse import FORMATS, Jetstream, Repository
from pipelines.platforms.bluesky.records import COLLECTIONS, unwitnessed_rows
from pipelines.platforms.protocol import BadRecord, Row, Sample
from pipelines.platforms.registry import PLATFORMS
from tests.contracts.cars import content_id, export, framed, frames, header, node
from tests.contracts.harness import PSEUDONYMS, REALDATA, chosen, context, drive
from tests.contracts.test_bluesky import ANN, BEN, PARENT_URI, key

KEY = "3mptbyplj5d2a"  # made on 2026-07-04
NIGHT = date(2026, 11, 20)
RECORDS: dict[str, Any] = {
    f"app.bsky.feed.post/{KEY}": {"$type": "app.bsky.feed.post", "text": "hi #Moss", "createdAt": "2026-07-04T14:38:08.999Z"},
    f"app.bsky.feed.like/{KEY}": {"subject": {"uri": PARENT_URI, "cid": "b"}, "createdAt": "2026-07-04T14:38:08.999Z"},
    f"app.bsky.feed.repost/{KEY}": {"subject": {"uri": PARENT_URI}, "createdAt": "2026-07-04T14:38:08.999Z"},
    f"app.bsky.graph.follow/{KEY}": {"subject": BEN, "createdAt": "2026-07-04T14:38:08.999Z"},
    "app.bsky.actor.profile/self": {"displayName": "Ann", "description": "moss"},
    f"app.bsky.graph.block/{KEY}": {"subject": BEN},
    "app.bsky.graph.block/3mptbyplj5d2b": {"subject": BEN},
}


def take_in(content: bytes, folder: Path) -> tuple[NightIntake, list[dict[str, Any]]]:
    """The night of one export, and its quarantine."""
    (folder / "inbox" / "bluesky").mkdir(parents=True)
    (folder / "inbox" / "bluesky" / "ann.car").write_bytes(content)
    paths = DataPaths(folder / "data")
    night = ingest_night(paths, folder / "inbox", PLATFORMS["bluesky"], NIGHT, PSEUDONYMS)
    return night, pq.read_table(paths.quarantine_file("bluesky", NIGHT)).to_pylist()


@pytest.mark.parametrize("width", [1, 2, 10])
def test_an_export_gives_the_account_s_records_with_their_dates(width: int) -> None:
    outcome = drive_cuts(b"".join(export(ANN, RECORDS, width=width)))
    assert {table: len(rows) for table, rows in outcome.items() if not table.startswith("vault")} == {
        "accounts": 1,
        "posts": 2,
        "interactions": 2,
        "follows": 1,
    }
    post = next(row for row in outcome["posts"] if row["post_type"] == "post")
    assert (post["post_key"], post["account_key"]) == (key(f"at://{ANN}/app.bsky.feed.post/{KEY}"), key(ANN))
    assert (post["published_at"], post["ts_quality"], post["tags"]) == (
        datetime(2026, 7, 4, 14, 38, 7, 502441, tzinfo=UTC),
        "exact",
        ["moss"],
    )
    assert outcome["follows"][0]["follow_key"] == key(f"at://{ANN}/app.bsky.graph.follow/{KEY}")


def drive_cuts(content: bytes) -> dict[str, list[dict[str, Any]]]:
    """Rows by table of an export's records."""
    found: dict[str, list[dict[str, Any]]] = {}
    for cut in car.records(content, COLLECTIONS):
        if cut.problem is None:
            for row in unwitnessed_rows(cut.value["uri"], cut.value["value"], context("bluesky", "archive")):
                found.setdefault(row.table, []).append(row.values)
    return found


def test_the_intake_lands_an_export_and_says_once_for_each_collection_what_it_left(tmp_path: Path) -> None:
    night, quarantine = take_in(b"".join(export(ANN, RECORDS)), tmp_path)
    assert (night.record_count, night.landed_count, night.quarantined_count) == (6, 5, 1)
    assert [(row["reason_code"], row["byte_offset"]) for row in quarantine] == [("unsupported_collection", None)]
    assert "app.bsky.graph.block: 2" in quarantine[0]["reason"]


def test_a_cut_export_lands_what_is_whole_and_is_quarantined_at_the_byte_where_it_breaks(tmp_path: Path) -> None:
    pieces = export(ANN, RECORDS)
    whole = b"".join(pieces)
    night, quarantine = take_in(whole[:-3], tmp_path)
    assert night.landed_count == 4  # the last record is cut
    broken = {row["reason_code"]: row for row in quarantine}
    assert set(broken) == {"truncated", "missing_block", "unsupported_collection"}
    assert broken["truncated"]["byte_offset"] == len(whole) - len(pieces[-1])
    assert f"byte {len(whole) - len(pieces[-1])}" in broken["truncated"]["reason"]


def test_a_block_whose_bytes_are_not_those_of_its_id_costs_its_record_only(tmp_path: Path) -> None:
    pieces = export(ANN, RECORDS)
    spoilt = pieces[-1][:-1] + bytes([pieces[-1][-1] ^ 1])
    night, quarantine = take_in(b"".join([*pieces[:-1], spoilt]), tmp_path)
    assert night.landed_count == 4
    assert [row["byte_offset"] for row in quarantine if row["reason_code"] == "broken_car"] == [sum(map(len, pieces[:-1]))]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00",
        b"\xff" * 20,
        b"no car at all",
        header(b"x"),
        header(content_id(b"lost")),
        header(content_id(b"\x01")) + framed(b"\x01"),
    ],
)
def test_what_is_no_export_is_one_quarantined_record(content: bytes, tmp_path: Path) -> None:
    night, quarantine = take_in(content, tmp_path)
    assert night.landed_count == 0
    assert {row["reason_code"] for row in quarantine} <= {"broken_car", "truncated"}
    assert len(quarantine) == 1


def hostile(tree: list[bytes], root: bytes) -> bytes:
    """An export whose tree is made of these blocks."""
    commit = bytes(libipld.encode_dag_cbor({"did": ANN, "version": 3, "data": root}))
    return b"".join([header(content_id(commit)), framed(commit), *map(framed, tree)])


def test_a_tree_that_is_too_deep_meets_a_node_again_or_holds_no_node_ends() -> None:
    chain = [node([])]
    for _ in range(500):
        chain.append(node([], left=content_id(chain[-1])))
    twice = node([("a.b/c", content_id(chain[0]), content_id(chain[0]))], left=content_id(chain[0]))
    odd_nodes: list[Any] = [{"l": None, "e": [{}]}, {"l": 3, "e": []}, [1], {"e": None, "l": None}]
    odd = [bytes(libipld.encode_dag_cbor(value)) for value in odd_nodes]
    trees: list[list[bytes]] = [chain, [chain[0], twice], *([one] for one in odd)]
    for tree in trees:
        cuts = list(car.records(hostile(tree, content_id(tree[-1])), COLLECTIONS))
        assert "broken_car" in {cut.problem.code for cut in cuts if cut.problem}
        assert len(cuts) < 10


def test_a_record_nested_beyond_reason_and_a_block_beyond_size_are_refused_with_their_offsets() -> None:
    deep, large = b"\x81" * 100_000 + b"\x00", bytes(libipld.encode_dag_cbor("x" * (car.LARGEST_BLOCK_BYTES + 1)))
    tree = node([(f"app.bsky.feed.post/{KEY}", content_id(deep), None), ("app.bsky.feed.post/z", content_id(large), None)])
    content = hostile([tree, deep, large], content_id(tree))
    problems = [cut for cut in car.records(content, COLLECTIONS) if cut.problem]
    offsets = {content.index(framed(deep)), content.index(framed(large))}
    assert {cut.byte_offset for cut in problems if cut.problem and cut.problem.code == "broken_car"} == offsets


@given(data=st.data())
def test_an_export_broken_anywhere_is_read_or_refused_and_never_crashes(data: st.DataObject) -> None:
    content = bytearray(b"".join(export(ANN, RECORDS)))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        cuts = list(car.records(cut, COLLECTIONS))
    except BadRecord as refused:
        assert refused.code == "broken_car"
        return
    for one in cuts:
        if one.problem is None:
            try:
                unwitnessed_rows(one.value["uri"], one.value["value"], context("bluesky"))
            except (BadRecord, TypeError, AttributeError) as refused:
                assert refused


def test_an_export_is_known_by_its_name_or_its_header() -> None:
    content = b"".join(export(ANN, RECORDS))
    for sample in (Sample("ann.car", ".car", b"", None), Sample("repo", "", content, None)):
        native = chosen(FORMATS, sample)
        assert native is not None
        assert native.name == "bluesky_repository"
    assert not Repository().matches(Sample("x.json", ".json", b'{"roots": []}', None))


def comparable(rows: list[Row]) -> set[str]:
    """Rows without what depends on how they were seen: the observation, and times that the network's own clock decides."""
    left_out = {"observed_at", "ts_quality", "published_at", "interacted_at", "followed_at", "edited_at", "created_at"}
    return {
        json.dumps([row.table, {name: value for name, value in row.values.items() if name not in left_out}], sort_keys=True)
        for row in rows
    }


@pytest.mark.realdata
@pytest.mark.skipif(not REALDATA.exists(), reason="no real records here")
def test_the_blocks_of_real_frames_give_the_rows_that_jetstream_gives() -> None:
    folder = REALDATA / "bluesky_jetstream"
    events = [json.loads(line) for line in (folder / "expected_v1.jsonl").read_text("utf-8").splitlines()]
    shown = [event for event in events if event.get("commit", {}).get("record")]
    from_cars: list[Row] = []
    found: dict[str, Any] = {}
    for head, body in frames(folder / "frames.bin.zst"):
        if head["t"] == "#commit":
            for cut in car.records(body["blocks"], COLLECTIONS):
                if cut.problem is None and cut.value["uri"] not in found:
                    found[cut.value["uri"]] = cut.value["value"]
                    from_cars += unwitnessed_rows(cut.value["uri"], cut.value["value"], context("bluesky"))
    uris = {f"at://{one['did']}/{one['commit']['collection']}/{one['commit']['rkey']}": one["commit"]["record"] for one in shown}
    wanted = {uri: record for uri, record in uris.items() if uri.split("/")[3] in COLLECTIONS}
    assert set(found) == set(wanted)
    assert {uri: plain(record) for uri, record in found.items()} == {uri: plain(record) for uri, record in wanted.items()}
    jetstream = drive(Jetstream(), [one for one in shown if one["commit"]["collection"] in COLLECTIONS], context("bluesky"))
    assert comparable(from_cars) == comparable(jetstream.rows)


def plain(value: Any) -> Any:
    """A record with its links as bytes, however they are written: the two notations of one data model."""
    if isinstance(value, dict) and set(value) == {"$link"}:
        return base64.b32decode(value["$link"][1:].upper() + "=" * (-len(value["$link"][1:]) % 8))
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    return [plain(part) for part in value] if isinstance(value, list) else value
