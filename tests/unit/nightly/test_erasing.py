"""``undercurrent erase`` on a data folder made by hand: every byte, the order of things, and a proof that can fail."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from pipelines.cli import main
from pipelines.lake.erasures import read_erasures, unapplied
from pipelines.lake.paths import DataPaths
from pipelines.lake.pseudonyms import SECRET_VARIABLE
from pipelines.lake.subjects import AmbiguousSubjectError, find_subject
from pipelines.nightly import erasing
from pipelines.nightly.erasing import Erased, erase
from pipelines.nightly.lock import run_lock
from pipelines.publish.snapshot import manifest, publish
from tests.unit.lake.small_lake import (
    ANN,
    ANN_HANDLE,
    ANN_NAME,
    ANN_URL,
    BEN,
    NIGHT,
    PLATFORM,
    PSEUDONYMS,
    everything,
    key,
    land,
    make_lake,
    post_id,
    stamp,
    values_of,
    vault_post,
)

MOMENT = datetime(2026, 10, 2, tzinfo=UTC)
ANNS = [ANN.encode(), ANN_NAME.encode(), ANN_URL.encode(), post_id(ANN, 1).encode(), post_id(ANN, 2).encode(), b"my first"]
ANNS_KEYS = [key(ANN).encode(), key(post_id(ANN, 1)).encode(), key(post_id(ANN, 2)).encode()]


@pytest.fixture
def paths(tmp_path: Path) -> DataPaths:
    return make_lake(tmp_path / "data")


def erase_ann(paths: DataPaths, given: str = ANN, kind: str = "account", **more: Any) -> Erased:
    return erase(paths, PSEUDONYMS, PLATFORM, kind, given, "user_request", now=MOMENT, **more)


def without_ledger(paths: DataPaths) -> bytes:
    paths.erasures_file().rename(paths.root.parent / "erasures.parquet")
    found = everything(paths.root)
    (paths.root.parent / "erasures.parquet").rename(paths.erasures_file())
    return found


def test_no_byte_of_an_erased_account_is_left_and_the_proof_says_so(paths: DataPaths) -> None:
    before = everything(paths.root)
    assert all(each in before for each in [*ANNS, *ANNS_KEYS])
    done = erase_ann(paths)
    after = without_ledger(paths)
    assert [each for each in [*ANNS, *ANNS_KEYS] if each in after] == []
    assert f"@{ANN_HANDLE}".encode() not in after
    assert done.left == []
    assert done.removed_warehouse
    assert unapplied(paths).num_rows == 0


def test_what_a_killed_query_spilled_is_gone_too(paths: DataPaths) -> None:
    spilled = paths.spill / "1-killed" / "engine" / "duckdb_temp_storage_DEFAULT-0.tmp"
    spilled.parent.mkdir(parents=True)
    spilled.write_bytes(b"".join([*ANNS, *ANNS_KEYS]))
    done = erase_ann(paths)
    assert not spilled.exists()
    assert done.left == []


def test_what_others_wrote_stays_without_her(paths: DataPaths) -> None:
    erase_ann(paths)
    answer = next(row for row in values_of(paths, "posts") if row["post_key"] == key(post_id(BEN, 2)))
    assert (answer["parent_post_key"], answer["root_post_key"], answer["post_type"]) == (None, None, "reply")
    assert answer["mentioned_account_keys"] == [key("somebody else")]
    assert answer["link_keys"] == ["0" * 32]
    said = {row["native_id"]: row for row in values_of(paths, "vault_posts")}
    assert said[post_id(BEN, 1)]["text"] == "I like #anneliese, the tulip"
    assert said[post_id(BEN, 2)]["text"] == "[erased] well said, [erased]! [erased]"
    assert said[post_id(BEN, 2)]["links"] == ["https://a.example/"]
    edges = {row["interaction_key"][0]: row for row in values_of(paths, "interactions")}
    assert set(edges) == {"c"}
    assert values_of(paths, "follows") == []
    assert [row["declared_handle_keys"] for row in values_of(paths, "accounts")] == [[]]
    assert [row["profile_text"] for row in values_of(paths, "vault_accounts")] == ["friend of [erased]"]
    assert next(row["tags"] for row in values_of(paths, "posts")) == ["anneliese"]
    assert pq.read_table(paths.gate_log_file(NIGHT)).column("sample_keys").to_pylist() == [[f"account_key={key(BEN)}"]]
    assert json.loads(paths.plan_file(PLATFORM, NIGHT).read_text())["lookups"] == {"account": [BEN]}


def test_erasing_a_post_leaves_its_author(paths: DataPaths) -> None:
    done = erase_ann(paths, post_id(ANN, 1), "post")
    after = without_ledger(paths)
    assert done.left == []
    assert post_id(ANN, 1).encode() not in after
    assert key(post_id(ANN, 1)).encode() not in after
    assert {row["post_key"] for row in values_of(paths, "posts")} == {
        key(post_id(who, n)) for who, n in ((ANN, 2), (BEN, 1), (BEN, 2))
    }
    assert ANN in {row["native_id"] for row in values_of(paths, "vault_accounts")}


def test_an_account_can_be_named_by_its_handle_or_address(paths: DataPaths) -> None:
    for given in (f"@{ANN_HANDLE.upper()}", ANN_URL):
        assert find_subject(paths, PSEUDONYMS, PLATFORM, "account", given).requested_key == key(ANN)


def test_a_handle_of_two_accounts_erases_neither(paths: DataPaths) -> None:
    about = {"account_key": key("new"), "native_id": "new", "handle": ANN_HANDLE}
    land(paths, "vault_accounts", NIGHT, [stamp(**about)])
    with pytest.raises(AmbiguousSubjectError, match="native id"):
        erase_ann(paths, ANN_HANDLE)
    assert read_erasures(paths).num_rows == 0


def test_a_name_that_somebody_else_bears_too_is_left_to_them(paths: DataPaths) -> None:
    land(paths, "vault_accounts", NIGHT, [stamp(account_key=key("other"), native_id="1090000077", display_name=ANN_NAME)])
    assert erase_ann(paths).left == []
    assert ANN_NAME in {row["display_name"] for row in values_of(paths, "vault_accounts")}


def test_who_is_not_in_the_data_is_kept_out_of_it_all_the_same(paths: DataPaths) -> None:
    done = erase_ann(paths, "109000000000000099")
    assert done.left == []
    assert read_erasures(paths).column("subject_key").to_pylist() == [key("109000000000000099")]


@pytest.mark.parametrize("holder", ["binary", "column", "mention", "name", "compressed"])
def test_the_proof_finds_what_is_left_anywhere(paths: DataPaths, monkeypatch: pytest.MonkeyPatch, holder: str) -> None:
    places = {
        "binary": paths.root / "state" / "odd.bin",
        "column": paths.root / "exchange" / "odd.parquet",
        "mention": paths.table_file(PLATFORM, "vault_posts", NIGHT, NIGHT),
        "name": paths.root / "state" / f"{ANN}.bin",
        "compressed": paths.root / "state" / "odd.bin.gz",
    }
    place = places[holder]
    place.parent.mkdir(parents=True, exist_ok=True)
    if holder == "binary":
        place.write_bytes(b"\0\1" + key(ANN).encode() + b"\0")
    elif holder == "column":
        pq.write_table(pa.table({"remark": [f"see {key(post_id(ANN, 1))}"]}), place)
    elif holder == "mention":
        land(paths, "vault_posts", NIGHT, [vault_post(BEN, 9, f"hello @{ANN_HANDLE}", "benedikt")])
    elif holder == "name":
        place.write_bytes(b"")
    else:
        import gzip

        place.write_bytes(gzip.compress(ANN_URL.encode()))
    rewritten = erasing._rewritten
    monkeypatch.setattr(
        erasing, "_rewritten", lambda paths, file, *rest, **more: file != place and rewritten(paths, file, *rest, **more)
    )
    done = erase_ann(paths)
    assert [left.file for left in done.left] == [place]
    assert unapplied(paths).num_rows > 0


@pytest.mark.parametrize("killed_after", range(0, 20, 2))
def test_an_erasure_that_was_killed_is_completed_by_the_next_one(
    paths: DataPaths, monkeypatch: pytest.MonkeyPatch, killed_after: int
) -> None:
    rewritten, count = erasing._rewritten, 0

    def stop(*given: Any, **more: Any) -> bool:
        nonlocal count
        count += 1
        if count > killed_after:
            raise KeyboardInterrupt
        return rewritten(*given, **more)

    monkeypatch.setattr(erasing, "_rewritten", stop)
    with pytest.raises(KeyboardInterrupt):
        erase_ann(paths)
    assert key(ANN) in read_erasures(paths).column("subject_key").to_pylist()
    monkeypatch.setattr(erasing, "_rewritten", rewritten)
    assert erase_ann(paths).left == []
    after = without_ledger(paths)
    assert [each for each in [*ANNS, *ANNS_KEYS, f"@{ANN_HANDLE}".encode()] if each in after] == []


def test_every_snapshot_is_rewritten_and_its_manifest_describes_it_and_says_that_figures_are_stale(paths: DataPaths) -> None:
    tables = {"niche_members": paths.root / "marts" / "niche_members.parquet"}
    for run in ("first", "second"):
        publish(paths, NIGHT, run, tables, {})
    erase_ann(paths)
    for snapshot in (paths.published / "snapshots").iterdir():
        told = json.loads((snapshot / "manifest.json").read_text())
        about, file = told["tables"]["niche_members"], snapshot / "niche_members.parquet"
        assert pq.read_table(file).column("account_key").to_pylist() == [key(BEN)]
        assert (about["rows"], about["sha256"]) == (1, hashlib.sha256(file.read_bytes()).hexdigest())
        assert told["rewritten"]["tables"] == ["niche_members"]
        assert "next night" in told["rewritten"]["stale"]
    publish(paths, NIGHT, "third", tables, {})
    now = manifest(paths)
    assert now is not None
    assert "rewritten" not in now


def test_the_inbox_is_named_and_not_touched(paths: DataPaths, tmp_path: Path) -> None:
    file = tmp_path / "inbox" / PLATFORM / "a.jsonl"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"id": ANN}))
    before = file.stat().st_mtime_ns
    assert erase_ann(paths, inbox=tmp_path / "inbox").in_inbox == [file]
    assert (file.read_text(), file.stat().st_mtime_ns) == (json.dumps({"id": ANN}), before)


def run(data: Path, *more: str) -> Any:
    return CliRunner().invoke(main, ["erase", "--data", str(data), "--platform", PLATFORM, "--id", ANN, *more])


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SECRET_VARIABLE, (b"k" * 32).hex())
    monkeypatch.setenv("UNDERCURRENT_DATA", "")


@pytest.mark.usefixtures("secret")
def test_the_command_exits_0_only_when_nothing_is_left(paths: DataPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    watchlist = paths.watchlist
    watchlist.write_text(f"mastodon: [{ANN}]\n")
    monkeypatch.setattr(erasing, "rewrite_json", lambda *_: False)
    failed = run(paths.root)
    assert failed.exit_code == 1
    assert "plan.json" in failed.stderr
    monkeypatch.undo()
    monkeypatch.setenv(SECRET_VARIABLE, (b"k" * 32).hex())
    done = run(paths.root)
    assert (done.exit_code, done.stderr) == (0, "")
    assert "nothing is left" in done.stdout
    assert "still names it" in done.stdout
    assert ANN not in done.stdout.replace(str(watchlist), "")


@pytest.mark.usefixtures("secret")
def test_the_command_refuses_while_a_night_is_at_work(paths: DataPaths) -> None:
    with run_lock(paths.root, "a night"):
        refused = run(paths.root)
    assert refused.exit_code == 1
    assert "another run is at work" in refused.stderr
    assert not paths.erasures_file().exists()


@pytest.mark.usefixtures("secret")
def test_the_command_knows_its_platforms(paths: DataPaths) -> None:
    refused = CliRunner().invoke(main, ["erase", "--data", str(paths.root), "--platform", "myspace", "--id", "1"])
    assert (refused.exit_code, "no platform" in refused.stderr) == (1, True)
