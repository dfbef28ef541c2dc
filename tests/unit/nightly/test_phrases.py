"""The kept list of phrases and their matches: dated once, replayed without the texts, bounded in what is read, and gone with their subject."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.lake import nights
from pipelines.lake.nights import LandedNight, NightPlan, searched_nights
from pipelines.lake.paths import DataPaths
from pipelines.lake.schemas import POSTS, VAULT_POSTS
from pipelines.lake.writer import write_table
from pipelines.nightly.phrases import (
    DISCOVERY_NIGHTS,
    LOOKBACK_DAYS,
    PhrasesError,
    Searches,
    read_phrase_seed,
    read_phrases,
    write_text_phrases,
)

NIGHT = date(2026, 8, 20)
Row = dict[str, Any]


@pytest.fixture
def paths(tmp_path: Path) -> DataPaths:
    return DataPaths(tmp_path)


def ago(days: int) -> date:
    return NIGHT - timedelta(days=days)


def bring(
    paths: DataPaths, night: date, *texts: tuple[str, str], platform: str = "x", reposts: Sequence[str] = ()
) -> LandedNight:
    """A night of a platform that brought a post of each account and text; keys tell night and place."""
    seen = datetime(night.year, night.month, night.day, 12, tzinfo=UTC)
    about = {
        "platform": platform,
        "observed_at": seen,
        "ts_quality": "exact",
        "collection_method": "archive",
        "source_format": "f",
    }
    about |= {"source_hash": "h", "landed_night": night}
    said: list[Row] = []
    for number, (account, text) in enumerate(texts):
        said.append(
            about
            | {
                "post_key": f"{platform} {night} {number}",
                "account_key": account,
                "native_id": f"{number}",
                "text": text,
                "published_at": seen,
            }
        )
        said[-1]["post_type"] = "repost" if account in reposts else "post"
    for table, schema in (("vault_posts", VAULT_POSTS), ("posts", POSTS)):
        rows = [
            dict.fromkeys(schema.names) | {name: value for name, value in row.items() if name in schema.names} for row in said
        ]
        write_table(paths.table_file(platform, table, night, night), pa.Table.from_pylist(rows, schema))
    event_days = pa.array([[night] if texts else []], pa.list_(pa.date32()))
    write_table(paths.ledger_file(platform, night), pa.table({"event_days": event_days}))
    return LandedNight(platform, night, paths.ledger_file(platform, night), "f")


def plan(modelled: Sequence[LandedNight], restated: Sequence[LandedNight] | None = None, *, is_full: bool = False) -> NightPlan:
    again = tuple(modelled if is_full else modelled[-1:] if restated is None else restated)
    return NightPlan(NIGHT, is_full, False, [NIGHT], list(modelled), [], frozenset({"x"}), again)


def search(paths: DataPaths, plan: NightPlan, *seed: str) -> Searches:
    return write_text_phrases(paths, plan, seed, frozenset({"the"}))


def matches(paths: DataPaths, platform: str = "x") -> dict[tuple[str, str], date]:
    """By post and phrase the night that searched; each is found once."""
    rows = [row for file in files(paths, platform) for row in pq.read_table(file, partitioning=None).to_pylist()]
    found = {(row["post_key"], row["phrase"]): row["searched_night"] for row in rows}
    assert len(found) == len(rows)
    return found


def files(paths: DataPaths, platform: str = "x") -> list[Path]:
    return sorted(paths.table_root(platform, "text_phrases").rglob("*.parquet"))


def content(paths: DataPaths) -> dict[str, bytes]:
    return {str(file.relative_to(paths.root)): file.read_bytes() for file in [*files(paths), *files(paths, "y")]}


def said(count: int, phrase: str = "velvet harbour", first: int = 0) -> list[tuple[str, str]]:
    return [(f"a{number}", f"w{number} {phrase} v{number}") for number in range(first, first + count)]


def listed(paths: DataPaths) -> list[tuple[str, str, date, date]]:
    return [tuple(row.values()) for row in read_phrases(paths).to_pylist()]


def test_a_phrase_of_the_seed_is_looked_for_tonight_and_in_the_nights_before(paths: DataPaths) -> None:
    landed = [bring(paths, ago(days), ("a", "Girl-Dinner!"), ("b", "dinner")) for days in (30, 28, 1, 0)]
    done = search(paths, plan(landed), "girl dinner")
    assert done.listed == ("girl dinner",)
    assert matches(paths) == {(f"x {ago(days)} 0", "girl dinner"): NIGHT for days in (28, 1, 0)}
    assert listed(paths) == [("girl dinner", "seed", NIGHT, ago(LOOKBACK_DAYS))]


def test_texts_before_the_lookback_are_not_opened(paths: DataPaths) -> None:
    landed = [bring(paths, ago(days), ("a", "girl dinner")) for days in (29, 28, 0)]
    for table in ("vault_posts", "posts"):
        paths.table_file("x", table, ago(29), ago(29)).write_bytes(b"no Parquet")
    landed[0].ledger.write_bytes(b"no Parquet")
    search(paths, plan(landed), "girl dinner")
    assert len(matches(paths)) == 2


def test_a_night_without_new_phrases_opens_the_texts_of_a_week_only(paths: DataPaths) -> None:
    landed = [bring(paths, ago(DISCOVERY_NIGHTS), ("a", "girl dinner"))]
    search(paths, plan(landed), "girl dinner")
    paths.table_file("x", "vault_posts", ago(DISCOVERY_NIGHTS), ago(DISCOVERY_NIGHTS)).write_bytes(b"no Parquet")
    landed.append(bring(paths, NIGHT, ("b", "girl dinner")))
    assert search(paths, plan(landed), "girl dinner") == Searches((), 1)
    assert matches(paths) == {(f"x {night} 0", "girl dinner"): night for night in (ago(DISCOVERY_NIGHTS), NIGHT)}
    assert searched_nights(paths) == [("x", ago(DISCOVERY_NIGHTS)), ("x", NIGHT)]


def test_an_earlier_night_is_asked_for_phrases_again_only_if_it_brought_other_texts(paths: DataPaths) -> None:
    landed = [bring(paths, ago(days), *said(4)) for days in (20, 0)]
    for place in (1, 2):
        search(paths, plan(landed[:place]))
    assert search(paths, plan(landed, is_full=True)).listed == ()
    landed[0] = bring(paths, ago(20), *said(10))
    assert search(paths, plan(landed, is_full=True)).listed == ("velvet harbour",)


def test_what_ten_authors_write_in_seven_nights_is_listed_with_the_uses_before(paths: DataPaths) -> None:
    landed = [bring(paths, ago(7), *said(9)), bring(paths, ago(6), *said(3)), bring(paths, ago(1), *said(9))]
    for place in (1, 2, 3):
        assert search(paths, plan(landed[:place])).listed == ()
    landed.append(bring(paths, NIGHT, *said(1, first=9)))
    assert search(paths, plan(landed)).listed == ("velvet harbour",)
    assert listed(paths) == [("velvet harbour", "discovered", NIGHT, ago(7))]
    assert len(matches(paths)) == 9 + 3 + 9 + 1
    assert set(matches(paths).values()) == {NIGHT}


def test_authors_of_all_platforms_count_and_reposts_do_not(paths: DataPaths) -> None:
    landed = [bring(paths, NIGHT, *said(6)), bring(paths, NIGHT, *said(6, first=6), platform="y", reposts=["a6", "a7", "a8"])]
    assert search(paths, plan(landed, landed)).listed == ()
    landed[1] = bring(paths, NIGHT, *said(6, first=6), platform="y", reposts=["a6"])
    assert search(paths, plan(landed, landed)).listed == ("velvet harbour",)
    assert (len(matches(paths)), len(matches(paths, "y"))) == (6, 6)


def test_a_phrase_is_looked_for_on_platforms_that_brought_nothing_tonight(paths: DataPaths) -> None:
    landed = [bring(paths, ago(1), *said(2), platform="y"), bring(paths, NIGHT, *said(10))]
    search(paths, plan(landed, landed[1:]))
    assert set(matches(paths, "y").values()) == {NIGHT}
    assert ("y", NIGHT) in searched_nights(paths)


def test_nights_that_run_again_give_the_same_list_and_the_same_files(paths: DataPaths) -> None:
    landed: list[LandedNight] = []
    for days, phrase in ((2, "velvet harbour"), (1, "copper lantern"), (0, "moonlit walnut")):
        landed.append(bring(paths, ago(days), *said(12, phrase), *said(3, "moonlit walnut", 20)))
        search(paths, plan(landed))
    before, kept = listed(paths), content(paths)
    assert [(phrase, on) for phrase, _, on, _ in before] == [
        ("velvet harbour", ago(2)),
        ("copper lantern", ago(1)),
        ("moonlit walnut", NIGHT),
    ]
    for again in ([landed[0]], [landed[1]], landed):
        assert search(paths, plan(landed, again)) == Searches((), 0)
    assert search(paths, plan(landed, is_full=True)) == Searches((), 0)
    assert (listed(paths), content(paths)) == (before, kept)
    for file in files(paths):
        file.unlink()
    search(paths, plan(landed, is_full=True))
    assert content(paths) == kept


def test_a_full_build_gives_the_same_matches_when_retention_has_emptied_the_vault(paths: DataPaths) -> None:
    landed = [bring(paths, ago(1), *said(3)), bring(paths, NIGHT, *said(10))]
    search(paths, plan(landed[:1]))
    search(paths, plan(landed))
    kept, before = content(paths), listed(paths)
    for file in (paths.root / "vault").rglob("*.parquet"):
        file.unlink()
    assert search(paths, plan(landed, is_full=True)) == Searches((), 0)
    assert (content(paths), listed(paths)) == (kept, before)


def test_a_night_that_brings_other_texts_when_it_is_run_again_replaces_its_own_matches_in_every_file(paths: DataPaths) -> None:
    landed = [bring(paths, ago(1), ("a", "girl dinner"), ("b", "girl dinner")), bring(paths, NIGHT, ("c", "girl dinner"))]
    search(paths, plan(landed[:1]))
    search(paths, plan(landed), "girl dinner")
    landed[0] = bring(paths, ago(1), ("a", "girl dinner"), ("b", "nothing"))
    search(paths, plan(landed, landed[:1]), "girl dinner")
    assert set(matches(paths)) == {(f"x {ago(1)} 0", "girl dinner"), (f"x {NIGHT} 0", "girl dinner")}
    assert set(searched_nights(paths)) == {("x", ago(1)), ("x", NIGHT)}


@pytest.mark.parametrize("is_full", [False, True])
def test_a_night_that_is_refused_leaves_no_match(paths: DataPaths, *, is_full: bool) -> None:
    landed = [bring(paths, ago(1), ("a", "girl dinner")), bring(paths, NIGHT, ("c", "girl dinner"))]
    search(paths, plan(landed), "girl dinner")
    search(paths, plan(landed[1:], landed, is_full=is_full), "girl dinner")
    assert set(matches(paths)) == {(f"x {NIGHT} 0", "girl dinner")}


def test_a_phrase_is_watched_from_the_day_after_the_last_night_whose_texts_are_gone(paths: DataPaths) -> None:
    landed = [bring(paths, ago(days), ("a", "girl dinner")) for days in (9, 5, 0)]
    paths.table_file("x", "vault_posts", ago(5), ago(5)).unlink()
    search(paths, plan(landed), "girl dinner")
    assert listed(paths)[0][3] == ago(4)


def test_what_is_not_published_yet_is_read_again(paths: DataPaths) -> None:
    landed = [bring(paths, ago(1), ("a", "girl dinner")), bring(paths, NIGHT, ("c", "girl dinner"))]
    for place in (1, 2):
        search(paths, plan(landed[:place]), "girl dinner")
        nights.begin_modelling(paths, plan(landed[:place]))
    read = [
        row["file"]
        for row in pq.read_table(paths.landed_files_file(), partitioning=None).to_pylist()
        if row["table_name"] == "text_phrases"
    ]
    assert read == [str(file) for file in files(paths)]
    nights.record_published(paths, plan(landed), "method")
    assert searched_nights(paths) == []


def test_variants_are_not_listed_twice(paths: DataPaths) -> None:
    landed = [bring(paths, NIGHT, *said(12, "girl dinner"), *said(12, "quiet luxurys", 20))]
    assert search(paths, plan(landed), "girl dinners", "quiet luxury").listed == ("girl dinners", "quiet luxury")
    assert {phrase for _, phrase in matches(paths)} == {"girl dinners", "quiet luxury"}


@pytest.mark.parametrize("rows", ["dinner", "a b c d e f", "girl dinner\nGirl-Dinners", "#girl dinner"])
def test_a_seed_with_what_is_no_phrase_is_refused(tmp_path: Path, rows: str) -> None:
    file = tmp_path / "phrases.csv"
    file.write_text(f"phrase\n{rows}\n")
    with pytest.raises(PhrasesError, match=r"phrases\.csv"):
        read_phrase_seed(file)


def test_the_seed_that_is_shipped_is_read() -> None:
    assert "girl dinner" in read_phrase_seed()
