"""One Pushshift or Arctic Shift line, or one item of the API, to canonical rows. What a line means is said here; ``columns`` only does it faster."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

import msgspec

from pipelines.platforms.protocol import BadRecord, FileContext, Row
from pipelines.platforms.reddit.payloads import Comment, Submission
from pipelines.platforms.text import canonical_url, link_domain, links_in, tags_in
from pipelines.platforms.times import from_unix, plausible

PLATFORM: Final = "reddit"
_GONE: Final = frozenset({"[deleted]", "[removed]", "deleted", "removed", ""})
_GONE_TEXTS: Final = {"[deleted]": "deleted", "[removed]": "removed", "[ Removed by Reddit ]": "removed"}
_HEADING: Final = re.compile(r"^[ \t]{0,3}#{2,6}", re.MULTILINE)
_MENTION: Final = re.compile(r"(?<![\w/])/?u/([A-Za-z0-9_-]{3,20})\b")
_USER_PAGE: Final = re.compile(r"^u_", re.IGNORECASE)

Keys = Callable[[str], str]  # the pseudonym of a native id


def line_of(value: Any, payload: type[Comment | Submission]) -> Comment | Submission:
    """A decoded line or API item as its payload. Raises BadRecord ``wrong_type``."""
    try:
        return msgspec.convert(value, payload, strict=True)
    except msgspec.ValidationError as error:
        found = re.search(r"`\$\.(\w+)", str(error))
        raise BadRecord("wrong_type", str(error), found[1] if found else None) from None


def native_id_of(line: Comment | Submission) -> str:
    """The id of a line with its kind before it, as other lines name it."""
    kind = "t1_" if isinstance(line, Comment) else "t3_"
    return kind + (line.id or "").removeprefix("t1_").removeprefix("t3_")


def author_of(name: str | None) -> str | None:
    """The native id of an author; None where the account is gone."""
    lowered = name.lower() if name else ""
    return None if lowered in _GONE else lowered


def community_of(subreddit: str | None) -> str | None:
    """The community; a person's own page is none."""
    return None if subreddit is None or _USER_PAGE.match(subreddit) else subreddit.casefold()


def plain(text: str) -> str:
    """A text as it was written: dumps and the API write '&', '<' and '>' as entities, and nothing else."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") if "&" in text else text


def text_of(line: Comment | Submission) -> str:
    """What the author wrote."""
    return plain((line.body or "") if isinstance(line, Comment) else "\n".join(filter(None, (line.title, line.selftext))))


def link_of(line: Submission) -> str | None:
    """The address that a submission shares, None where it is its own page."""
    return plain(line.url) if line.url and not line.is_self else None


def gone_reason(line: Comment | Submission) -> str | None:
    """Why a line is a deletion: the archive or the platform says so, or a mark stands where the text was."""
    if line.meta is not None and (line.meta.removal_type or line.meta.was_deleted_later):
        return line.meta.removal_type or "deleted"
    if isinstance(line, Comment):
        return _GONE_TEXTS.get(line.body) if line.body else None
    return line.removed_by_category or (_GONE_TEXTS.get(line.selftext) if line.selftext else None)


def tags_of(text: str) -> list[str]:
    """Hashtags of a text; two or more '#' at the start of a line are a heading there."""
    return tags_in(_HEADING.sub("", text) if "##" in text else text)


def mentions_in(text: str) -> list[str]:
    """Native ids of the accounts that a text names, in order of appearance."""
    return list(dict.fromkeys(name.lower() for name in _MENTION.findall(text))) if "u/" in text else []


def media_kind_of(line: Submission) -> str:
    """What a submission shows."""
    if line.is_video or line.post_hint in {"hosted:video", "rich:video"}:
        return "video"
    if line.post_hint == "image":
        return "image"
    return "none" if line.is_self else "link"


def rows_of(line: Comment | Submission, context: FileContext) -> list[Row]:
    """Every row of one line. Raises BadRecord."""
    if not line.id:
        raise BadRecord("missing_id", "the line has no id", "id")
    if line.created_utc is None:
        raise BadRecord("missing_field", "the line has no created_utc", "created_utc")
    observed_at, observed_quality = _observed(line, context)
    published_at = plausible(from_unix(line.created_utc, "created_utc"), observed_at, "created_utc")
    key: Keys = partial(context.pseudonyms.key, PLATFORM)
    native_id = native_id_of(line)
    author = author_of(line.author)
    account_key = key(author) if author else None
    text = text_of(line)
    links = links_in(text)
    shared = link_of(line) if isinstance(line, Submission) else None
    if shared and shared not in links:
        links.append(shared)
    canonical = [url for url in map(canonical_url, links) if url]
    mentions = mentions_in(text)
    stamp = {"platform": PLATFORM, "observed_at": observed_at}
    post = {
        "post_key": key(native_id),
        "account_key": account_key,
        "published_at": published_at,
        "edited_at": _edited_at(line, observed_at),
        "community": community_of(line.subreddit),
        "tags": tags_of(text),
        "link_domains": list(dict.fromkeys(filter(None, map(link_domain, canonical)))),
        "link_keys": [context.pseudonyms.link_key(url) for url in canonical],
        "mentioned_account_keys": [key(name) for name in mentions],
        "text_char_count": len(text),
        "has_paid_label": line.promoted,
        **(_comment_columns(line, key) if isinstance(line, Comment) else _submission_columns(line, key)),
    }
    metrics = {"post_key": post["post_key"], "published_at": published_at, "score_count": line.score}
    if isinstance(line, Submission):
        metrics |= {"comment_count": line.num_comments, "upvote_ratio": line.upvote_ratio, "repost_count": line.num_crossposts}
    rows = [Row("posts", stamp | post), Row("post_metrics", stamp | metrics)]
    edge = stamp | {"source_account_key": account_key, "post_key": post["post_key"], "interacted_at": published_at}
    if post["parent_post_key"] is not None:
        # The edge that a post is has the post's own key: one hash less for each line.
        kind = "comment" if isinstance(line, Comment) else "repost"
        own = {"interaction_key": post["post_key"], "interaction_type": kind, "target_post_key": post["parent_post_key"]}
        rows.append(Row("interactions", edge | own))
    for name in mentions:
        named = {"interaction_key": key(f"mention:{native_id}:{name}"), "interaction_type": "mention"}
        rows.append(Row("interactions", edge | named | {"target_account_key": key(name)}))
    reason = gone_reason(line)
    if reason is not None:
        gone = {"subject_type": "post", "subject_key": post["post_key"], "deleted_at": observed_at, "reason": reason}
        rows.append(Row("deletions", stamp | gone))
    vault = {"post_key": post["post_key"], "account_key": account_key, "native_id": native_id}
    rows.append(Row("vault_posts", stamp | vault | {"text": text, "url": line.permalink, "links": links}))
    if author:
        seen = stamp | {"account_key": account_key, "ts_quality": observed_quality}
        handle_key = context.pseudonyms.handle_key(PLATFORM, author)
        created_at = _account_created_at(line, observed_at)
        rows.append(Row("accounts", seen | {"handle_key": handle_key, "created_at": created_at}))
        rows.append(Row("vault_accounts", seen | {"native_id": author, "handle": line.author}))
    return rows


def _comment_columns(line: Comment, key: Keys) -> dict[str, Any]:
    if not line.link_id:
        raise BadRecord("missing_id", "the comment has no link_id", "link_id")
    parent = line.parent_id if isinstance(line.parent_id, str) and line.parent_id else line.link_id
    keys = {"parent_post_key": key(parent), "root_post_key": key(line.link_id)}
    return keys | {"post_type": "comment", "media_kind": "none"}


def _submission_columns(line: Submission, key: Keys) -> dict[str, Any]:
    parent_key = key(line.crosspost_parent) if line.crosspost_parent else None
    keys = {"parent_post_key": parent_key, "root_post_key": parent_key}
    kind = {"post_type": "post" if parent_key is None else "repost", "media_kind": media_kind_of(line)}
    return keys | kind | {"is_sensitive": line.over_18}


def _observed(line: Comment | Submission, context: FileContext) -> tuple[datetime, str]:
    """The latest retrieval that the line tells of: its counters are of that moment."""
    for seconds in (line.meta.retrieved_2nd_on if line.meta else None, line.retrieved_on, line.retrieved_utc):
        if seconds is not None:
            moment = from_unix(seconds, "retrieved_on")
            if moment <= datetime(context.night.year + 1, 1, 1, tzinfo=UTC):
                return moment, "exact"
    return context.observed_at, context.observed_quality


def _edited_at(line: Comment | Submission, observed_at: datetime) -> datetime | None:
    if line.edited is None or isinstance(line.edited, bool):
        return None
    return plausible(from_unix(line.edited, "edited"), observed_at, "edited")


def _account_created_at(line: Comment | Submission, observed_at: datetime) -> datetime | None:
    if line.author_created_utc is None:
        return None
    return plausible(from_unix(line.author_created_utc, "author_created_utc"), observed_at, "author_created_utc")
