"""What one process remembers from block to block: keys of accounts, threads and links, and names of communities. All bounded."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from pipelines.lake.pseudonyms import Pseudonymiser
from pipelines.platforms.reddit.rows import PLATFORM, author_of, community_of
from pipelines.platforms.text import canonical_url, link_domain

_KEYS: Final = 200_000  # 50 MB in each process
_AUTHORS: Final = 100_000
_COMMUNITIES: Final = 20_000
_LINKS: Final = 20_000
_PLAIN_HOST: Final = re.compile(r"https://(?!www\.)([a-z0-9.-]+)(?=[/?]|$)")


class Author(NamedTuple):
    """An account's id and keys."""

    native_id: str
    account_key: str
    handle_key: str


class _Authors(dict[str | None, Author | None]):
    """Accounts by the name in the line; None for authors who are gone."""

    def __init__(self, pseudonyms: Pseudonymiser) -> None:
        super().__init__()
        self._pseudonyms = pseudonyms

    def __missing__(self, name: str | None) -> Author | None:
        if len(self) >= _AUTHORS:
            self.clear()
        native_id = author_of(name)
        key, handle_key = self._pseudonyms.key, self._pseudonyms.handle_key
        made = Author(native_id, key(PLATFORM, native_id), handle_key(PLATFORM, native_id)) if native_id else None
        self[name] = made
        return made


class Link(NamedTuple):
    """A link's key and domain."""

    key: str
    domain: str | None


class _Links(dict[str, Link | None]):
    """Keys and domains of links; None for what is no web URL."""

    def __init__(self, pseudonyms: Pseudonymiser) -> None:
        super().__init__()
        self._link_key = pseudonyms.link_key

    def __missing__(self, url: str) -> Link | None:
        if len(self) >= _LINKS:
            self.clear()
        made = None
        if canonical := canonical_url(url):
            plain = _PLAIN_HOST.match(canonical)
            made = Link(self._link_key(canonical), plain[1] if plain else link_domain(canonical))
        self[url] = made
        return made


class _Communities(dict[str | None, str | None]):
    """Communities by the name in the line."""

    def __missing__(self, name: str | None) -> str | None:
        if len(self) >= _COMMUNITIES:
            self.clear()
        made = self[name] = community_of(name)
        return made


class Memory:
    """What one process remembers from block to block."""

    def __init__(self, pseudonyms: Pseudonymiser) -> None:
        self.keys = pseudonyms.remembered(PLATFORM, _KEYS)
        self.authors = _Authors(pseudonyms)
        self.links = _Links(pseudonyms)
        self.communities = _Communities()


memory_of = lru_cache(maxsize=1)(Memory)
