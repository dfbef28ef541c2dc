"""Contracts of credits: which addresses are posts on known platforms, and how an item's body tells whose post it credits."""

from __future__ import annotations

import pytest

from pipelines.platforms.credits import MOST_CREDITS, Credit, credit_columns, credits_in, links_of
from pipelines.platforms.feeds.parse import JsonFeed, XmlFeed
from pipelines.world.drawn import PLATFORMS
from pipelines.world.native import addresses
from tests.contracts.harness import context, drive

SERVER = "https://meadow.example/users/fern/statuses/114"
POSTS = {
    "https://www.tiktok.com/@fern.moss/video/7301?lang=en": [Credit("tiktok", "7301", "fern.moss")],
    "https://www.youtube.com/watch?v=abcdefghijk&t=3": [Credit("youtube", "abcdefghijk", None)],
    "https://www.youtube.com/watch?app=desktop&v=abcdefghijk": [Credit("youtube", "abcdefghijk", None)],
    "https://youtu.be/abcdefghijk": [Credit("youtube", "abcdefghijk", None)],
    "https://m.youtube.com/shorts/abcdefghijk": [Credit("youtube", "abcdefghijk", None)],
    "https://www.youtube-nocookie.com/embed/abcdefghijk": [Credit("youtube", "abcdefghijk", None)],
    "https://twitter.com/fern/status/17": [Credit("x", "17", "fern")],
    "https://x.com/fern/status/17?s=20": [Credit("x", "17", "fern")],
    "https://www.instagram.com/p/Cx_1-a/": [Credit("instagram", "Cx_1-a", None)],
    "https://www.instagram.com/fern/reel/Cx1/": [Credit("instagram", "Cx1", "fern")],
    "https://www.reddit.com/comments/1ab2/": [Credit("reddit", "t3_1ab2", None)],
    "https://old.reddit.com/r/moss/comments/1ab2/title_words/kz9/": [Credit("reddit", "t1_kz9", None)],
    "https://www.threads.net/@fern/post/C8": [Credit("threads", None, "fern")],
    "https://bsky.app/profile/fern.bsky.social/post/3k": [Credit("bluesky", None, "fern.bsky.social")],
    "https://bsky.app/profile/did:plc:abc/post/3k": [Credit("bluesky", "at://did:plc:abc/app.bsky.feed.post/3k", None)],
    "https://fern-moss.tumblr.com/post/12/slug": [Credit("tumblr", "fern-moss/12", "fern-moss")],
    SERVER: [Credit(name, SERVER, "fern@meadow.example") for name in ("mastodon", "activitypub")],
    "https://meadow.example/@fern/114000001": [
        Credit(name, "https://meadow.example/users/fern/statuses/114000001", "fern@meadow.example")
        for name in ("mastodon", "activitypub")
    ],
}
NO_POSTS = [
    "https://www.instagram.com/fern/", "https://x.com/fern", "https://www.tiktok.com/@fern", "https://www.youtube.com/@fern",
    "https://medium.com/@fern/a-story-of-moss", "https://www.tumblr.com/explore", "https://bsky.app/profile/fern.bsky.social",
    "https://www.example.org/p/abc", "https://www.reddit.com/r/moss/", "https://notx.com/fern/status/17", "mailto:fern@example.org",
]  # fmt: skip


@pytest.mark.parametrize("address", POSTS)
def test_the_address_of_a_post_tells_the_id_by_which_the_lake_keys_it(address: str) -> None:
    assert credits_in([address, address]) == POSTS[address]


@pytest.mark.parametrize("address", NO_POSTS)
def test_a_profile_or_a_page_is_no_post(address: str) -> None:
    assert credits_in([address]) == []


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_posts_of_an_invented_world_are_known_by_their_address_or_their_author(platform: str) -> None:
    ids = {"mastodon": SERVER, "activitypub": SERVER, "tumblr": "fern/12", "reddit": "t3_1ab2", "youtube": "abcdefghijk"}
    native = ids.get(platform, "at://did:plc:a/app.bsky.feed.post/3k" if platform == "bluesky" else "1234567")
    found = credits_in([addresses.post_address(platform, "fern", native)])
    if platform == "bereal":
        assert found == []  # its posts have no address of their own
    elif platform in ("bluesky", "threads"):
        assert [credit.native_id for credit in found] == [None]
        assert found[0].handle
    else:
        assert native in [credit.native_id for credit in found if credit.platform == platform]


def test_links_are_found_behind_words_in_quotations_and_in_plain_text() -> None:
    body = '<p>by <a href="https://x.com/fern/status/17?a=1&amp;b=2">her</a></p><blockquote cite="https://www.tiktok.com/@a/video/9"></blockquote>'
    assert links_of([body, None, 3, "see https://youtu.be/abcdefghijk."]) == [
        "https://x.com/fern/status/17?a=1&b=2",
        "https://www.tiktok.com/@a/video/9",
        "https://youtu.be/abcdefghijk",
    ]


def test_an_index_of_posts_credits_a_bounded_number() -> None:
    columns = credit_columns((f"https://x.com/a/status/{number}" for number in range(500)), context("feeds").pseudonyms)
    assert (len(columns["credited_post_keys"]), len(columns["credited_handle_keys"])) == (MOST_CREDITS, 1)


def test_a_feeds_item_keeps_keys_of_the_posts_that_it_links_to_and_no_address() -> None:
    names = context("feeds").pseudonyms
    wanted = [names.key("tiktok", "7301")]
    rss = (
        b'<rss version="2.0"><channel><title>Example</title><link>https://example.org/</link><item><title>Moss</title><guid>1</guid>'
        b"<description>&lt;p&gt;From &lt;a href=&quot;https://www.tiktok.com/@fern/video/7301&quot;&gt;@fern&lt;/a&gt;&lt;/p&gt;</description></item>"
        b"<item><title>Bare</title><guid>2</guid></item></channel></rss>"
    )
    atom = (
        b'<feed xmlns="http://www.w3.org/2005/Atom"><title>Example</title><entry><id>1</id><title>Moss</title>'
        b'<link rel="alternate" href="https://example.org/1"/><link rel="via" href="https://www.tiktok.com/@fern/video/7301"/></entry></feed>'
    )
    credited, bare = drive(XmlFeed(), [rss], context("feeds")).of("mainstream_items")
    (linked,) = drive(XmlFeed(), [atom], context("feeds")).of("mainstream_items")
    entry = {"id": 1, "title": "Moss", "content_html": '<iframe src="https://www.tiktok.com/@fern/video/7301"></iframe>'}
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Example",
        "items": [entry, entry | {"id": 2, "attachments": 3}],
    }
    framed, _ = drive(JsonFeed(), [feed], context("feeds")).of("mainstream_items")
    for item in (credited, linked, framed):
        assert item["credited_post_keys"] == wanted
        assert item["credited_handle_keys"] == [names.handle_key("tiktok", "fern")]
        assert "tiktok" not in str(item)
    assert "credited_post_keys" not in bare
