"""One typed Arrow schema per canonical table: what a column is called, its type and its unit. No I/O, no logic.

The analytic tables hold no native id, handle, text or URL of an ordinary account; those are in the vault tables,
which have a short retention and are emptied by deletion. ``NULL`` means that the platform does not offer the value,
``0`` means zero.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

INSTANT: Final = pa.timestamp("us", tz="UTC")
TEXTS: Final = pa.list_(pa.field("item", pa.string(), nullable=False))

TS_QUALITIES: Final = ("exact", "date_only", "collected", "imputed")
COLLECTION_METHODS: Final = ("firehose", "timeline", "search", "keyword", "archive", "manual", "synthetic")
POST_TYPES: Final = ("post", "reply", "comment", "quote", "repost", "video", "story", "live")
MEDIA_KINDS: Final = ("none", "image", "video", "audio", "link")
INTERACTION_TYPES: Final = ("reply", "comment", "mention", "quote", "repost", "like", "tag", "duet", "stitch")
ACCOUNT_STATUSES: Final = ("active", "deactivated", "suspended", "deleted")
ACTOR_CLASSES: Final = ("creator", "brand", "media", "bot", "unknown")
DELETION_SUBJECTS: Final = ("post", "account", "interaction", "follow")
ERASED_SUBJECTS: Final = (*DELETION_SUBJECTS, "handle", "link")
ERASURE_REASONS: Final = ("user_request", "platform_delete", "opt_out", "legal")

# Columns that every landed row ends with: who saw it, when, from which file, in which night.
_PROVENANCE: Final = (
    pa.field("observed_at", INSTANT, nullable=False),
    pa.field("ts_quality", pa.string(), nullable=False),  # quality of the row's own event time
    pa.field("collection_method", pa.string(), nullable=False),
    pa.field("source_format", pa.string(), nullable=False),  # name of the native format, e.g. pushshift_comments
    pa.field("source_hash", pa.string(), nullable=False),  # content hash of the file, joins the ledger
    pa.field("landed_night", pa.date32(), nullable=False),
)


def _table(*fields: pa.Field) -> pa.Schema:
    return pa.schema([*fields, *_PROVENANCE])


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


# Profile snapshots; event day = day of observed_at.
ACCOUNTS: Final = _table(
    _required("platform", pa.string()),
    _required("account_key", pa.string()),
    pa.field("handle_key", pa.string()),
    pa.field("declared_handle_keys", TEXTS),  # profile links to the same person elsewhere, as handle keys
    pa.field("created_at", INSTANT),
    pa.field("followers_count", pa.int64()),
    pa.field("following_count", pa.int64()),
    pa.field("posts_count", pa.int64()),
    pa.field("is_verified", pa.bool_()),
    pa.field("actor_class", pa.string()),
    pa.field("status", pa.string()),
    pa.field("language", pa.string()),
    pa.field("country", pa.string()),
    pa.field("public_name", pa.string()),  # only brands, media and accounts over one million followers
)

# Posts, comments, videos, reposts; event day = day of published_at.
POSTS: Final = _table(
    _required("platform", pa.string()),
    _required("post_key", pa.string()),
    pa.field("account_key", pa.string()),  # NULL: the format carries no author, or the author deleted the account
    _required("post_type", pa.string()),
    _required("published_at", INSTANT),
    pa.field("edited_at", INSTANT),
    pa.field("language", pa.string()),
    pa.field("community", pa.string()),  # subreddit, instance, channel list: a public place, never a person
    pa.field("parent_post_key", pa.string()),
    pa.field("root_post_key", pa.string()),
    pa.field("tags", TEXTS),  # normalised: NFKC, casefolded, without '#'
    pa.field("link_domains", TEXTS),
    pa.field("link_keys", TEXTS),  # HMAC of each canonical URL
    pa.field("mentioned_account_keys", TEXTS),
    pa.field("sound_key", pa.string()),
    pa.field("media_kind", pa.string()),
    pa.field("duration_seconds", pa.float64()),
    pa.field("text_char_count", pa.int32()),
    pa.field("has_paid_label", pa.bool_()),
    pa.field("is_sensitive", pa.bool_()),
    pa.field("collection_query", pa.string()),  # the search that found it; keyword-collected rows are not base rates
)

# Counter snapshots, never overwritten; event day = day of the post's published_at where known, else of observed_at.
POST_METRICS: Final = _table(
    _required("platform", pa.string()),
    _required("post_key", pa.string()),
    pa.field("published_at", INSTANT),
    pa.field("view_count", pa.int64()),
    pa.field("like_count", pa.int64()),
    pa.field("comment_count", pa.int64()),
    pa.field("repost_count", pa.int64()),
    pa.field("quote_count", pa.int64()),
    pa.field("share_count", pa.int64()),
    pa.field("save_count", pa.int64()),
    pa.field("score_count", pa.int64()),
    pa.field("upvote_ratio", pa.float64()),
)

# Typed edges from the account that acts to the account acted upon; event day = day of interacted_at.
INTERACTIONS: Final = _table(
    _required("platform", pa.string()),
    _required("interaction_key", pa.string()),
    _required("interaction_type", pa.string()),
    pa.field("source_account_key", pa.string()),
    pa.field("target_account_key", pa.string()),  # NULL where only the target post is known
    pa.field("post_key", pa.string()),  # the post that carries the interaction, NULL for a bare like
    pa.field("target_post_key", pa.string()),
    _required("interacted_at", INSTANT),
)

# Follow edges where the platform offers them; event day = day of followed_at where known, else of observed_at.
FOLLOWS: Final = _table(
    _required("platform", pa.string()),
    _required("follow_key", pa.string()),
    _required("source_account_key", pa.string()),
    _required("target_account_key", pa.string()),
    pa.field("followed_at", INSTANT),
)

# Tombstones that arrive in the data; event day = day of deleted_at.
DELETIONS: Final = _table(
    _required("platform", pa.string()),
    _required("subject_type", pa.string()),
    _required("subject_key", pa.string()),
    _required("deleted_at", INSTANT),
    pa.field("reason", pa.string()),
)

# Articles and other items of mainstream outlets; outlets are public actors and keep their names. Event day = day of published_at.
MAINSTREAM_ITEMS: Final = _table(
    _required("platform", pa.string()),
    _required("item_key", pa.string()),
    _required("outlet_key", pa.string()),
    _required("outlet_name", pa.string()),
    _required("outlet_class", pa.string()),  # media, brand
    _required("published_at", INSTANT),
    pa.field("title", pa.string()),
    pa.field("url", pa.string()),
    pa.field("language", pa.string()),
    pa.field("tags", TEXTS),  # categories and hashtags, normalised as in posts
    pa.field("title_terms", TEXTS),  # normalised words and joined word pairs and triples of the title, to meet tags
    pa.field("link_keys", TEXTS),
    pa.field("link_domains", TEXTS),
    # Posts on known platforms that the item links to or embeds, and their authors' handles; NULL: the format has no body
    pa.field("credited_post_keys", TEXTS),
    pa.field("credited_handle_keys", TEXTS),
)

# One point of a search or page-view series; event day = day of period_starts_at.
ATTENTION_SERIES: Final = _table(
    _required("platform", pa.string()),
    _required("series_key", pa.string()),
    _required("term", pa.string()),
    pa.field("region", pa.string()),
    _required("granularity", pa.string()),  # hour, day, week, month
    _required("period_starts_at", INSTANT),
    pa.field("interest_value", pa.float64()),
    _required("unit", pa.string()),  # index_0_100, normalised_ratio, rise_percent, views
    pa.field("is_partial", pa.bool_()),
)

# What each source delivered for each event day; event day = covered_on.
COVERAGE: Final = _table(
    _required("platform", pa.string()),
    _required(
        "source", pa.string()
    ),  # native format name, or 'live_' and the source of a live collection, counted in watched items
    _required("covered_on", pa.date32()),
    pa.field("expected_count", pa.int64()),  # NULL: the source does not say
    _required("got_count", pa.int64()),
    _required("quarantined_count", pa.int64()),
    _required("status", pa.string()),  # ok, partial; skipped where the live collection had no credentials
    pa.field("reason", pa.string()),  # why a live source is not whole, in fixed words
)

# Vault: what identifies people. Joined by key, kept apart, short retention.
VAULT_ACCOUNTS: Final = _table(
    _required("platform", pa.string()),
    _required("account_key", pa.string()),
    _required("native_id", pa.string()),
    pa.field("handle", pa.string()),
    pa.field("display_name", pa.string()),
    pa.field("profile_text", pa.string()),
    pa.field("profile_url", pa.string()),
)
VAULT_POSTS: Final = _table(
    _required("platform", pa.string()),
    _required("post_key", pa.string()),
    pa.field("account_key", pa.string()),
    _required("native_id", pa.string()),
    pa.field("text", pa.string()),
    pa.field("url", pa.string()),
    pa.field("links", TEXTS),
)

ANALYTIC_TABLES: Final[dict[str, pa.Schema]] = {
    "accounts": ACCOUNTS,
    "posts": POSTS,
    "post_metrics": POST_METRICS,
    "interactions": INTERACTIONS,
    "follows": FOLLOWS,
    "deletions": DELETIONS,
    "mainstream_items": MAINSTREAM_ITEMS,
    "attention_series": ATTENTION_SERIES,
    "coverage": COVERAGE,
}
VAULT_TABLES: Final[dict[str, pa.Schema]] = {"vault_accounts": VAULT_ACCOUNTS, "vault_posts": VAULT_POSTS}
TABLES: Final[dict[str, pa.Schema]] = {**ANALYTIC_TABLES, **VAULT_TABLES}

# The column whose UTC date is the event day; the second is taken where the first is NULL.
EVENT_TIME_COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "accounts": ("observed_at",),
    "posts": ("published_at",),
    "post_metrics": ("published_at", "observed_at"),
    "interactions": ("interacted_at",),
    "follows": ("followed_at", "observed_at"),
    "deletions": ("deleted_at",),
    "mainstream_items": ("published_at",),
    "attention_series": ("period_starts_at",),
    "coverage": ("covered_on",),
    "vault_accounts": ("observed_at",),
    "vault_posts": ("observed_at",),
}

# Gate 0's address book: one row per record that could not be landed.
QUARANTINE: Final = pa.schema(
    [
        _required("platform", pa.string()),
        _required("night", pa.date32()),
        _required("file", pa.string()),  # path inside the inbox; members of archives as archive!member
        _required("source_hash", pa.string()),
        pa.field("source_format", pa.string()),
        pa.field("byte_offset", pa.int64()),  # of the record in the decompressed file, where the framing knows it
        pa.field("record_index", pa.int64()),  # 0-based position among the file's records, where known
        pa.field("field", pa.string()),
        _required("reason_code", pa.string()),
        _required("reason", pa.string()),
        _required("record_sha256", pa.string()),
        _required("record_byte_count", pa.int64()),
    ]
)

# One row per file that a night took in (or could not recognise).
LEDGER: Final = pa.schema(
    [
        _required("night", pa.date32()),
        _required("platform", pa.string()),
        _required("file", pa.string()),
        _required("source_hash", pa.string()),
        pa.field("source_format", pa.string()),  # NULL: no known format
        _required("status", pa.string()),  # ingested, already_ingested, unknown_format, unreadable
        pa.field("detail", pa.string()),
        _required("byte_count", pa.int64()),
        _required("record_count", pa.int64()),
        _required("landed_count", pa.int64()),
        _required("quarantined_count", pa.int64()),
        _required("duplicate_count", pa.int64()),
        _required("erased_count", pa.int64()),  # records of which every row was of something erased: dropped
        _required("row_counts", pa.map_(pa.string(), pa.int64())),  # lake rows by table
        _required("event_days", pa.list_(pa.date32())),
    ]
)

# One row per record that a night landed: by it, a re-run knows the records of a file that has left the inbox.
RECORDS: Final = pa.schema([_required("source_hash", pa.string()), _required("record_hash", pa.uint64())])

# What must not be in the data: hash keys only, nothing that names anybody. Each subject stands beside the one that was asked about,
# since an account's posts, handles and links go with it.
ERASURES: Final = pa.schema(
    [
        _required("platform", pa.string()),
        _required("subject_type", pa.string()),  # one of ERASED_SUBJECTS
        _required("subject_key", pa.string()),
        _required("requested_key", pa.string()),
        _required("reason", pa.string()),  # one of ERASURE_REASONS
        _required("origin", pa.string()),  # data: a tombstone that a platform's data brought; command: undercurrent erase
        _required("requested_at", INSTANT),
        pa.field("applied_at", INSTANT),  # NULL: an erasure was begun and is to be run again
    ]
)

# One row per removal that a retention time asked for: what the tables lost, so that a gap in them is explained.
RETENTION_LOG: Final = pa.schema(
    [
        _required("night", pa.date32()),
        _required("platform", pa.string()),
        _required("part", pa.string()),  # vault, pages, or the lake's table
        _required("duty", pa.string()),  # retention, refresh
        _required("allowed_days", pa.int64()),
        _required("file_count", pa.int64()),
        _required("row_count", pa.int64()),  # 0 for pages, which have none
        _required("oldest_observed_on", pa.date32()),
        _required("newest_observed_on", pa.date32()),
    ]
)
