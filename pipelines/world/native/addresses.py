"""Addresses of posts, as an article links to them, from their native ids. No payloads."""

from __future__ import annotations

from pipelines.world.native.names import profile_address


def post_address(platform: str, handle: str, native_id: str) -> str:
    """Address of a post on the web.

    Args:
        platform: One of ``drawn.PLATFORMS``.
        handle: Of its author.
        native_id: As the platform's module makes it.
    """
    profile, last = profile_address(platform, handle), native_id.rpartition("/")[2]
    addresses = {
        "bluesky": f"{profile}/post/{last}", "threads": f"{profile}/post/{last}", "youtube": f"https://www.youtube.com/watch?v={native_id}",
        "reddit": f"https://www.reddit.com/comments/{native_id.partition('_')[2]}/", "tiktok": f"{profile}/video/{native_id}",
        "instagram": f"https://www.instagram.com/p/{native_id}/", "x": f"{profile}/status/{native_id}", "tumblr": f"{profile}{last}",
        "mastodon": native_id, "activitypub": native_id, "bereal": profile,
    }  # fmt: skip
    return addresses[platform]
