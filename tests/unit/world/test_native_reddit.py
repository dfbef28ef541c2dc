"""Reddit's dumps of an invented world, taken in by the real intake."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import zstandard

from pipelines.platforms.text import normalise_tags
from pipelines.world.drawn import DAY, NOBODY, POST, REPLY, REPOST, counted, moment
from pipelines.world.native import reddit
from pipelines.world.native.files import Inbox
from tests.unit.world.invented import DISCLOSURES, invented
from tests.unit.world.landing import Landing, key, land

NAMES, FILED = invented("reddit")
LAST = 121


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Inbox:
    """One day in June, one in the month that was delivered unpacked."""
    inbox = Inbox(tmp_path_factory.mktemp("inbox"))
    writer = reddit.open_writer(inbox, NAMES)
    writer.write_day(FILED)
    later = invented("reddit", 30, 2, LAST)[1]
    numbers = {
        name: getattr(later.posts, name) + 100_000 * (getattr(later.posts, name) != NOBODY) for name in ("number", "parent")
    }
    none = later.deleted.take(later.deleted.number < 0)
    writer.write_day(replace(later, posts=replace(later.posts, **numbers), deleted=none, is_drifted=True, is_last=True))
    writer.close()
    return inbox


@pytest.fixture(scope="module")
def landing(inbox: Inbox, tmp_path_factory: pytest.TempPathFactory) -> Landing:
    return land(inbox.root, "reddit", tmp_path_factory.mktemp("data"))


def _id(row: int) -> str:
    posts = FILED.posts
    return reddit.post_id(NAMES, int(posts.number[row]), int(posts.account[row]), int(posts.second[row]), int(posts.kind[row]))


def test_every_line_lands_but_the_planted_ones(inbox: Inbox, landing: Landing) -> None:
    assert set(landing.statuses()) == {
        "RC_2026-06.zst", "RS_2026-06.zst", "RC_recheck_2026-06.ndjson", "RS_recheck_2026-06.ndjson", "RC_2026-09.ndjson", "RS_2026-09.zst",
    }  # fmt: skip
    assert set(landing.statuses().values()) == {"ingested"}
    assert landing.refusals() == sorted((fault.file, fault.expected_code or "") for fault in inbox.faults)
    assert len(inbox.faults) == 4
    assert landing.duplicate_count == 0


def test_posts_have_the_keys_times_tags_and_communities_that_were_planted(landing: Landing) -> None:
    rows = {row["post_key"]: row for row in landing.rows("posts") if row["observed_at"] < moment(LAST * DAY) and row["tags"]}
    posts, tags = FILED.posts, NAMES.tags(FILED.posts)
    checked = 0
    for row in range(20):
        if not tags[row] or row == 11:
            continue
        landed = rows[key("reddit", _id(row))]
        assert set(landed["tags"]) - DISCLOSURES == set(normalise_tags(tags[row]))
        assert landed["account_key"] == key("reddit", reddit.account_id(NAMES, int(posts.account[row])))
        assert landed["published_at"] == moment(int(posts.stated_second[row]))
        assert landed["community"] == ("mending", "moss")[int(posts.niche[row])]
        checked += 1
    assert checked > 10


def test_comments_answer_what_they_answered_and_stand_in_its_thread(landing: Landing) -> None:
    rows = {row["post_key"]: row for row in landing.rows("posts")}
    first, second = (rows[key("reddit", _id(row))] for row in (1, 2))
    assert FILED.posts.kind[:5].tolist()[:3] == [POST, REPLY, REPLY]
    assert first["parent_post_key"] == first["root_post_key"] == key("reddit", _id(0))
    assert second["parent_post_key"] == key("reddit", _id(1))
    assert second["root_post_key"] == key("reddit", _id(0))
    assert FILED.posts.kind[4] == REPOST
    assert rows[key("reddit", _id(4))]["post_type"] == "repost"
    assert rows[key("reddit", _id(4))]["parent_post_key"] == key("reddit", _id(0))


def test_scores_are_of_the_age_at_which_they_were_read(landing: Landing) -> None:
    found = {(row["post_key"], row["observed_at"]): row["score_count"] for row in landing.rows("post_metrics")}
    for row in (0, 41):
        age = (FILED.observed_second[row] - FILED.posts.second[row]) / DAY
        expected = int(counted(FILED.posts.like_count[row : row + 1], float(age))[0])
        assert found[key("reddit", _id(row)), moment(int(FILED.observed_second[row]))] == expected


def test_an_edit_and_a_credit_are_told(landing: Landing) -> None:
    versions = [row for row in landing.rows("posts") if row["post_key"] == key("reddit", _id(5))]
    assert sorted((row["edited_at"] for row in versions), key=str) == [moment(int(FILED.observed_second[40])), None]
    credited = reddit.account_id(NAMES, int(FILED.posts.credit[5]))
    assert versions[0]["mentioned_account_keys"] == [key("reddit", credited)]


def test_deletions_are_stated_of_a_comment_and_a_submission(landing: Landing) -> None:
    rows = landing.rows("deletions")
    assert {row["subject_key"] for row in rows} == {key("reddit", _id(11)), key("reddit", _id(19))}
    day = timedelta(days=1)
    assert all(moment((FILED.day + 1) * DAY) - day <= row["deleted_at"] < moment((FILED.day + 1) * DAY) for row in rows)


def test_no_ratio_is_known_in_the_later_shape(landing: Landing) -> None:
    ratios = {
        row["observed_at"] >= moment(LAST * DAY): row["upvote_ratio"]
        for row in landing.rows("post_metrics")
        if row["comment_count"] is not None
    }
    assert ratios == {False: 0.93, True: None}


def test_the_dumps_need_a_larger_window_than_readers_accept_by_default(inbox: Inbox) -> None:
    content = (inbox.root / "reddit" / "RS_2026-06.zst").read_bytes()
    with pytest.raises(zstandard.ZstdError):
        zstandard.ZstdDecompressor().stream_reader(content).read()
