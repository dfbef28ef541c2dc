"""Rows that every post of a social platform gives: the post, its counters, its mentions, its author, and their vault twins."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from pipelines.platforms.profiles import declared_handles
from pipelines.platforms.protocol import FileContext, Row
from pipelines.platforms.text import canonical_url, link_domain, links_in, normalise_tags, tags_in

SOCIAL_TABLES: Final = (
    "accounts",
    "posts",
    "post_metrics",
    "interactions",
    "follows",
    "deletions",
    "coverage",
    "vault_accounts",
    "vault_posts",
)
PUBLIC_FOLLOWERS: Final = 1_000_000
PUBLIC_CLASSES: Final = frozenset({"brand", "media"})


@dataclass(frozen=True, slots=True)
class Author:
    """An account as a payload shows it; counts are NULL where the payload has none."""

    native_id: str
    handle: str | None = None
    display_name: str | None = None
    profile_text: str | None = None
    profile_url: str | None = None
    created_at: datetime | None = None
    followers_count: int | None = None
    following_count: int | None = None
    posts_count: int | None = None
    is_verified: bool | None = None
    actor_class: str | None = None  # where the platform says that it is no person
    status: str | None = None
    country: str | None = None
    links: list[str] | None = None  # of the profile, beside its text; None where the payload is no whole profile

    def rows(self, context: FileContext, observed_at: datetime, quality: str) -> list[Row]:
        """A profile snapshot and its vault twin."""
        key = context.pseudonyms.key(context.platform, self.native_id)
        is_public = (self.followers_count or 0) > PUBLIC_FOLLOWERS or self.actor_class in PUBLIC_CLASSES
        stamp = {"platform": context.platform, "account_key": key, "observed_at": observed_at, "ts_quality": quality}
        account = {
            "handle_key": context.pseudonyms.handle_key(context.platform, self.handle) if self.handle else None,
            "declared_handle_keys": self._declared(context),
            "created_at": self.created_at,
            "followers_count": self.followers_count,
            "following_count": self.following_count,
            "posts_count": self.posts_count,
            "is_verified": self.is_verified,
            "actor_class": self.actor_class,
            "status": self.status,
            "country": self.country,
            "public_name": (self.display_name or self.handle) if is_public else None,
        }
        vault = {
            "native_id": self.native_id,
            "handle": self.handle,
            "display_name": self.display_name,
            "profile_text": self.profile_text,
            "profile_url": self.profile_url,
        }
        return [Row("accounts", stamp | account), Row("vault_accounts", stamp | vault)]

    def _declared(self, context: FileContext) -> list[str] | None:
        if self.links is None and self.profile_text is None:
            return None
        said = declared_handles("\n".join([self.profile_text or "", *(self.links or ())]))
        own = (context.platform, (self.handle or "").lstrip("@").casefold())
        return [context.pseudonyms.handle_key(platform, handle) for platform, handle in said if (platform, handle) != own]


@dataclass(frozen=True, slots=True)
class Post:
    """A post as a payload shows it, before it becomes rows."""

    native_id: str
    author_id: str | None
    text: str
    published_at: datetime
    observed_at: datetime
    url: str | None = None
    tags: list[str] | None = None  # where the payload lists them; else they are read from the text
    links: list[str] | None = None  # where the payload lists them whole; else they are read from the text
    mentioned: list[str] = field(default_factory=list)  # native ids
    counters: dict[str, Any] = field(default_factory=dict)  # columns of post_metrics
    more: dict[str, Any] = field(default_factory=dict)  # further columns of posts
    ts_quality: str = "exact"
    observed_quality: str | None = None  # where the payload itself says when it was observed; else the file's

    def rows(self, context: FileContext) -> list[Row]:
        """The post, its counters if it has any, its mentions and its vault twin."""
        key = context.pseudonyms.key
        post_key = key(context.platform, self.native_id)
        account_key = key(context.platform, self.author_id) if self.author_id else None
        links = links_in(self.text) if self.links is None else list(dict.fromkeys(self.links))
        canonical = [found for found in map(canonical_url, links) if found]
        stamp = {"platform": context.platform, "observed_at": self.observed_at, "ts_quality": self.ts_quality}
        mentioned = list(dict.fromkeys(self.mentioned))
        post = {
            "post_key": post_key,
            "account_key": account_key,
            "post_type": "post",
            "published_at": self.published_at,
            "tags": tags_in(self.text) if self.tags is None else normalise_tags(self.tags),
            "link_domains": list(dict.fromkeys(filter(None, map(link_domain, canonical)))),
            "link_keys": [context.pseudonyms.link_key(found) for found in canonical],
            "mentioned_account_keys": [key(context.platform, native_id) for native_id in mentioned],
            "text_char_count": len(self.text),
            **self.more,
        }
        rows = [Row("posts", stamp | post)]
        if any(counter is not None for counter in self.counters.values()):
            rows.append(Row("post_metrics", stamp | {"post_key": post_key, "published_at": self.published_at} | self.counters))
        rows += [self.edge(context, "mention", target_id=native_id) for native_id in mentioned]
        # Nothing happened to the vault's row but its observation, so its time is as good as that is known.
        vault = {
            "ts_quality": self.observed_quality or context.observed_quality,
            "post_key": post_key,
            "account_key": account_key,
            "native_id": self.native_id,
            "text": self.text,
            "url": self.url,
            "links": links,
        }
        rows.append(Row("vault_posts", stamp | vault))
        return rows

    def edge(self, context: FileContext, kind: str, *, target_id: str | None = None, target_post: str | None = None) -> Row:
        """The interaction that this post is or carries."""
        key = context.pseudonyms.key
        return Row(
            "interactions",
            {
                "platform": context.platform,
                "observed_at": self.observed_at,
                "ts_quality": self.ts_quality,
                "interaction_key": key(context.platform, f"{kind}:{self.native_id}:{target_post or target_id}"),
                "interaction_type": kind,
                "source_account_key": key(context.platform, self.author_id) if self.author_id else None,
                "target_account_key": key(context.platform, target_id) if target_id else None,
                "post_key": key(context.platform, self.native_id),
                "target_post_key": key(context.platform, target_post) if target_post else None,
                "interacted_at": self.published_at,
            },
        )
