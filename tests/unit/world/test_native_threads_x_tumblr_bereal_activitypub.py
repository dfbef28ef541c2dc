"""Files that an invented world leaves for Threads, X, Tumblr, BeReal and ActivityPub, read back by the intake."""

from __future__ import annotations

import hashlib
import importlib
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from pipelines.platforms.text import normalise_tags, tags_in
from pipelines.world.drawn import DAY, FOLLOW, LIKE, PLATFORM_LABEL, POST, QUOTE, REPLY, REPOST, Ints, counted, moment
from pipelines.world.native.files import Filed, Inbox
from pipelines.world.native.names import Names
from tests.unit.world.invented import ACCOUNT_COUNT, invented
from tests.unit.world.landing import Landing, key, land

PLATFORMS = ("x", "threads", "tumblr", "bereal", "activitypub")
KINDS = {
    "x": {POST: "post", REPLY: "reply", REPOST: "repost", QUOTE: "quote"},
    "threads": {POST: "post", REPLY: "reply", REPOST: "repost", QUOTE: "quote"},
    "tumblr": {POST: "post", REPLY: "quote", REPOST: "repost", QUOTE: "quote"},  # a reply there is a note and no post
    "bereal": dict.fromkeys((POST, REPLY, REPOST, QUOTE), "post"),
    "activitypub": {POST: "post", REPLY: "reply", REPOST: "repost", QUOTE: "quote"},
}
WITH_FOLLOWERS = STATING_DELETIONS = ("x", "threads", "activitypub")
OWN = np.arange(ACCOUNT_COUNT - 2)


def module(platform: str) -> ModuleType:
    return importlib.import_module(f"pipelines.world.native.{platform}")


def write(root: Path, platform: str, names: Names, filed: Filed, *, has_faults: bool = False) -> Inbox:
    inbox = Inbox(root, has_faults)
    writer = module(platform).open_writer(inbox, names)
    writer.write_profiles(filed.day, OWN)
    writer.write_day(filed)
    writer.close()
    return inbox


def read(folder: Path, platform: str, **changes: Any) -> tuple[Names, Filed, Landing]:
    names, filed = invented(platform)
    filed = replace(filed, **changes)
    write(folder / "inbox", platform, names, filed)
    return names, filed, land(folder / "inbox", platform, folder)


def post_keys(platform: str, names: Names, number: Ints, account: Ints, second: Ints) -> list[str]:
    rows = zip(number.tolist(), account.tolist(), second.tolist(), strict=True)
    return [key(platform, module(platform).post_id(names, *row)) for row in rows]


def own_keys(platform: str, names: Names, filed: Filed) -> list[str]:
    return post_keys(platform, names, filed.posts.number, filed.posts.account, filed.posts.second)


def account_key(platform: str, names: Names, account: int) -> str:
    return key(platform, module(platform).account_id(names, account))


def by_key(found: Landing, table: str = "posts") -> dict[str, dict[str, Any]]:
    return {row["post_key"]: row for row in found.rows(table)}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_record_lands_in_a_world_without_faults(tmp_path: Path, platform: str) -> None:
    names, filed, found = read(tmp_path, platform, is_last=True)
    assert (found.refusals(), set(found.statuses().values())) == ([], {"ingested"})
    assert Counter(row["post_key"] for row in found.rows("posts")) == Counter(own_keys(platform, names, filed))


@pytest.mark.parametrize("platform", PLATFORMS)
def test_what_is_refused_is_what_was_planted_for_the_reason_it_was_planted(tmp_path: Path, platform: str) -> None:
    names, filed = invented(platform)
    inbox = write(tmp_path / "inbox", platform, names, replace(filed, is_last=True), has_faults=True)
    found = land(tmp_path / "inbox", platform, tmp_path)
    planted = sorted((fault.file, str(fault.expected_code)) for fault in inbox.faults)
    assert found.refusals() == planted
    assert {"missing_id", "implausible_time"} < {code for _, code in planted}
    assert set(by_key(found)) == set(own_keys(platform, names, filed))


@pytest.mark.parametrize("platform", PLATFORMS)
def test_posts_have_their_author_kind_time_and_tags(tmp_path: Path, platform: str) -> None:
    names, filed, found = read(tmp_path, platform)
    rows, posts = by_key(found), filed.posts
    columns = (
        posts.account.tolist(),
        posts.stated_second.tolist(),
        posts.kind.tolist(),
        names.tags(posts),
        names.sentences(posts),
    )
    for post, account, second, kind, tags, sentence in zip(own_keys(platform, names, filed), *columns, strict=True):
        row = rows[post]
        assert row["account_key"] == account_key(platform, names, account)
        assert row["post_type"] == KINDS[platform][kind]
        assert row["published_at"].replace(microsecond=0) == moment(second)
        words = [] if platform == "tumblr" else tags_in(sentence)  # its tags stand beside the text only
        assert set(row["tags"] or []) == {*normalise_tags(tags), *words}


@pytest.mark.parametrize("platform", [each for each in PLATFORMS if each != "bereal"])
def test_replies_reposts_and_quotes_point_at_their_parent(tmp_path: Path, platform: str) -> None:
    names, filed, found = read(tmp_path, platform)
    posts, rows = filed.posts.take(filed.posts.kind != POST), by_key(found)
    keys = post_keys(platform, names, posts.number, posts.account, posts.second)
    parents = post_keys(platform, names, posts.parent, posts.parent_account, posts.parent_second)
    kinds = [KINDS[platform][kind] for kind in posts.kind.tolist()]
    edges = {(row["post_key"], row["interaction_type"], row["target_post_key"]) for row in found.rows("interactions")}
    assert set(zip(keys, kinds, parents, strict=True)) <= edges
    followed = [place for place, kind in enumerate(posts.kind.tolist()) if kind != QUOTE]
    assert [rows[keys[place]]["parent_post_key"] for place in followed] == [parents[place] for place in followed]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_an_edited_text_is_the_same_post_with_another_text(tmp_path: Path, platform: str) -> None:
    names, filed, found = read(tmp_path, platform)
    edited = [post for post, version in zip(own_keys(platform, names, filed), filed.version.tolist(), strict=True) if version]
    assert len(edited) == 1
    assert [row["post_key"] for row in found.rows("vault_posts") if "(edited)" in row["text"]] == edited


@pytest.mark.parametrize("platform", [each for each in PLATFORMS if each != "bereal"])
def test_a_credit_is_a_mention_where_the_one_it_names_is_on_the_platform(tmp_path: Path, platform: str) -> None:
    names, filed, found = read(tmp_path, platform)
    credited = np.flatnonzero(filed.posts.credit >= 0).tolist()
    keys = own_keys(platform, names, filed)
    mentions = {
        (row["post_key"], row["target_account_key"]) for row in found.rows("interactions") if row["interaction_type"] == "mention"
    }
    assert {(keys[place], account_key(platform, names, int(filed.posts.credit[place]))) for place in credited} <= mentions
    elsewhere = replace(filed.posts, credit=np.where(filed.posts.credit >= 0, OWN[-1] + 1, filed.posts.credit))
    _, _, others = read(tmp_path / "elsewhere", platform, posts=elsewhere)
    known = {account_key(platform, names, account) for account in OWN.tolist()}
    named = {
        row["post_key"]
        for row in others.rows("interactions")
        if row["interaction_type"] == "mention" and row["target_account_key"] in known
    }
    assert named.isdisjoint(keys[place] for place in credited)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_records_of_a_later_shape_land_as_those_before(tmp_path: Path, platform: str) -> None:
    _, _, before = read(tmp_path / "before", platform)
    _, _, later = read(tmp_path / "later", platform, is_drifted=True)
    for table in ("posts", "post_metrics", "interactions", "follows", "accounts", "deletions"):
        told = [{str({**row, "source_hash": None}) for row in found.rows(table)} for found in (before, later)]
        assert told[0] == told[1]
    assert later.refusals() == []
    assert _digests(tmp_path / "before" / "inbox") != _digests(tmp_path / "later" / "inbox")


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_same_world_gives_the_same_bytes(tmp_path: Path, platform: str) -> None:
    for at in ("one", "two"):
        names, filed = invented(platform)
        write(tmp_path / at, platform, names, replace(filed, is_last=True), has_faults=True)
    assert _digests(tmp_path / "one") == _digests(tmp_path / "two")


def _digests(folder: Path) -> dict[str, tuple[str, float]]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.name: (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime) for path in files}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_day_on_which_nothing_happened_is_no_error(tmp_path: Path, platform: str) -> None:
    _, filed = invented(platform)
    nothing = np.empty(0, np.int64)
    _, _, found = read(
        tmp_path, platform, posts=filed.posts.take(nothing), deleted=filed.deleted.take(nothing), is_last=True,
        reactions=filed.reactions.take(nothing), observed_second=nothing, version=nothing, is_repeat=nothing.astype(np.bool_),
    )  # fmt: skip
    assert (found.rows("posts"), found.refusals()) == ([], [])
    assert set(found.statuses().values()) <= {"ingested"}


@pytest.mark.parametrize("platform", [each for each in PLATFORMS if each != "bereal"])
def test_a_clock_that_is_wrong_moves_what_is_said_and_not_the_id(tmp_path: Path, platform: str) -> None:
    names, filed = invented(platform)
    wrong = replace(filed.posts, stated_second=filed.posts.stated_second - 3_600)
    _, _, found = read(tmp_path, platform, posts=wrong, version=np.zeros(len(wrong), np.int64))
    rows = by_key(found)
    said = [rows[post]["published_at"] for post in own_keys(platform, names, filed)]
    assert said == [moment(second) for second in wrong.stated_second.tolist()]


@pytest.mark.parametrize("platform", WITH_FOLLOWERS)
def test_profiles_show_followers_of_the_day(tmp_path: Path, platform: str) -> None:
    names, filed, found = read(tmp_path, platform)
    shown = {row["account_key"]: row["followers_count"] for row in found.rows("accounts") if row["followers_count"] is not None}
    expected = zip(OWN.tolist(), names.accounts.followers(OWN, filed.day).tolist(), strict=True)
    assert shown == {account_key(platform, names, account): count for account, count in expected}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_profile_declares_the_account_elsewhere_that_it_links_to(tmp_path: Path, platform: str) -> None:
    names, _, found = read(tmp_path, platform)
    declared = {row["account_key"]: row["declared_handle_keys"] for row in found.rows("accounts") if row["declared_handle_keys"]}
    assert declared == {account_key(platform, names, 0): [key("mastodon", f"@{names.handles[OWN[-1] + 1]}@meadow.example")]}


@pytest.mark.parametrize("platform", STATING_DELETIONS)
def test_stated_deletions_are_tombstones_of_their_posts(tmp_path: Path, platform: str) -> None:
    names, filed, found = read(tmp_path, platform)
    gone, stones = filed.deleted, found.rows("deletions")
    assert module(platform).STATES_DELETIONS
    assert sorted(row["subject_key"] for row in stones) == sorted(
        post_keys(platform, names, gone.number, gone.account, gone.second)
    )
    assert {row["subject_type"] for row in stones} == {"post"}
    assert all(timedelta() <= row["deleted_at"] - moment(filed.day * DAY) < timedelta(days=1) for row in stones)


def _shown(found: Landing, column: str) -> set[tuple[str, int]]:
    """Distinct (post, count) of a counter."""
    return {(row["post_key"], row[column]) for row in found.rows("post_metrics")}


def _expected(platform: str, names: Names, filed: Filed, final: Ints, *kinds: int) -> set[tuple[str, int]]:
    """(post, count) of posts of some kinds, a counter being as old as each record."""
    counts = counted(final, (filed.observed_second - filed.posts.second) / DAY).tolist()
    listed = zip(own_keys(platform, names, filed), counts, filed.posts.kind.tolist(), strict=True)
    return {(post, count) for post, count, kind in listed if kind in kinds}


def test_x_shows_counters_at_their_age_but_none_of_reposts(tmp_path: Path) -> None:
    names, filed, found = read(tmp_path, "x")
    assert _shown(found, "like_count") == _expected("x", names, filed, filed.posts.like_count, POST, REPLY, QUOTE)
    assert _shown(found, "comment_count") == _expected("x", names, filed, filed.posts.comment_count, POST, REPLY, QUOTE)
    assert _shown(found, "repost_count") == _expected("x", names, filed, filed.posts.share_count, POST, REPLY, QUOTE)


def test_threads_shows_counters_where_a_scraper_s_table_does(tmp_path: Path) -> None:
    names, filed, found = read(tmp_path, "threads")
    assert _shown(found, "like_count") == _expected("threads", names, filed, filed.posts.like_count, POST)
    assert _shown(found, "comment_count") == _expected("threads", names, filed, filed.posts.comment_count, POST)


@pytest.mark.parametrize("platform", ["x", "tumblr"])
def test_the_platform_s_label_marks_posts_that_are_paid_for(tmp_path: Path, platform: str) -> None:
    names, filed, found = read(tmp_path, platform)
    labelled = np.flatnonzero(filed.posts.disclosure == PLATFORM_LABEL)
    keys = own_keys(platform, names, filed)
    assert {row["post_key"] for row in found.rows("posts") if row["has_paid_label"]} == {
        keys[place] for place in labelled.tolist()
    }


def test_tumblr_counts_notes_of_first_posts_only(tmp_path: Path) -> None:
    names, filed, found = read(tmp_path, "tumblr")
    ages = (filed.observed_second - filed.posts.second) / DAY
    finals = (filed.posts.like_count, filed.posts.comment_count, filed.posts.share_count)
    notes = np.sum([counted(final, ages) for final in finals], axis=0).tolist()
    listed = zip(own_keys("tumblr", names, filed), notes, filed.posts.kind.tolist(), strict=True)
    assert _shown(found, "score_count") == {(post, count) for post, count, kind in listed if kind == POST}


@pytest.mark.parametrize("platform", ["tumblr", "activitypub"])
def test_who_likes_a_post_is_an_edge_to_it_at_its_time(tmp_path: Path, platform: str) -> None:
    names, filed, found = read(tmp_path, platform)
    likes = filed.reactions.take(filed.reactions.kind == LIKE)
    targets = post_keys(platform, names, likes.target, likes.target_account, likes.target_second)
    likers = [account_key(platform, names, account) for account in likes.account.tolist()]
    edges = {
        (row["source_account_key"], row["target_post_key"], row["interacted_at"])
        for row in found.rows("interactions")
        if row["interaction_type"] == "like"
    }
    assert edges == set(zip(likers, targets, map(moment, likes.second.tolist()), strict=True))


def test_bereal_shows_as_many_reactions_as_its_answers_list(tmp_path: Path) -> None:
    names, filed, found = read(tmp_path, "bereal")
    expected = _expected("bereal", names, filed, filed.posts.like_count, POST, REPLY, REPOST, QUOTE)
    most = module("bereal").MOST_SHOWN
    assert any(count > most for _, count in expected)
    assert _shown(found, "like_count") == {(post, min(count, most)) for post, count in expected}


def test_bereal_keeps_a_post_that_answers_another_by_naming_whom_it_answers(tmp_path: Path) -> None:
    names, filed, found = read(tmp_path, "bereal")
    texts = {row["post_key"]: row["text"] for row in found.rows("vault_posts")}
    keys, parents = own_keys("bereal", names, filed), filed.posts.parent_account.tolist()
    answering = {post: f"@{names.handles[parent]} " for post, parent in zip(keys, parents, strict=True) if parent >= 0}
    assert {post for post, text in texts.items() if text.startswith("@")} == answering.keys()
    assert all(texts[post].startswith(name) for post, name in answering.items())


def test_activitypub_shows_counters_follows_and_who_is_a_bot(tmp_path: Path) -> None:
    names, filed, found = read(tmp_path, "activitypub")
    assert _shown(found, "like_count") == _expected("activitypub", names, filed, filed.posts.like_count, POST, REPLY, QUOTE)
    assert _shown(found, "comment_count") == _expected("activitypub", names, filed, filed.posts.comment_count, POST, REPLY, QUOTE)
    assert _shown(found, "repost_count") == _expected("activitypub", names, filed, filed.posts.share_count, POST, REPLY, QUOTE)
    follows = filed.reactions.take(filed.reactions.kind == FOLLOW)
    ends = zip(follows.account.tolist(), follows.target_account.tolist(), map(moment, follows.second.tolist()), strict=True)
    expected = {(account_key("activitypub", names, one), account_key("activitypub", names, other), at) for one, other, at in ends}
    assert {
        (row["source_account_key"], row["target_account_key"], row["followed_at"]) for row in found.rows("follows")
    } == expected
    bots = {row["account_key"] for row in found.rows("accounts") if row["actor_class"] == "bot"}
    assert bots == {account_key("activitypub", names, each) for each in OWN.tolist() if names.accounts.is_declared_bot[each]}


def test_activitypub_undoes_a_boost_that_is_deleted(tmp_path: Path) -> None:
    names, filed = invented("activitypub")
    boosts = filed.posts.take(filed.posts.kind == REPOST)
    _, _, found = read(tmp_path, "activitypub", deleted=boosts)
    stones = {(row["subject_key"], row["reason"]) for row in found.rows("deletions")}
    assert stones == {(post, "undone") for post in post_keys("activitypub", names, boosts.number, boosts.account, boosts.second)}
