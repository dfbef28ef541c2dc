"""Contracts of Instagram's Graph API answers and of its account export: real answers pinned, the export hand-written."""

from __future__ import annotations

import json
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.lake.intake import ingest_night
from pipelines.lake.paths import DataPaths
from pipelines.platforms.instagram.export import mended
from pipelines.platforms.instagram.fields import shortcode_of
from pipelines.platforms.instagram.parse import FORMATS, Posts, post_ids_of
from pipelines.platforms.protocol import Sample
from pipelines.platforms.registry import PLATFORMS
from tests.contracts import test_instagram
from tests.contracts.harness import PSEUDONYMS, REALDATA, Outcome, chosen, context, drive
from tests.contracts.nights import NIGHT
from tests.contracts.test_bluesky import JSON

key = test_instagram.key
OLD = {"instagram_apify_posts", "instagram_apify_profiles", "instagram_apify_csv"}


def medium(**more: Any) -> dict[str, Any]:
    base = {
        "id": "17896129349106152",
        "caption": "walls of #Moss with @Ben.b.",
        "comments_count": 0,
        "like_count": 12,
        "media_type": "IMAGE",
        "permalink": "https://www.instagram.com/p/DAbc_d-1/",
        "timestamp": "2026-01-02T03:04:05+0000",
        "username": "Ann.A",
    }
    return base | more


def read(document: Any, file: str = "file.json") -> Outcome:
    native = chosen(FORMATS, Sample(file, ".json", b"", document))
    assert native is not None, "no format takes it"
    return drive(native, [document], context("instagram", file=file))


def test_a_medium_of_the_graph_api_and_a_scraped_post_have_one_key() -> None:
    outcome = read({"data": [medium()]})
    (row,), (metrics,) = outcome.of("posts"), outcome.of("post_metrics")
    (scraped,) = drive(Posts(), [[test_instagram.post()]], context("instagram")).of("posts")
    assert (row["post_key"], row["account_key"], row["tags"]) == (scraped["post_key"], scraped["account_key"], ["moss"])
    assert (row["published_at"], metrics["like_count"], metrics["comment_count"]) == (scraped["published_at"], 12, 0)
    assert outcome.of("interactions")[0]["target_account_key"] == key("ben.b")


def test_likes_that_are_left_out_are_hidden_and_not_zero() -> None:
    hidden = {name: value for name, value in medium().items() if name != "like_count"}
    (metrics,) = read({"data": [hidden]}).of("post_metrics")
    assert metrics["like_count"] is None


def test_what_is_discovered_belongs_to_the_account_that_was_asked_about() -> None:
    media = {"data": [medium(username=None)], "paging": {"cursors": {"after": "x"}}}
    found = {
        "id": "1",
        "username": "Ann.A",
        "followers_count": 900,
        "follows_count": 3,
        "media_count": 4,
        "biography": "moss",
        "media": media,
    }
    outcome = read({"business_discovery": found, "id": "2"})
    assert outcome.record_count == 2
    assert {account["account_key"] for account in outcome.of("accounts")} == {key("ann.a")}
    assert outcome.of("posts")[0]["account_key"] == key("ann.a")
    assert max(account["followers_count"] or 0 for account in outcome.of("accounts")) == 900
    del found["media"]
    assert read({"business_discovery": found, "id": "2"}).by_table == {"accounts": 1, "vault_accounts": 1}


def test_media_asked_for_by_their_ids_and_one_on_its_own_are_read_too() -> None:
    assert read({"17896129349106152": medium()}).by_table["posts"] == 1
    assert read(medium()).by_table["posts"] == 1


def test_a_media_number_writes_the_shortcode() -> None:
    assert shortcode_of("2421239445800645437") == "CGZ-HKbHHM9"  # a real pair
    story = medium(permalink="https://instagram.com/stories/ann.a/2421239445800645437")
    (row,) = read({"data": [story]}).of("posts")
    assert (row["post_key"], row["post_type"]) == (key("CGZ-HKbHHM9"), "story")


def test_a_medium_without_an_address_is_refused_with_what_to_ask_for() -> None:
    outcome = read({"data": [medium(permalink=None)]})
    assert outcome.by_code == {"missing_id": 1}
    assert "permalink" in outcome.refused[0].reason


def test_insights_inside_a_medium_are_its_counters_and_alone_belong_to_nothing() -> None:
    insights = {
        "data": [{"name": "saved", "period": "lifetime", "values": [{"value": 3}]}, {"name": "reach", "period": "lifetime"}]
    }
    assert read({"data": [medium(insights=insights)]}).of("post_metrics")[0]["save_count"] == 3
    assert read(insights).by_code == {"missing_id": 2}


def test_comments_hang_below_their_medium_where_that_is_known_and_answers_below_their_comment() -> None:
    comment = {"id": "7", "text": "hi @ben", "timestamp": "2026-01-02T03:05:00+0000", "username": "Cy", "like_count": 1}
    (alone,) = read({"data": [comment]}).of("posts")
    assert (alone["post_type"], alone["account_key"], alone["parent_post_key"]) == ("comment", key("cy"), None)
    replies = {"data": [comment | {"id": "8"}]}
    outcome = read({"data": [medium(comments={"data": [comment | {"replies": replies}]})]})
    rows = {row["post_key"]: (row.get("parent_post_key"), row.get("root_post_key")) for row in outcome.of("posts")}
    assert rows[key("7")] == (key("DAbc_d-1"), key("DAbc_d-1"))
    assert rows[key("8")] == (key("7"), key("DAbc_d-1"))


def test_an_error_is_refused_and_the_number_of_a_hashtag_holds_no_record() -> None:
    assert read({"error": {"message": "no", "code": 190}}).by_code == {"error_response": 1}
    assert read({"data": [{"id": "17841562426109234"}]}).record_count == 0
    assert read({"data": []}).record_count == 0


def test_the_ids_of_an_answer_are_told() -> None:
    assert post_ids_of({"data": [medium(), {"id": "1"}]}) == {"DAbc_d-1"}
    assert post_ids_of(None) == set()


def exported(**more: Any) -> dict[str, Any]:
    picture = {"uri": "media/posts/202601/40_n_17895731045244887.jpg", "creation_timestamp": 1_767_322_845, "title": ""}
    return {
        "media": [picture],
        "title": "caf\u00c3\u00a9 #Moss \u00f0\u009f\u008c\u00bf",
        "creation_timestamp": 1_767_322_900,
    } | more


ARCHIVE = "instagram-ann.a-2026-03-07-huslh1uO.zip"
POSTS = f"{ARCHIVE}!your_instagram_activity/media/posts_1.json"


def test_texts_of_an_export_are_mended_and_others_left_alone() -> None:
    assert mended("caf\u00c3\u00a9 \u00f0\u009f\u008c\u00bf") == "caf\u00e9 \U0001f33f"
    assert [mended(text) for text in ("caf\u00e9", "plain", "\U0001f33f")] == ["caf\u00e9", "plain", "\U0001f33f"]


def test_an_exported_post_has_its_owner_from_the_archives_name() -> None:
    outcome = read([exported()], POSTS)
    (row,) = outcome.of("posts")
    assert (row["account_key"], row["tags"], row["text_char_count"]) == (
        key("ann.a"),
        ["moss"],
        len("caf\u00e9 #Moss \U0001f33f"),
    )
    assert row["post_key"] == key("export:17895731045244887")
    assert row["published_at"].isoformat() == "2026-01-02T03:01:40+00:00"
    assert read([exported()], "posts_1.json").of("posts")[0]["account_key"] is None


def test_exported_reels_and_stories_are_known_by_the_name_of_their_list() -> None:
    reel, story = exported(), exported()["media"][0] | {"uri": "media/stories/202601/x.mp4", "title": "hi"}
    assert read({"ig_reels_media": [reel]}, POSTS).of("posts")[0]["post_type"] == "post"
    (row,) = read({"ig_stories": [story]}, POSTS).of("posts")
    assert (row["post_type"], row["media_kind"]) == ("story", "video")


def test_an_exported_comment_says_whose_post_it_is_below() -> None:
    item = {
        "string_map_data": {
            "Comment": {"value": "so green"},
            "Media Owner": {"value": "Ben"},
            "Time": {"timestamp": 1_767_322_845},
        }
    }
    for document in ([item], {"comments_reels_comments": [item]}):
        outcome = read(document, POSTS.replace("posts_1", "post_comments_1"))
        (row,), (edge,) = outcome.of("posts"), outcome.of("interactions")
        assert (row["post_type"], row["account_key"], edge["target_account_key"]) == ("comment", key("ann.a"), key("ben"))


def test_a_whole_export_lands_what_was_public_and_names_what_was_not_read(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox" / "instagram"
    inbox.mkdir(parents=True)
    traits = {"Username": {"value": "Ann.A"}, "Email": {"value": "a@b.c"}, "Bio": {"value": "moss"}}
    members = {
        "your_instagram_activity/media/posts_1.json": [exported()],
        "personal_information/personal_information/personal_information.json": {"profile_user": [{"string_map_data": traits}]},
        "your_instagram_activity/messages/inbox/ben_1/message_1.json": {"messages": [{"content": "for your eyes only"}]},
        "connections/followers_and_following/followers_1.json": [{"string_list_data": [{"value": "ben"}]}],
        "your_instagram_activity/media/archived_posts.json": {"ig_archived_post_media": [exported()]},
    }
    with zipfile.ZipFile(inbox / ARCHIVE, "w") as archive:
        for name, document in members.items():
            archive.writestr(name, json.dumps(document))
    night = ingest_night(DataPaths(tmp_path / "data"), tmp_path / "inbox", PLATFORMS["instagram"], NIGHT, PSEUDONYMS)
    told = {entry.file.rsplit("/", 1)[-1]: (entry.source_format, entry.landed_count) for entry in night.files}
    assert told == {
        "posts_1.json": ("instagram_export_posts", 1),
        "personal_information.json": ("instagram_export_profile", 1),
        "message_1.json": ("instagram_export_not_read_private", 0),
        "followers_1.json": ("instagram_export_not_read_private", 0),
        "archived_posts.json": ("instagram_export_not_read_private", 0),
    }


@pytest.mark.realdata
@pytest.mark.skipif(not REALDATA.exists(), reason="no real records here")
def test_the_real_answers_are_accounted_for(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox" / "instagram"
    inbox.mkdir(parents=True)
    with tarfile.open(REALDATA / "instagram_graph_api" / "python_facebook_testdata.tar.gz") as archive:
        for member in archive.getmembers():
            if member.isfile() and member.name.startswith("testdata/instagram"):
                content = archive.extractfile(member)
                assert content is not None
                (inbox / member.name.replace("/", "_")).write_bytes(content.read())
    night = ingest_night(DataPaths(tmp_path / "data"), tmp_path / "inbox", PLATFORMS["instagram"], NIGHT, PSEUDONYMS)
    by_format: dict[str | None, list[int]] = {}
    for entry in night.files:
        counts = (entry.record_count, entry.landed_count, entry.quarantined_count, entry.duplicate_count)
        by_format[entry.source_format] = [a + b for a, b in zip(by_format.get(entry.source_format, [0] * 4), counts, strict=True)]
    assert by_format == {
        "instagram_graph_comments": [11, 11, 0, 0],
        # Quarantined: asked for without the field permalink or timestamp.
        "instagram_graph_media": [103, 34, 67, 2],
        "instagram_graph_users": [5, 4, 0, 1],
        "instagram_graph_insights": [9, 0, 9, 0],
        "instagram_graph_hashtags": [0, 0, 0, 0],
        None: [0, 0, 0, 0],
    }


@given(
    document=JSON,
    name=st.sampled_from([*sorted(medium()), "insights", "comments", "ig_id", "shortcode", "text", "followers_count"]),
)
def test_arbitrary_json_is_refused_and_never_breaks_a_format(document: Any, name: str) -> None:
    trait = {"string_map_data": {"Comment": {"value": document}, "Media Owner": document, "Time": {"timestamp": document}}}
    items: list[Any] = [document, medium() | {name: document}, exported() | {name: document}, exported(media=[document]), trait]
    items += [
        medium(comments={"data": [document, {"id": "1", "text": document, "replies": document}]}),
        {"id": "1", name: document},
    ]
    items += [
        exported(media=[{"uri": document, "creation_timestamp": document}]),
        {"id": "1", "text": "x", "timestamp": document},
    ]
    wrapped = {"business_discovery": {"username": document, "biography": document, "media": {"data": items}}}
    shapes: list[Any] = [
        *items,
        items,
        {"data": items},
        wrapped,
        {"ig_stories": items},
        {"profile_user": items},
        {"1": document, "2": medium()},
    ]
    shapes.append({"comments_reels_comments": items})
    for shape in shapes:
        post_ids_of(shape)
        for native in FORMATS:
            if native.name not in OLD and native.matches(Sample(POSTS, ".json", b"", shape)):
                drive(native, [shape], context("instagram", file=POSTS))
