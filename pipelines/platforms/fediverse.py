"""Conventions that Mastodon's API and ActivityPub share: public places, tags beside a text. No entity of either."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from pipelines.platforms import text as texts


def instance(url: str | None, username: str | None) -> str | None:
    """The host of a URL, unless it is named after the person: a one-person server is no public place."""
    try:
        host = (urlsplit(url or "").hostname or "").lower()
    except ValueError:
        return None
    return host if host and (username or "").casefold() not in host.split(".") else None


def tags_of(written: str, listed: Iterable[str]) -> list[str]:
    """Normalised tags as their author wrote them, and those listed beside that are not the same without accents."""
    own = texts.tags_in(written)
    folded = set(map(texts.without_accents, own))
    return [*own, *(tag for tag in texts.normalise_tags(list(listed)) if texts.without_accents(tag) not in folded)]
