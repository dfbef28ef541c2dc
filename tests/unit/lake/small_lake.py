"""A data folder made by hand: two people of one platform, what they wrote to each other, and files of every kind that a night leaves."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.analysis.phrases import TEXT_PHRASES
from pipelines.lake.paths import DataPaths
from pipelines.lake.pseudonyms import Pseudonymiser
from pipelines.lake.schemas import LEDGER, TABLES
from pipelines.lake.writer import parquet_writer, write_table

PSEUDONYMS = Pseudonymiser(b"k" * 32)
PLATFORM = "mastodon"
NIGHT = date(2026, 10, 1)
SEEN = datetime(2026, 9, 30, 12, tzinfo=UTC)
ANN, BEN = "109000000000000001", "109000000000000002"
ANN_HANDLE, BEN_HANDLE = "anneliese", "benedikt"
ANN_NAME = "Anneliese Vogt"
ANN_URL = "https://social.example/@anneliese"


def key(native_id: str) -> str:
    """The pseudonym of a native id."""
    return PSEUDONYMS.key(PLATFORM, native_id)


def post_id(account: str, number: int) -> str:
    """The native id of a post."""
    return f"{account[-4:]}77{number:08d}"


def stamp(**values: Any) -> dict[str, Any]:
    """What every landed row ends with."""
    return {
        "platform": PLATFORM,
        "observed_at": SEEN,
        "ts_quality": "exact",
        "collection_method": "timeline",
        "source_format": "mastodon_statuses",
        "source_hash": "f" * 32,
        "landed_night": NIGHT,
    } | values


def land(
    paths: DataPaths, table: str, day: date, rows: list[dict[str, Any]], night: date = NIGHT, platform: str = PLATFORM
) -> Path:
    """Write a landed file as the intake does."""
    file = paths.table_file(platform, table, day, night)
    file.parent.mkdir(parents=True, exist_ok=True)
    with parquet_writer(file, table) as writer:
        writer.write_table(pa.Table.from_pylist(rows, TABLES[table]))
    return file


def profile(account: str, handle: str, **values: Any) -> dict[str, Any]:
    """A profile snapshot."""
    return stamp(account_key=key(account), handle_key=PSEUDONYMS.handle_key(PLATFORM, handle), followers_count=10) | values


def post(account: str, number: int, published_at: datetime, **values: Any) -> dict[str, Any]:
    """A post."""
    about = {"post_key": key(post_id(account, number)), "account_key": key(account), "post_type": "post"}
    return stamp(**about, published_at=published_at) | values


def vault_post(account: str, number: int, text: str, handle: str, **values: Any) -> dict[str, Any]:
    """What a post says."""
    native = post_id(account, number)
    about = {"post_key": key(native), "account_key": key(account), "native_id": native, "text": text}
    return stamp(**about, url=f"https://social.example/@{handle}/{native}", links=[]) | values


def make_lake(root: Path) -> DataPaths:
    """Ann posts twice and answers Ben; Ben answers Ann, mentions her and links to her."""
    paths = DataPaths(root)
    first, later = datetime(2026, 9, 20, 8, tzinfo=UTC), datetime(2026, 9, 25, 8, tzinfo=UTC)
    ann_url = f"{ANN_URL}/{post_id(ANN, 1)}"
    link = PSEUDONYMS.link_key(ann_url)
    answer = {"parent_post_key": key(post_id(ANN, 1)), "root_post_key": key(post_id(ANN, 1)), "link_keys": [link, "0" * 32]}
    mentioned = {"mentioned_account_keys": [key(ANN), key("somebody else")]}
    land(paths, "posts", first.date(), [post(ANN, 1, first, tags=["anneliese"]), post(BEN, 1, first, tags=["anneliese"])])
    land(paths, "posts", later.date(), [post(BEN, 2, later, post_type="reply", **answer, **mentioned), post(ANN, 2, later)])
    metrics = [stamp(post_key=key(post_id(who, 1)), published_at=first, like_count=3) for who in (ANN, BEN)]
    land(paths, "post_metrics", first.date(), metrics)
    edge = {"interaction_type": "reply", "interacted_at": later}
    land(
        paths,
        "interactions",
        later.date(),
        [
            stamp(interaction_key="a" * 32, source_account_key=key(BEN), target_account_key=key(ANN), post_key=key(post_id(BEN, 2)),
                  target_post_key=key(post_id(ANN, 1)), **edge),
            stamp(interaction_key="b" * 32, source_account_key=key(ANN), target_account_key=key(BEN), post_key=key(post_id(ANN, 2)),
                  target_post_key=key(post_id(BEN, 1)), **edge),
            stamp(interaction_key="c" * 32, source_account_key=key(BEN), target_account_key=key("carla"),
                  target_post_key=key(post_id(ANN, 1)), **edge),
        ],
    )  # fmt: skip
    follow = {"follow_key": "d" * 32, "source_account_key": key(BEN), "target_account_key": key(ANN)}
    land(paths, "follows", SEEN.date(), [stamp(**follow)])
    theirs = PSEUDONYMS.handle_key(PLATFORM, ANN_HANDLE)
    land(paths, "accounts", SEEN.date(), [profile(ANN, ANN_HANDLE), profile(BEN, BEN_HANDLE, declared_handle_keys=[theirs])])
    land(paths, "deletions", NIGHT, [])
    about_ann = {"native_id": ANN, "handle": ANN_HANDLE, "display_name": ANN_NAME, "profile_url": ANN_URL}
    about_ben = {"native_id": BEN, "handle": BEN_HANDLE, "display_name": "Ben", "profile_text": f"friend of @{ANN_HANDLE}"}
    people = [stamp(account_key=key(ANN), **about_ann), stamp(account_key=key(BEN), **about_ben)]
    land(paths, "vault_accounts", SEEN.date(), people)
    land(
        paths,
        "vault_posts",
        SEEN.date(),
        [
            vault_post(ANN, 1, "my first", ANN_HANDLE),
            vault_post(BEN, 1, "I like #anneliese, the tulip", BEN_HANDLE),
            vault_post(
                BEN, 2, f"@{ANN_HANDLE} well said, {ANN_NAME}! {ann_url}", BEN_HANDLE, links=[ann_url, "https://a.example/"]
            ),
            vault_post(ANN, 2, "an answer", ANN_HANDLE),
        ],
    )
    _write_what_nights_leave(paths, first.date())
    return paths


def _write_what_nights_leave(paths: DataPaths, day: date) -> None:
    entry: dict[str, Any] = dict.fromkeys(LEDGER.names, 0) | {
        "night": NIGHT, "platform": PLATFORM, "file": "a.jsonl", "source_hash": "f" * 32, "source_format": "mastodon_statuses",
        "status": "ingested", "detail": None, "row_counts": [], "event_days": [day, day + timedelta(days=5), SEEN.date()],
    }  # fmt: skip
    write_table(paths.ledger_file(PLATFORM, NIGHT), pa.Table.from_pylist([entry], LEDGER))
    both = [{"account_key": key(who), "creator_key": key(who), "post_count": 2} for who in (ANN, BEN)]
    write_table(paths.derived_file("niche_assignments"), pa.Table.from_pylist(both))
    write_table(paths.root / "marts" / "niche_members.parquet", pa.Table.from_pylist(both))
    edges = [{"source_account_key": key(BEN), "target_account_key": key(ANN), "interaction_count": 1}]
    write_table(paths.exchange_file("int_interaction_months", date(2026, 9, 1)), pa.Table.from_pylist(edges))
    mirror = [stamp(post_key=key(post_id(who, 1)), account_key=key(who)) for who in (ANN, BEN)]
    signals = paths.root / "lake" / PLATFORM / "text_signals" / f"day={SEEN.date()}" / f"night={NIGHT}.parquet"
    write_table(signals, pa.Table.from_pylist(mirror))
    # A later night listed a phrase and looked for it in these texts.
    found = [row | {"phrase": "girl dinner", "searched_night": NIGHT + timedelta(days=1)} for row in mirror]
    searched = paths.table_file(PLATFORM, "text_phrases", SEEN.date(), NIGHT + timedelta(days=1))
    write_table(searched, pa.Table.from_pylist([{name: row[name] for name in TEXT_PHRASES.names} for row in found], TEXT_PHRASES))
    samples = [{"gate": "marts", "sample_keys": [f"account_key={key(ANN)}", f"account_key={key(BEN)}"]}]
    write_table(paths.gate_log_file(NIGHT), pa.Table.from_pylist(samples))
    log = paths.root / "logs" / f"night={NIGHT}.log"
    log.parent.mkdir()
    log.write_text(f"sample {key(ANN)} and {key(BEN)}\n")
    page = paths.pages_folder(PLATFORM, NIGHT) / "item" / "000001-x.page"
    page.parent.mkdir(parents=True)
    page.write_text('{"undercurrent_page":1}\n' + json.dumps({"id": ANN, "acct": ANN_HANDLE}))
    paths.plan_file(PLATFORM, NIGHT).write_text(json.dumps({"lookups": {"account": [ANN, BEN]}, "begins": {}}))
    paths.warehouse.parent.mkdir()
    with duckdb.connect(str(paths.warehouse)) as warehouse:
        warehouse.execute("create table stg_mastodon__posts (post_key varchar, account_key varchar, event_day date)")
        for who in (ANN, BEN):
            warehouse.execute("insert into stg_mastodon__posts values (?, ?, ?)", [key(post_id(who, 1)), key(who), day])


def values_of(paths: DataPaths, table: str) -> list[dict[str, Any]]:
    """All landed rows of a table."""
    import pyarrow.parquet as pq

    files = sorted(paths.table_root(PLATFORM, table).glob("day=*/*.parquet"))
    return [row for file in files for row in pq.read_table(file, partitioning=None).to_pylist()]


def everything(root: Path) -> bytes:
    """Every byte below a folder, and every value of its Parquet: looked at without any code of the project."""
    import pyarrow.parquet as pq

    pieces = []
    for file in sorted(file for file in root.rglob("*") if file.is_file() and not file.is_symlink()):
        pieces += [str(file).encode(), file.read_bytes()]
        if file.suffix == ".parquet":
            pieces.append(str(pq.read_table(file, partitioning=None).to_pylist()).encode())
    return b"\n".join(pieces)
