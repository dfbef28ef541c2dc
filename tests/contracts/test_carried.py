"""Contracts of what formats carry beside a post's own text: others' posts, marks, links of a profile, lengths, comments."""

from __future__ import annotations

from typing import Any

from pipelines.platforms.bluesky.parse import Feed, Jetstream
from pipelines.platforms.bluesky.parse import Profiles as BlueskyProfiles
from pipelines.platforms.feeds.parse import XmlFeed
from pipelines.platforms.instagram.parse import Posts, PostTable, Profiles
from pipelines.platforms.mastodon.parse import Accounts, Timeline
from pipelines.platforms.tiktok.parse import ApifyTable, WebItems
from pipelines.platforms.youtube.parse import Channels, CommentLines, SearchResults, Videos
from tests.contracts import test_bluesky, test_instagram, test_mastodon, test_tiktok, test_youtube
from tests.contracts.harness import PSEUDONYMS, context, drive

BEN_POST = "at://did:plc:ben/app.bsky.feed.post/two"


def ben_view(**more: Any) -> dict[str, Any]:
    return {**test_bluesky.VIEW, "uri": BEN_POST, "author": {"did": "did:plc:ben", "handle": "ben.example"}, **more}


def test_a_feed_item_lands_the_post_that_it_answers_with_its_author_and_counters() -> None:
    item = {"post": test_bluesky.VIEW, "reply": {"parent": ben_view(likeCount=7), "root": {"uri": BEN_POST, "blocked": True}}}
    outcome = drive(Feed(), [{"feed": [item]}], context("bluesky"))
    assert [post["post_key"] for post in outcome.of("posts")] == [
        test_bluesky.key(test_bluesky.POST_URI),
        test_bluesky.key(BEN_POST),
    ]
    assert [row["like_count"] for row in outcome.of("post_metrics")] == [3, 7]


def test_an_answered_post_that_is_gone_gives_a_tombstone() -> None:
    item = {"post": test_bluesky.VIEW, "reply": {"parent": {"uri": BEN_POST, "notFound": True}}}
    (gone,) = drive(Feed(), [{"feed": [item]}], context("bluesky")).of("deletions")
    assert (gone["subject_key"], gone["reason"]) == (test_bluesky.key(BEN_POST), "not_found")


def test_a_quoted_post_is_landed_from_the_view_that_embeds_it_and_no_deeper() -> None:
    inner = {"uri": BEN_POST, "author": {"did": "did:plc:ben", "handle": "ben.example"}, "indexedAt": "2026-07-04T10:00:00Z"}
    quoted = {
        **inner,
        "value": {"text": "first", "createdAt": "2026-07-04T10:00:00Z"},
        "embeds": [{"record": {**inner, "value": {}}}],
    }
    for embed in ({"record": quoted}, {"record": {"record": quoted}, "media": {}}):  # alone, and beside media
        outcome = drive(Feed(), [{"feed": [{"post": {**test_bluesky.VIEW, "embed": embed}}]}], context("bluesky"))
        assert [post["text_char_count"] for post in outcome.of("posts")] == [2, 5]


def test_a_labellers_word_makes_a_bluesky_post_sensitive_until_it_is_taken_back() -> None:
    views = [{**test_bluesky.VIEW, "labels": [{"val": "porn", "neg": neg}]} for neg in (False, True)]
    posts = drive(Feed(), [{"feed": [{"post": view} for view in views]}], context("bluesky")).of("posts")
    assert [post["is_sensitive"] for post in posts] == [True, False]


def test_a_profile_card_event_says_what_it_declares_and_a_bare_name_says_nothing() -> None:
    event = test_bluesky.commit("update", "app.bsky.actor.profile", {"description": "see https://moss.social/@ann"}, "self")
    (account,) = drive(Jetstream(), [event], context("bluesky")).of("accounts")
    assert account["declared_handle_keys"] == [PSEUDONYMS.handle_key("mastodon", "ann@moss.social")]
    profiles = [{"did": "did:plc:ann", "handle": "a.example"}, {"did": "did:plc:ann", "handle": "a.example", "followersCount": 1}]
    accounts = drive(BlueskyProfiles(), [{"profiles": profiles}], context("bluesky")).of("accounts")
    assert [account["declared_handle_keys"] for account in accounts] == [None, []]


def test_a_mastodon_profile_declares_what_its_fields_and_note_link_to_but_not_itself() -> None:
    fields = [
        {"name": "elsewhere", "value": '<a href="https://bsky.app/profile/ann.example" rel="me">bsky</a>'},
        {"name": "here", "value": '<a href="https://social.example/@ann">me</a>'},
    ]
    account = {**test_mastodon.ANN, "note": '<p>films: <a href="https://youtube.com/@ann">yt</a></p>', "fields": fields}
    (row,) = drive(Accounts(), [[account]], context("mastodon")).of("accounts")
    assert row["declared_handle_keys"] == [
        PSEUDONYMS.handle_key("youtube", "ann"),
        PSEUDONYMS.handle_key("bluesky", "ann.example"),
    ]


def test_a_mastodon_warning_is_part_of_the_text_and_a_film_has_its_length() -> None:
    film = {"type": "video", "meta": {"original": {"duration": 12.5}}}
    toot = test_mastodon.status("10", test_mastodon.ANN, spoiler_text="spiders", media_attachments=[film], language="pt-BR")
    outcome = drive(Timeline(), [[toot]], context("mastodon"))
    (post,) = outcome.of("posts")
    assert (post["media_kind"], post["duration_seconds"], post["language"]) == ("video", 12.5, "pt")
    assert outcome.of("vault_posts")[0]["text"] == "spiders\nsee it #Moss"


def test_a_tag_that_a_server_lists_without_its_accents_is_one_tag() -> None:
    toot = test_mastodon.status(
        "10", test_mastodon.ANN, content="<p>#Fl\u00e4che</p>", tags=[{"name": "flache"}, {"name": "Moss"}]
    )
    assert drive(Timeline(), [[toot]], context("mastodon")).of("posts")[0]["tags"] == ["fl\u00e4che", "moss"]


def test_the_vault_says_how_well_the_observation_is_known_and_not_the_event() -> None:
    for native, document, platform in (
        (WebItems(), [test_tiktok.item()], "tiktok"),
        (Posts(), [test_instagram.post()], "instagram"),
        (Videos(), test_youtube.video(), "youtube"),
    ):
        outcome = drive(native, [document], context(platform))
        assert (outcome.of("posts")[0]["ts_quality"], outcome.of("vault_posts")[0]["ts_quality"]) == ("exact", "collected")


def test_a_caption_shows_display_names_and_its_marks_say_whose_they_are() -> None:
    marks = [{"userUniqueId": "Ben.B", "type": 0}, {"hashtagName": "Wall", "type": 1}, {"type": 2}]
    item = test_tiktok.item(desc="with @Ben the Great", textExtra=marks, textLanguage="de")
    outcome = drive(WebItems(), [[item]], context("tiktok"))
    (post,) = outcome.of("posts")
    assert (post["mentioned_account_keys"], post["tags"], post["language"]) == ([test_tiktok.key("ben.b")], ["wall"], "de")


def test_a_display_name_with_a_slash_is_no_mention() -> None:
    assert drive(WebItems(), [[test_tiktok.item(desc="by @moss/wall")]], context("tiktok")).of("interactions") == []


def test_a_picture_series_is_no_video_and_a_profile_link_is_declared() -> None:
    author = {"uniqueId": "ann", "signature": "moss", "bioLink": {"link": "https://www.instagram.com/ann"}}
    outcome = drive(WebItems(), [[test_tiktok.item(imagePost={"images": [1]}, author=author)]], context("tiktok"))
    assert outcome.of("posts")[0]["media_kind"] == "image"
    assert outcome.of("accounts")[0]["declared_handle_keys"] == [PSEUDONYMS.handle_key("instagram", "ann")]


def test_a_tables_listed_tags_join_those_of_its_caption() -> None:
    row = test_tiktok.cells(**{"hashtags/0/name": "Wall", "hashtags/1/name": ""})
    assert drive(ApifyTable(), [row], context("tiktok")).of("posts")[0]["tags"] == ["wall", "moss"]


def test_an_instagram_post_keeps_mentions_tagged_people_sound_and_length() -> None:
    more = {
        "mentions": ["Cy"],
        "taggedUsers": [{"username": "Dee", "full_name": "D"}],
        "musicInfo": {"audio_id": 17},
        "videoDuration": 9.5,
        "type": "Video",
    }
    outcome = drive(Posts(), [[test_instagram.post(**more)]], context("instagram"))
    (post,) = outcome.of("posts")
    assert (post["duration_seconds"], post["sound_key"], post["media_kind"]) == (9.5, test_instagram.key("sound:17"), "video")
    edges = [(edge["interaction_type"], edge["target_account_key"]) for edge in outcome.of("interactions")]
    assert edges == [
        ("mention", test_instagram.key("cy")),
        ("mention", test_instagram.key("ben.b")),
        ("tag", test_instagram.key("dee")),
    ]


def test_the_same_lists_in_a_tables_numbered_columns() -> None:
    row = test_instagram.cells(**{"mentions/0": "Cy", "taggedUsers/0/username": "Dee", "taggedUsers/0/full_name": "D"})
    outcome = drive(PostTable(), [row], context("instagram"))
    assert [edge["interaction_type"] for edge in outcome.of("interactions")] == ["mention", "mention", "tag"]


def test_comments_that_came_along_are_comments_of_the_post_and_replies_answer_them() -> None:
    reply = {"id": "c2", "text": "yes", "ownerUsername": "Dee", "timestamp": "2026-01-02T05:00:00Z", "likesCount": 1}
    comment = {"id": "c1", "text": "moss!", "ownerUsername": "Cy", "timestamp": "2026-01-02T04:00:00Z", "likesCount": 0}
    outcome = drive(
        Posts(), [[test_instagram.post(caption="", latestComments=[{**comment, "replies": [reply]}])]], context("instagram")
    )
    key = test_instagram.key
    found = [(post["post_key"], post["parent_post_key"], post["root_post_key"]) for post in outcome.of("posts")[1:]]
    assert found == [(key("c1"), key("DAbc_d-1"), key("DAbc_d-1")), (key("c2"), key("c1"), key("DAbc_d-1"))]
    assert [edge["target_account_key"] for edge in outcome.of("interactions")] == [key("ann.a"), key("cy")]


def test_a_business_that_calls_itself_a_brand_is_public_and_a_person_is_not() -> None:
    base = {"username": "moss", "followersCount": 10, "fullName": "Moss Ltd", "externalUrl": "https://www.tiktok.com/@moss"}
    profiles = [{**base, "businessCategoryName": name} for name in ("Brand", "Digital creator")]
    accounts = drive(Profiles(), [profiles], context("instagram")).of("accounts")
    assert [(row["actor_class"], row["public_name"]) for row in accounts] == [("brand", "Moss Ltd"), (None, None)]
    assert accounts[0]["declared_handle_keys"] == [PSEUDONYMS.handle_key("tiktok", "moss")]


def test_a_video_names_its_channel_and_its_language_without_the_region() -> None:
    video = test_youtube.video()
    video["snippet"] |= {"channelTitle": "Moss TV", "defaultAudioLanguage": "en-US"}
    outcome = drive(Videos(), [video], context("youtube"))
    assert outcome.of("posts")[0]["language"] == "en"
    assert (outcome.of("vault_accounts")[0]["display_name"], outcome.of("accounts")[0]["followers_count"]) == ("Moss TV", None)


def test_an_age_restricted_video_is_sensitive_and_one_without_details_is_not_known_to_be() -> None:
    parts: list[dict[str, Any]] = [
        {"contentDetails": {"contentRating": {"ytRating": "ytAgeRestricted"}}},
        {"contentDetails": {"duration": "PT1S"}},
        {},
    ]
    videos = [{**test_youtube.video(), "contentDetails": None, **part} for part in parts]
    posts = [drive(Videos(), [video], context("youtube")).of("posts")[0] for video in videos]
    assert [post["is_sensitive"] for post in posts] == [True, False, None]


def test_a_search_result_names_its_channel_too() -> None:
    snippet = {"publishedAt": test_youtube.WHEN, "channelId": "UCmoss", "title": "Moss", "channelTitle": "Moss TV"}
    result = {"kind": "youtube#searchResult", "id": {"kind": "youtube#video", "videoId": "vid00000001"}, "snippet": snippet}
    assert drive(SearchResults(), [result], context("youtube")).of("vault_accounts")[0]["display_name"] == "Moss TV"


def test_a_crawled_comment_names_whom_it_mentions_as_its_crawler_names_authors() -> None:
    line = {"id": "c1", "text": "\u00a0@Ben-B. moss", "author": "@Ann", "url": "https://youtu.be/vid00000001", "is_reply": False}
    mention, comment = drive(CommentLines(), [line], context("youtube")).of("interactions")
    assert (mention["target_account_key"], mention["ts_quality"]) == (test_youtube.key("@ben-b"), "collected")
    assert comment["target_post_key"] == test_youtube.key("vid00000001")


def test_a_channels_branding_stands_in_for_a_snippet_that_was_not_asked_for() -> None:
    branding = {"channel": {"title": "Moss TV", "description": "https://www.instagram.com/moss", "country": "CN"}}
    channel = {"kind": "youtube#channel", "id": "UCmoss", "brandingSettings": branding}
    (row,) = drive(Channels(), [channel], context("youtube")).of("accounts")
    assert (row["country"], row["declared_handle_keys"]) == ("CN", [PSEUDONYMS.handle_key("instagram", "moss")])


def test_a_feeds_relative_links_are_made_whole_and_its_categories_meet_hashtags() -> None:
    feed = (
        b'<feed xmlns="http://www.w3.org/2005/Atom"><title>Moss</title><link href="/blog/"/>'
        b'<link rel="self" href="https://moss.example/blog/index.atom"/>'
        b'<entry><id>1</id><title>One</title><link href="/blog/one"/><category term="Clean Beauty"/></entry></feed>'
    )
    (item,) = drive(XmlFeed(), [feed], context("feeds")).of("mainstream_items")
    assert (item["url"], item["tags"]) == ("https://moss.example/blog/one", ["cleanbeauty"])


def test_a_character_that_does_not_exist_costs_a_feed_nothing_but_itself() -> None:
    feed = (
        b"<rss version='2.0'><channel><title>Moss</title><link>https://moss.example</link><item><title>a&#x110000;b</title>"
        b"<link>https://moss.example/1</link></item><item><title>c&#99999999999999999999;&#xD800;&#x00000041;</title><guid>2</guid></item></channel></rss>"
    )
    assert [item["title"] for item in drive(XmlFeed(), [feed], context("feeds")).of("mainstream_items")] == [
        "a\ufffdb",
        "c\ufffd\ufffdA",
    ]
