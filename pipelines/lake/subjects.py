"""Who or what an erasure is about: the keys of an account or post, all that goes with it, and what it is called in the vault. Reads only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pipelines.lake.erasures import Keys, read_erasures
from pipelines.lake.identifiers import Identifiers
from pipelines.lake.paths import DataPaths
from pipelines.lake.pseudonyms import Pseudonymiser
from pipelines.lake.rewriting import Wanted
from pipelines.lake.schemas import TABLES
from pipelines.platforms.text import canonical_url

KINDS: Final = ("account", "post")


class AmbiguousSubjectError(ValueError):
    """What was given means several accounts or posts."""


@dataclass(slots=True)
class Named:
    """An account or post with all that goes with it.

    Attributes:
        platform: Of the subject.
        kind: 'account' or 'post'.
        requested_key: Its own key.
        keys: By subject type, the keys of all that goes with it, its own among them.
        sure: What names nobody else: native ids, addresses.
        full_names: Names of several words that no other account of the platform bears.
        handles: Which may be words.
    """

    platform: str
    kind: str
    requested_key: str
    keys: dict[str, set[str]] = field(default_factory=dict)
    sure: set[str] = field(default_factory=set)
    full_names: set[str] = field(default_factory=set)
    handles: set[str] = field(default_factory=set)

    def wanted(self) -> Wanted:
        """What is to be taken out of files."""
        keys = {key for each in self.keys.values() for key in each}
        sure = keys | {name for name in self.sure if not self._is_handle(name)}
        return Wanted(
            self.platform, Keys(keys), Identifiers(sure), Identifiers(sure | self.full_names, self.handles | (self.sure - sure))
        )

    def _is_handle(self, name: str) -> bool:
        # Some platforms know accounts by their handle alone: it is then a native id and a word all the same.
        return name.strip().lstrip("@").casefold() in {each.strip().lstrip("@").casefold() for each in self.handles}


def find_subject(paths: DataPaths, pseudonyms: Pseudonymiser, platform: str, kind: str, given: str) -> Named:
    """The account or post that ``given`` means, with all that goes with it.

    An account takes along its posts, its handles and the links to its pages; a post its links. What an earlier run that was killed has
    already put into the ledger is part of it.

    Args:
        paths: the data folder.
        pseudonyms: makes the keys.
        platform: whose account or post.
        kind: 'account' or 'post'.
        given: its native id; or the handle of an account, or an address, where only one account or post of the vault bears it.

    Raises:
        AmbiguousSubjectError: a handle or address of several.
    """
    import duckdb

    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        known = _Known(paths, platform, connection)
        key = _meant(known, pseudonyms, platform, kind, given)
        named = Named(platform, kind, key, {kind: {key}}, {given})
        earlier = read_erasures(paths).to_pylist()
        for row in earlier:
            if row["requested_key"] == key:
                named.keys.setdefault(row["subject_type"], set()).add(row["subject_key"])
        if kind == "account":
            _gather_account(known, pseudonyms, named)
        _gather_posts(known, pseudonyms, named)
    return named


def _meant(known: _Known, pseudonyms: Pseudonymiser, platform: str, kind: str, given: str) -> str:
    key = pseudonyms.key(platform, given)
    if known.column("vault_" + kind + "s", f"{kind}_key", f"{kind}_key in ?", [[key]]):
        return key
    if kind == "account":
        handle = given.strip().lstrip("@").lower()
        found = known.column(
            "vault_accounts", "account_key", "lower(ltrim(handle, '@')) = ? or profile_url = ?", [handle, given]
        ) | known.column("accounts", "account_key", "handle_key = ?", [pseudonyms.handle_key(platform, given)])
    else:
        found = known.column("vault_posts", "post_key", "url = ?", [given])
    found.discard(key)
    if len(found) > 1:
        raise AmbiguousSubjectError(f"{len(found)} {kind}s of {platform} bear it; give the native id")
    return found.pop() if found else key


def _gather_account(known: _Known, pseudonyms: Pseudonymiser, named: Named) -> None:
    accounts = [sorted(named.keys["account"])]
    mine = "account_key in ?"
    posts = named.keys.setdefault("post", set())
    posts |= known.column("posts", "post_key", mine, accounts) | known.column("vault_posts", "post_key", mine, accounts)
    posts |= known.column("interactions", "post_key", "source_account_key in ?", accounts)
    handles = known.column("vault_accounts", "handle", mine, accounts)
    urls, names = (_own(known, "vault_accounts", column, "account_key", accounts) for column in ("profile_url", "display_name"))
    named.sure |= known.column("vault_accounts", "native_id", mine, accounts) | urls
    named.handles |= handles
    # In the fediverse a mention on one's own server leaves the server out.
    local = {handle.lstrip("@").partition("@")[0] for handle in handles if "@" in handle.lstrip("@")}
    others = "split_part(ltrim(handle, '@'), '@', 1)"
    borne = known.column(
        "vault_accounts", others, f"account_key not in ? and list_contains(?, {others})", [*accounts, sorted(local)]
    )
    named.handles |= local - borne
    # A single word may be any word.
    named.full_names |= {name for name in names if " " in name.strip()}
    named.keys.setdefault("handle", set()).update(
        known.column("accounts", "handle_key", mine, accounts) | {pseudonyms.handle_key(named.platform, each) for each in handles}
    )
    named.keys.setdefault("link", set()).update(_link_keys(pseudonyms, urls))


def _gather_posts(known: _Known, pseudonyms: Pseudonymiser, named: Named) -> None:
    posts = [sorted(named.keys.get("post", ()))]
    urls = _own(known, "vault_posts", "url", "post_key", posts)
    named.sure |= known.column("vault_posts", "native_id", "post_key in ?", posts) | urls
    named.keys.setdefault("link", set()).update(_link_keys(pseudonyms, urls))


def _own(known: _Known, table: str, column: str, key: str, keys: list[list[str]]) -> set[str]:
    """Values that the subject bears and nobody else of the platform: an address or a name that is shared is not the subject's."""
    found = known.column(table, column, f"{key} in ?", keys)
    return found - known.column(table, column, f"{key} not in ? and list_contains(?, {column})", [*keys, sorted(found)])


def _link_keys(pseudonyms: Pseudonymiser, urls: Iterable[str]) -> set[str]:
    return {pseudonyms.link_key(canonical) for url in urls if (canonical := canonical_url(url))}


class _Known:
    """The landed rows of one platform, asked for values."""

    def __init__(self, paths: DataPaths, platform: str, connection: Any) -> None:
        self._paths, self._platform, self._connection = paths, platform, connection
        self._files: dict[str, list[Path]] = {}

    def column(self, table: str, column: str, condition: str, parameters: list[Any]) -> set[str]:
        """Distinct values of a column where a condition holds; NULL is none."""
        if table not in self._files:
            self._files[table] = sorted(self._paths.table_root(self._platform, table).glob("day=*/night=*.parquet"))
            files = [str(file) for file in self._files[table]]
            if files:
                self._connection.from_parquet(files, hive_partitioning=False, union_by_name=True).create_view(table)
            else:
                self._connection.register(table, TABLES[table].empty_table())
        asked = f"select distinct {column} from {table} where ({condition}) and {column} is not null"
        return {row[0] for row in self._connection.execute(asked, parameters).fetchall()}
