"""The native file shapes of Mastodon's REST API: how each is recognised and split, and which rows its records give. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from pipelines.platforms import text as texts
from pipelines.platforms import values
from pipelines.platforms.activitypub.parse import Collections, ObjectLines, Objects
from pipelines.platforms.fediverse import instance, tags_of
from pipelines.platforms.html import text_and_links
from pipelines.platforms.lookups import LookupFormat
from pipelines.platforms.posts import SOCIAL_TABLES, Author
from pipelines.platforms.protocol import BadRecord, FileContext, Framing, NativeFormat, Record, Row, Sample
from pipelines.platforms.tombstones import tombstone

TABLES: Final = SOCIAL_TABLES
PLATFORM: Final = "mastodon"
_PUBLIC: Final = frozenset({"public", "unlisted"})
_MEDIA_KINDS: Final = {"image": "image", "gifv": "video", "video": "video", "audio": "audio"}
# What the split adds to a status when the same document holds the status that it answers.
_PARENT: Final = "_in_reply_to"


def _native_account(account: dict[str, Any], field_name: str) -> str:
    """The profile URL, equal on every instance; else the address. Raises BadRecord ``missing_id``."""
    native = values.text(account.get("url")) or values.text(account.get("acct"))
    if native is None:
        raise BadRecord("missing_id", f"{field_name} has neither url nor acct", field_name)
    return native


def _address(account: dict[str, Any]) -> str | None:
    """user@host, also where the own instance leaves the host out."""
    acct = values.text(account.get("acct"))
    host = instance(values.text(account.get("url")), None)
    return acct if acct is None or "@" in acct or host is None else f"{acct}@{host}"


def _key(context: FileContext, native_id: str) -> str:
    return context.pseudonyms.key(PLATFORM, native_id)


def _has_opted_out(account: dict[str, Any]) -> bool:
    """Whether the account says that it is not to be indexed; what it leaves unsaid is no wish."""
    return account.get("noindex") is True or account.get("indexable") is False


def account_rows(account: dict[str, Any], context: FileContext) -> list[Row]:
    """Rows of an Account entity; of one that has opted out, its tombstone only. Raises BadRecord."""
    if _has_opted_out(account):
        return [tombstone(context, "account", _native_account(account, "account"), "opted_out")]
    note, links = text_and_links(account["note"]) if isinstance(account.get("note"), str) else ("", [])
    fields = [field["value"] for field in values.mappings(account.get("fields")) if isinstance(field.get("value"), str)]
    created = values.text(account.get("created_at"))
    return Author(
        _native_account(account, "account"),
        handle=_address(account),
        display_name=values.text(account.get("display_name")),
        profile_text=note or None,
        profile_url=values.text(account.get("url")),
        created_at=values.time(created, "account.created_at", context) if created else None,
        followers_count=values.count(account.get("followers_count"), "followers_count"),
        following_count=values.count(account.get("following_count"), "following_count"),
        posts_count=values.count(account.get("statuses_count"), "statuses_count"),
        actor_class="bot" if account.get("bot") is True else None,
        status="suspended" if account.get("suspended") is True else "active",
        links=[*links, *(link for field in fields for link in text_and_links(field)[1])],
        may_be_named=account.get("discoverable") is not False,
    ).rows(context, context.observed_at, context.observed_quality)


def _native_status(status: dict[str, Any]) -> str:
    uri = values.text(status.get("uri"))
    if uri is None:
        raise BadRecord("missing_id", "the status has no uri", "uri")
    return uri


def _native_boost(uri: str, author: str, target: str) -> str:
    """The boost's own URI. Some servers (snac) make another one up on each list: who boosts what is then what identifies it."""
    try:
        named, booster = urlsplit(uri), urlsplit(author)
    except ValueError:
        return uri
    is_made_up = bool(named.fragment) or named.path.endswith("/Announce") or named.netloc.lower() != booster.netloc.lower()
    return f"boost:{author}:{target}" if is_made_up and booster.netloc else uri


def status_rows(status: dict[str, Any], context: FileContext, *, depth: int = 0) -> list[Row]:
    """Rows of a Status entity, and of the status it boosts; of an author who has opted out, a tombstone only.

    Raises BadRecord (``not_public`` for followers-only posts).
    """
    uri = _native_status(status)
    account = values.mapping(status.get("account"), "account")
    author = _native_account(account, "account")
    if _has_opted_out(account):
        return [tombstone(context, "account", author, "opted_out")]
    visibility = status.get("visibility", "public")
    if not isinstance(visibility, str) or visibility not in _PUBLIC:
        raise BadRecord("not_public", f"visibility is {str(visibility)[:40]!r}: not meant for the public", "visibility")
    published_at = values.time(status.get("created_at"), "created_at", context)
    boosted = status.get("reblog")
    base = {"platform": PLATFORM, "post_key": _key(context, uri), "account_key": _key(context, author)}
    if isinstance(boosted, dict):
        if depth:
            raise BadRecord("unexpected_shape", "a boost of a boost", "reblog.reblog")
        target = _native_status(boosted)
        target_author = _native_account(values.mapping(boosted.get("account"), "reblog.account"), "reblog.account")
        boost = _native_boost(uri, author, target)
        own = {"post_key": _key(context, boost), "parent_post_key": _key(context, target)}
        return [
            Row("posts", {**base, **own, "post_type": "repost", "published_at": published_at, "ts_quality": "exact"}),
            _edge(context, "repost", (author, target_author), (boost, target), published_at),
            *account_rows(account, context),
            *status_rows(boosted, context, depth=depth + 1),
        ]
    return [*_own_rows(status, base, published_at, context), *account_rows(account, context)]


def _own_rows(status: dict[str, Any], base: dict[str, Any], published_at: datetime, context: FileContext) -> list[Row]:
    uri, account = _native_status(status), values.mapping(status.get("account"), "account")
    author = _native_account(account, "account")
    content = status.get("content")
    if content is not None and not isinstance(content, str):
        raise BadRecord("wrong_type", f"content is {type(content).__name__}, not a string", "content")
    written, links = text_and_links(content or "")
    # The warning is written by the author and hides the text behind it: it is the text's first line.
    written = "\n".join(filter(None, (values.text(status.get("spoiler_text")), written)))
    card = status.get("card")
    if isinstance(card, dict) and values.text(card.get("url")):
        links = list(dict.fromkeys([*links, card["url"]]))
    canonical = list(dict.fromkeys(filter(None, map(texts.canonical_url, links))))
    mentions = {_native_account(who, "mentions"): who for who in values.mappings(status.get("mentions"))}
    parent_uri, parent_author = _parent(status, account, mentions)
    quoted = _quoted(status)
    is_reply = status.get("in_reply_to_id") is not None
    attachments = values.mappings(status.get("media_attachments"))
    media = [_MEDIA_KINDS[kind] for one in attachments if (kind := str(one.get("type"))) in _MEDIA_KINDS]
    lengths = [values.child(values.child(one, "meta"), "original").get("duration") for one in attachments]
    edited = values.text(status.get("edited_at"))
    rows = [
        Row(
            "posts",
            {
                **base,
                "post_type": "reply" if is_reply else "quote" if quoted else "post",
                "published_at": published_at,
                "edited_at": values.time(edited, "edited_at", context) if edited else None,
                "language": texts.primary_language(values.text(status.get("language"))),
                "community": instance(values.text(account.get("url")), values.text(account.get("username"))),
                "parent_post_key": _key(context, parent_uri) if parent_uri else None,
                "tags": tags_of(written, values.texts([tag.get("name") for tag in values.mappings(status.get("tags"))])),
                "link_domains": list(dict.fromkeys(filter(None, map(texts.link_domain, canonical)))),
                "link_keys": [context.pseudonyms.link_key(url) for url in canonical],
                "mentioned_account_keys": [_key(context, native) for native in mentions],
                "media_kind": media[0] if media else "link" if isinstance(card, dict) else "none",
                "duration_seconds": next(filter(None, (values.number(one, "meta.duration") for one in lengths)), None),
                "text_char_count": len(written),
                "is_sensitive": status.get("sensitive") is True,
                "ts_quality": "exact",
            },
        ),
        Row(
            "post_metrics",
            {
                "platform": PLATFORM,
                "post_key": base["post_key"],
                "published_at": published_at,
                "like_count": values.count(status.get("favourites_count"), "favourites_count"),
                "comment_count": values.count(status.get("replies_count"), "replies_count"),
                "repost_count": values.count(status.get("reblogs_count"), "reblogs_count"),
                "quote_count": values.count(status.get("quotes_count"), "quotes_count"),
                "ts_quality": "exact",
            },
        ),
        Row(
            "vault_posts",
            {
                **base,
                "native_id": uri,
                "text": written,
                "url": values.text(status.get("url")),
                "links": links,
                "ts_quality": context.observed_quality,
            },
        ),
    ]
    if is_reply and (parent_uri or parent_author):
        rows.append(_edge(context, "reply", (author, parent_author), (uri, parent_uri), published_at))
    if quoted:
        rows.append(_edge(context, "quote", (author, quoted[1]), (uri, quoted[0]), published_at))
    rows += [_edge(context, "mention", (author, native), (uri, None), published_at) for native in mentions]
    return rows


def _parent(
    status: dict[str, Any], account: dict[str, Any], mentions: dict[str, dict[str, Any]]
) -> tuple[str | None, str | None]:
    """URI and author of the answered status, as far as known: ids are the instance's own and mean nothing elsewhere."""
    known = status.get(_PARENT)
    if isinstance(known, dict):
        return values.text(known.get("uri")), values.text(known.get("author"))
    answered = status.get("in_reply_to_account_id")
    if answered is None:
        return None, None
    if answered == account.get("id"):
        return None, _native_account(account, "account")
    return None, next((native for native, who in mentions.items() if who.get("id") == answered), None)


def _quoted(status: dict[str, Any]) -> tuple[str, str | None] | None:
    quote = status.get("quote")
    if not isinstance(quote, dict):
        return None
    inner = quote.get("quoted_status") if isinstance(quote.get("quoted_status"), dict) else quote
    uri = values.text(inner.get("uri")) if isinstance(inner, dict) else None
    if uri is None or not isinstance(inner, dict):
        return None
    author = inner.get("account")
    return uri, values.text(author.get("url")) or values.text(author.get("acct")) if isinstance(author, dict) else None


def _edge(
    context: FileContext, kind: str, accounts: tuple[str, str | None], posts: tuple[str, str | None], interacted_at: datetime
) -> Row:
    source, target = accounts
    carrier, target_post = posts
    return Row(
        "interactions",
        {
            "platform": PLATFORM,
            "interaction_key": _key(context, f"{kind}:{source}:{target_post or target}:{carrier}"),
            "interaction_type": kind,
            "source_account_key": _key(context, source),
            "target_account_key": _key(context, target) if target else None,
            "post_key": _key(context, carrier),
            "target_post_key": _key(context, target_post) if target_post else None,
            "interacted_at": interacted_at,
            "ts_quality": "exact",
        },
    )


def _is_status(value: Any) -> bool:
    return isinstance(value, dict) and "uri" in value and "account" in value and "created_at" in value


def _is_account(value: Any) -> bool:
    return isinstance(value, dict) and "acct" in value and ("followers_count" in value or "note" in value)


def _with_parents(statuses: list[Any]) -> Iterator[Any]:
    """The statuses, each told the URI and author of the status it answers where the same document holds that one."""
    known = {
        status["id"]: {"uri": status["uri"], "author": account.get("url") or account.get("acct")}
        for status in statuses
        if _is_status(status) and isinstance(status.get("id"), str) and isinstance(account := status["account"], dict)
    }
    for status in statuses:
        answered = status.get("in_reply_to_id") if isinstance(status, dict) else None
        yield {**status, _PARENT: known[answered]} if isinstance(answered, str) and answered in known else status


class _Statuses:
    framing = Framing.JSON
    collection_method = "timeline"

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one status. Raises BadRecord."""
        return status_rows(values.mapping(record.value, "status"), context)


class Timeline(_Statuses):
    """A list of statuses (timelines, an account's statuses, trends) or a single one."""

    name = "mastodon_statuses"

    def matches(self, sample: Sample) -> bool:
        """Status entities; an empty list is a page that holds none."""
        first = sample.first_value
        return _is_status(first) or (isinstance(first, list) and (not first or _is_status(first[0])))

    def split(self, document: Any) -> Iterable[Any]:
        """The statuses."""
        return _with_parents(document) if isinstance(document, list) else (document,)


class StatusLines(_Statuses):
    """One status a line, as collectors write streams."""

    name = "mastodon_status_lines"
    framing = Framing.LINES

    def matches(self, sample: Sample) -> bool:
        """A status entity on the first line."""
        return _is_status(sample.first_value)

    def split(self, document: Any) -> Iterable[Any]:
        """One line, one record."""
        return (document,)


class ThreadContext(_Statuses):
    """The context of a status: its ancestors and descendants, but not itself."""

    name = "mastodon_context"

    def matches(self, sample: Sample) -> bool:
        """Both lists."""
        first = sample.first_value
        return isinstance(first, dict) and isinstance(first.get("ancestors"), list) and isinstance(first.get("descendants"), list)

    def split(self, document: Any) -> Iterable[Any]:
        """Ancestors, then descendants."""
        whole = values.mapping(document, "document")
        return _with_parents([*(whole.get("ancestors") or ()), *(whole.get("descendants") or ())])


class Accounts:
    """A list of accounts (followers, boosters, directory, search) or a single one."""

    name = "mastodon_accounts"
    framing = Framing.JSON
    collection_method = "timeline"

    def matches(self, sample: Sample) -> bool:
        """Account entities."""
        first = sample.first_value
        return _is_account(first) or (isinstance(first, list) and bool(first) and _is_account(first[0]))

    def split(self, document: Any) -> Iterable[Any]:
        """The accounts."""
        return document if isinstance(document, list) else (document,)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one account. Raises BadRecord."""
        return account_rows(values.mapping(record.value, "account"), context)


class ErrorBody:
    """An error body that was saved as if it were an answer."""

    name = "mastodon_error"
    framing = Framing.JSON
    collection_method = "timeline"

    def matches(self, sample: Sample) -> bool:
        """An ``error`` text."""
        return isinstance(sample.first_value, dict) and isinstance(sample.first_value.get("error"), str)

    def split(self, document: Any) -> Iterable[Any]:
        """The body itself."""
        return (document,)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:  # noqa: ARG002 - the protocol's signature
        """Never lands. Raises BadRecord ``error_response``."""
        body = values.optional_mapping(record.value)
        raise BadRecord("error_response", f"the server answered: {str(body.get('error'))[:200]}")


def post_ids_of(answer: Any) -> set[str]:
    """The URI of the status that answers a lookup."""
    return set(filter(None, [values.text(values.optional_mapping(answer).get("uri"))]))


def account_ids_of(answer: Any) -> set[str]:
    """The native id of the account that answers a lookup."""
    account = values.optional_mapping(answer)
    return set(filter(None, [values.text(account.get("url")) or values.text(account.get("acct"))]))


# An account's archive is ActivityPub: ``outbox.json`` and ``actor.json``.
FORMATS: Final[tuple[NativeFormat, ...]] = (
    LookupFormat("mastodon_posts_lookup", Timeline(), post_ids_of),
    LookupFormat("mastodon_accounts_lookup", Accounts(), account_ids_of, asked_for="account"),
    ThreadContext(),
    Timeline(),
    StatusLines(),
    Accounts(),
    Collections(),
    Objects(),
    ObjectLines(),
    ErrorBody(),
)
