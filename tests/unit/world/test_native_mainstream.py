"""The mainstream side of an invented world: outlets, and their items and attention in the files of five sources, read back by the intake."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from pipelines.lake.intake import NightIntake, ingest_night
from pipelines.lake.paths import DataPaths
from pipelines.lake.pseudonyms import Pseudonymiser
from pipelines.platforms.registry import PLATFORMS
from pipelines.platforms.text import canonical_url
from pipelines.world.drawn import DAY, NOBODY, Accounts, Items, Niche, Posts, Reactions, Trend, day_of, moment
from pipelines.world.native import feeds, gdelt, mediacloud, trends, wikipedia
from pipelines.world.native.files import Filed, Inbox
from pipelines.world.native.names import Names
from pipelines.world.newsstand import outlets

NIGHT = date(2026, 10, 20)
PSEUDONYMS = Pseudonymiser(b"only for these tests of the press")
DAY_COUNT, ITEM_COUNT = 61, 900
SOURCES = (feeds, gdelt, mediacloud)
NICHES = (
    Niche("clean beauty", ("cleanbeauty",), ("slugging",)),
    Niche("indie lit", ("indielit",), ("dogear",)),
    Niche("moss art", ("mossart",), (), born_day=30),
)
TRENDS = (
    Trend("velvet mushroom", None, "niche_origin", 0, 0, "lead_first", "lead_first"),
    Trend("slow harbour tea", "slowharbourteas", "shock", 1, 0, "none", "none"),
    Trend("train orchard", None, "media_origin", 1, 0, "none", "target_first"),
)
Rows = list[dict[str, Any]]


def none_of(kind: type[Any]) -> Any:
    """Columns without rows."""
    return kind(**{field.name: np.zeros(0, dtype=np.int64) for field in fields(kind)})


def people(count: int) -> Accounts:
    columns = {field.name: np.zeros(count, dtype=np.int64) for field in fields(Accounts)}
    return Accounts(**columns | {"person": np.arange(count), "platform": np.arange(count) % 11})  # type: ignore[arg-type] # by name


NAMES = Names.of(7, people(30), NICHES, TRENDS, outlets(len(NICHES), 4))


def address_of(number: int, account: int, second: int) -> str:
    return f"https://social.example/@{NAMES.handles[account]}/{number}?t={second}&x=1"


def drawn(count: int = ITEM_COUNT) -> Items:
    rng = np.random.default_rng(3)
    outlet = rng.integers(0, len(NAMES.outlets), count)
    wires = np.array([one.wire for one in NAMES.outlets])
    original = np.full(count, NOBODY)
    for item in range(count):
        printed = np.flatnonzero(outlet[:item] == wires[outlet[item]])
        if len(printed) and item % 2:
            original[item] = printed[-1]
    trend = np.where(rng.random(count) < 0.3, rng.integers(0, len(TRENDS), count), NOBODY)
    trend = np.where(original != NOBODY, trend[original], trend)
    credit = np.where((trend != NOBODY) & (rng.random(count) < 0.4), rng.integers(0, 500, count), NOBODY)
    return Items(
        number=np.arange(count), outlet=outlet, second=np.sort(rng.integers(0, DAY_COUNT * DAY, count)), trend=trend,
        original=original, credit=credit, credit_account=np.where(credit != NOBODY, credit % 30, NOBODY),
        credit_second=np.where(credit != NOBODY, credit * 60, NOBODY), pick=rng.integers(0, 2**63, count).astype(np.uint64),
    )  # fmt: skip


def filed_days(items: Items, drifts_on: int) -> Iterator[Filed]:
    for day in range(DAY_COUNT):
        nothing = np.zeros(0, dtype=np.int64)
        yield Filed(
            day, none_of(Posts), nothing, nothing, nothing.astype(bool), none_of(Posts), none_of(Reactions),
            items.take(items.second // DAY == day), is_drifted=day >= drifts_on, is_last=day == DAY_COUNT - 1,
        )  # fmt: skip


def write(folder: Path, source: ModuleType, *, has_faults: bool = True, drifts_on: int = 45) -> Inbox:
    inbox = Inbox(folder / "inbox", has_faults)
    writer = source.open_writer(inbox, NAMES, address_of)
    for filed in filed_days(drawn(), drifts_on):
        writer.write_profiles(filed.day, filed.posts.account)
        writer.write_day(filed)
    writer.close()
    return inbox


def take_in(folder: Path, platform: str, table: str) -> tuple[NightIntake, Rows, Rows]:
    """What the intake makes of the files: itself, the rows of a table and the quarantined records."""
    paths = DataPaths(folder / "data")
    intake = ingest_night(paths, folder / "inbox", PLATFORMS[platform], NIGHT, PSEUDONYMS)
    rows: Rows = []
    for file in sorted(paths.table_root(platform, table).rglob("*.parquet")):
        rows += pq.read_table(file, partitioning=None).to_pylist()
    return intake, rows, pq.read_table(paths.quarantine_file(platform, NIGHT)).to_pylist()


def numbers_of(platform: str) -> list[int]:
    items = drawn()
    return [n for n, outlet in enumerate(items.outlet.tolist()) if NAMES.outlets[outlet].source == platform]


def item_keys(source: ModuleType) -> dict[str, int]:
    items = drawn()
    outlet, second = items.outlet.tolist(), items.second.tolist()
    return {
        PSEUDONYMS.key(source.ITEM_SPACE, source.item_id(NAMES, number, outlet[number], second[number])): number
        for number in numbers_of(source.PLATFORM)
    }


def by_number(source: ModuleType, rows: Rows) -> dict[int, dict[str, Any]]:
    keys = item_keys(source)
    return {keys[row["item_key"]]: row for row in rows}


@pytest.fixture(scope="module", params=SOURCES, ids=lambda source: source.PLATFORM)
def landed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[ModuleType, Inbox, Any]:
    source: ModuleType = request.param
    folder = tmp_path_factory.mktemp(source.PLATFORM)
    inbox = write(folder, source)
    return source, inbox, take_in(folder, source.PLATFORM, "mainstream_items")


def test_every_item_lands_once_under_the_key_and_the_outlet_that_truth_names(landed: tuple[ModuleType, Inbox, Any]) -> None:
    source, _, (intake, rows, _) = landed
    assert {file.status for file in intake.files} <= {"ingested", "refused"}
    assert sorted(row["item_key"] for row in rows) == sorted(item_keys(source))
    outlet = drawn().outlet.tolist()
    for number, row in by_number(source, rows).items():
        assert row["outlet_key"] == PSEUDONYMS.key(source.OUTLET_SPACE, source.outlet_id(NAMES, outlet[number]))
        assert row["language"] == ("en", "de", "fr", "es")[NAMES.outlets[outlet[number]].language]


def test_what_is_quarantined_is_what_was_planted_with_its_reason(landed: tuple[ModuleType, Inbox, Any]) -> None:
    source, inbox, (_, _, quarantined) = landed
    found = Counter((row["file"], row["reason_code"]) for row in quarantined)
    assert found == Counter((fault.file, fault.expected_code) for fault in inbox.faults)
    assert {"missing_id", "implausible_time"} <= {fault.expected_code for fault in inbox.faults}
    assert {fault.platform for fault in inbox.faults} == {source.PLATFORM}


def test_a_title_says_a_trend_only_if_the_item_is_about_it(landed: tuple[ModuleType, Inbox, Any]) -> None:
    source, _, (_, rows, _) = landed
    trend = drawn().trend.tolist()
    labels = [planted.tag for planted in TRENDS]
    for number, row in by_number(source, rows).items():
        met = [label for label in labels if label in row["title_terms"]]
        assert met == ([] if trend[number] == NOBODY else [labels[trend[number]]]), row["title"]
        assert [label for label in labels if label in (row["tags"] or [])] in ([], met)


def test_a_reprint_has_the_title_of_its_original(landed: tuple[ModuleType, Inbox, Any], tmp_path: Path) -> None:
    source, _, (_, rows, _) = landed
    titles = {number: row["title"] for number, row in by_number(source, rows).items()}
    for other in set(SOURCES) - {source}:
        write(tmp_path, other)
        titles |= {
            n: row["title"] for n, row in by_number(other, take_in(tmp_path, other.PLATFORM, "mainstream_items")[1]).items()
        }
    reprints = [(number, original) for number, original in enumerate(drawn().original.tolist()) if original != NOBODY]
    assert len(reprints) > 20
    assert all(titles[number] == titles[original] for number, original in reprints)


def test_no_niche_is_written_of_that_is_not_there_all_the_time(landed: tuple[ModuleType, Inbox, Any]) -> None:
    _, _, (_, rows, _) = landed
    assert not [row["title"] for row in rows if "mossart" in row["title_terms"]]


def test_a_world_without_faults_has_none_and_the_same_world_gives_the_same_bytes(
    landed: tuple[ModuleType, Inbox, Any], tmp_path: Path
) -> None:
    source, faulty, _ = landed
    inbox = write(tmp_path, source, has_faults=False)
    _, rows, quarantined = take_in(tmp_path, source.PLATFORM, "mainstream_items")
    assert (len(rows), quarantined, inbox.faults) == (len(numbers_of(source.PLATFORM)), [], [])
    again = write(tmp_path / "again", source)
    assert digests(again) == digests(faulty)


def digests(inbox: Inbox) -> dict[str, str]:
    files = [path for path in inbox.root.rglob("*") if path.is_file()]
    return {path.relative_to(inbox.root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_a_later_shape_costs_no_item(landed: tuple[ModuleType, Inbox, Any], tmp_path: Path) -> None:
    source, _, (_, rows, _) = landed
    write(tmp_path, source, drifts_on=0, has_faults=False)
    _, later, quarantined = take_in(tmp_path, source.PLATFORM, "mainstream_items")
    assert ({row["item_key"] for row in later}, quarantined) == ({row["item_key"] for row in rows}, [])


def test_a_world_whose_trends_use_up_the_words_of_all_headlines_is_refused() -> None:
    words = "budget timetable harvest museum weather elections school ferry bridge rent marathon library"
    greedy = replace(NAMES, trends=(replace(TRENDS[0], words=words),))
    with pytest.raises(ValueError, match="add subjects"):
        feeds.open_writer(Inbox(Path()), greedy, address_of)


def test_closing_writes_what_is_kept_of_a_calendar_whose_last_day_was_not_said(
    landed: tuple[ModuleType, Inbox, Any], tmp_path: Path
) -> None:
    source, _, (_, rows, _) = landed
    writer = source.open_writer(Inbox(tmp_path / "inbox"), NAMES, address_of)
    for filed in filed_days(drawn(), DAY_COUNT):
        writer.write_day(replace(filed, is_last=False))
    writer.close()
    _, closed, quarantined = take_in(tmp_path, source.PLATFORM, "mainstream_items")
    assert (sorted(row["item_key"] for row in closed), quarantined) == (sorted(row["item_key"] for row in rows), [])


def test_feeds_state_the_second_and_their_categories_until_their_shape_changes(tmp_path: Path) -> None:
    write(tmp_path, feeds)
    items, trend = drawn(), drawn().trend.tolist()
    for number, row in by_number(feeds, take_in(tmp_path, "feeds", "mainstream_items")[1]).items():
        assert (row["published_at"], row["ts_quality"]) == (moment(items.second[number]), "exact")
        # The half month's file that holds day 45 and what follows has the later shape.
        if items.second[number] // DAY <= 29 and trend[number] != NOBODY:
            assert TRENDS[trend[number]].tag in row["tags"]


def test_feeds_link_to_the_post_that_they_credit_and_name_the_wire(tmp_path: Path) -> None:
    inbox = write(tmp_path, feeds)
    printed = (
        "".join(path.read_text() for path in sorted((inbox.root / "feeds").iterdir())).replace("&amp;", "&").replace("&amp;", "&")
    )
    items = drawn()
    credited = [n for n in numbers_of("feeds") if items.credit[n] != NOBODY]
    assert credited
    for number in credited:
        assert (
            address_of(int(items.credit[number]), int(items.credit_account[number]), int(items.credit_second[number])) in printed
        )
    assert "By Meridian Wire" in printed


def test_gdelt_says_the_day_mostly_and_lists_the_post_that_an_article_links_to(tmp_path: Path) -> None:
    write(tmp_path, gdelt)
    items = drawn()
    rows = by_number(gdelt, take_in(tmp_path, "gdelt", "mainstream_items")[1])
    lateness = [(row["published_at"] - moment(int(items.second[number]) // DAY * DAY)).days for number, row in rows.items()]
    assert set(lateness) <= {0, 1}
    assert lateness.count(0) > 0.9 * len(lateness)
    for number, row in rows.items():
        assert row["ts_quality"] == "date_only"
        assert 0 <= (row["observed_at"] - moment(items.second[number])).total_seconds() <= 2.25 * 3600
        if items.credit[number] != NOBODY:
            post = address_of(int(items.credit[number]), int(items.credit_account[number]), int(items.credit_second[number]))
            assert PSEUDONYMS.link_key(canonical_url(post) or "") in row["link_keys"]


def test_media_cloud_dates_some_stories_as_found_and_some_not_at_all(tmp_path: Path) -> None:
    write(tmp_path, mediacloud)
    items = drawn()
    rows = by_number(mediacloud, take_in(tmp_path, "mediacloud", "mainstream_items")[1])
    qualities = Counter(row["ts_quality"] for row in rows.values())
    assert set(qualities) == {"date_only", "collected"}
    assert 0.02 < qualities["collected"] / len(rows) < 0.12
    dated = [(n, row) for n, row in rows.items() if row["ts_quality"] == "date_only"]
    late = [n for n, row in dated if row["published_at"] > moment(int(items.second[n]))]
    assert 0.03 < len(late) / len(dated) < 0.2
    assert all(row["published_at"] <= row["observed_at"] for row in rows.values())


def test_the_outlets_are_the_same_everywhere_and_their_wires_write_their_language() -> None:
    stand = outlets(6, 4)
    assert Counter(outlet.source for outlet in stand) == {"feeds": 12, "gdelt": 3, "mediacloud": 3}
    assert Counter(outlet.outlet_class for outlet in stand) == {"media": 14, "brand": 4}
    assert len({outlet.wire for outlet in stand} - {NOBODY}) == 2
    assert all(stand[outlet.wire].language == outlet.language for outlet in stand if outlet.wire != NOBODY)
    assert {outlet.beat for outlet in stand} - {NOBODY} == set(range(6))
    assert [replace(outlet, beat=NOBODY) for outlet in outlets(40, 4)] == [replace(outlet, beat=NOBODY) for outlet in stand]
    assert {outlet.language for outlet in outlets(6, 1)} == {0}
    assert all(outlet.host.endswith(".example") and canonical_url(f"https://{outlet.host}/") for outlet in stand)


def attention() -> np.ndarray[Any, np.dtype[np.int64]]:
    users = np.zeros((len(TRENDS), 122), dtype=np.int64)
    users[0, 40:50] = 100
    users[1, :] = 1
    return users


def test_search_interest_rises_a_week_after_new_users_and_one_bad_row_is_refused(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "inbox")
    trends.write_attention(inbox, NAMES, attention(), np.random.default_rng(1))
    _, rows, quarantined = take_in(tmp_path, "trends", "attention_series")
    assert [(row["file"], row["reason_code"]) for row in quarantined] == [(inbox.faults[0].file, "wrong_type")]
    assert {(row["granularity"], row["unit"]) for row in rows} == {("week", "index_0_100")}
    assert {row["period_starts_at"].weekday() for row in rows} == {6}
    shown = {row["period_starts_at"].date(): row["interest_value"] for row in rows if row["term"] == "velvet mushroom"}
    assert max(shown.values()) == 100
    assert [day for day, value in shown.items() if value >= 10] == [day for day in shown if day_of(41) <= day <= day_of(56)]


def test_page_views_follow_new_users_with_a_lag_above_a_faint_base_line(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "inbox")
    wikipedia.write_attention(inbox, NAMES, attention(), np.random.default_rng(1))
    _, rows, quarantined = take_in(tmp_path, "wikipedia", "attention_series")
    assert Counter(row["reason_code"] for row in quarantined) == {"missing_id": 1, "implausible_time": 1}
    assert {row["term"] for row in rows} == {f"en.wikipedia:{trend.words.capitalize()}" for trend in TRENDS}
    views = np.zeros(122)
    for row in rows:
        if row["term"] == "en.wikipedia:Velvet mushroom":
            views[(row["period_starts_at"].date() - day_of(0)).days] = row["interest_value"]
    assert views[:41].mean() < 30
    assert views[42:54].mean() > 10 * views[:41].mean()
    assert views[70:].mean() < 30
    centre = (np.arange(41, 65) * views[41:65]).sum() / views[41:65].sum()
    assert 48.5 < centre < 51.5  # five and a half days after the users' own centre, less what the calendar's window cuts
