"""Articles of media outlets as rows of ``mainstream_items``: what archives of other people's news pages share. No I/O."""

from __future__ import annotations

import html
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pipelines.platforms import text as texts
from pipelines.platforms.credits import credit_columns
from pipelines.platforms.protocol import BadRecord, FileContext, Row

# An archive names an outlet by its domain alone and an article by its address: the same domain is the same outlet, and the
# same address the same article, whichever archive found it.
_OUTLETS: Final = "outlet"


@dataclass(frozen=True, slots=True)
class Article:
    """One article as an archive states it."""

    address: str  # web address, or the citation of what was not on the web
    published_at: datetime
    ts_quality: str
    outlet: str | None = None  # domain or name; None: the address's domain
    title: str | None = None
    language: str | None = None  # two letters
    links: tuple[str, ...] = ()  # from the article to other sites and embedded posts
    observed_at: datetime | None = None  # None: as the file


def plain_title(written: str | None) -> str | None:
    """A title without character references and doubled spaces; bytes that are no text become the replacement character."""
    if not written:
        return None
    readable = written.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    # A reference can name what is no character, such as half of a surrogate pair.
    resolved = html.unescape(readable).encode("utf-8", "replace").decode("utf-8")
    return " ".join(resolved.replace("\x00", " ").split()) or None


def outlet_of(domain: str) -> str:
    """A domain as the name of an outlet: lower case, without 'www.'."""
    return domain.strip().casefold().removeprefix("www.")


def article_row(platform: str, article: Article, context: FileContext) -> Row:
    """The row of an article. Raises BadRecord ``missing_id`` where neither it nor its outlet can be named."""
    address = article.address.strip()
    if not address.isprintable() or address.encode("utf-8", "replace") != address.encode("utf-8", "surrogatepass"):
        raise BadRecord("invalid_utf8", "the article's address holds bytes that are no text", "address")
    url = texts.canonical_url(address)
    outlet = outlet_of(article.outlet or "") or (texts.link_domain(url) if url else None)
    if not address or outlet is None:
        raise BadRecord(
            "missing_id", "the record names neither an article's web address nor an outlet with a citation", "address"
        )
    title = plain_title(article.title)
    own = _canonical([url or ""])
    links = _canonical(link for link in article.links if not _is_of(outlet, link))
    credited = credit_columns(article.links, context.pseudonyms) if article.links else {}
    values = {
        "platform": platform,
        "item_key": context.pseudonyms.link_key(url) if url else context.pseudonyms.key(platform, f"{outlet}|{address}"),
        "outlet_key": context.pseudonyms.key(_OUTLETS, outlet),
        "outlet_name": outlet,
        "outlet_class": "media",
        "published_at": article.published_at,
        "ts_quality": article.ts_quality,
        "title": title,
        "url": url,
        "language": article.language,
        "title_terms": texts.title_terms(title) if title else [],
        "link_keys": [context.pseudonyms.link_key(link) for link in [*own, *links]],
        "link_domains": list(dict.fromkeys(filter(None, map(texts.link_domain, [*own, *links])))),
        **credited,
    }
    if article.observed_at is not None:
        values["observed_at"] = article.observed_at
    return Row("mainstream_items", values)


def _canonical(links: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(filter(None, map(texts.canonical_url, links))))


def _is_of(outlet: str, link: str) -> bool:
    """Whether a link stays on the outlet's own site: most of those are menus, not sources."""
    domain = texts.link_domain(link) or ""
    return domain == outlet or domain.endswith(f".{outlet}")
