"""ActivityPub's own spellings: types, references, audiences, authors, languages. Makes no rows."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import urlsplit

from pipelines.platforms import text as texts
from pipelines.platforms import values
from pipelines.platforms.protocol import BadRecord

OBJECTS: Final = frozenset({"Note", "Article", "Page", "Question", "Video", "Audio", "Image", "Event", "Document"})
ACTORS: Final = frozenset({"Person", "Service", "Application", "Group", "Organization"})
COLLECTIONS: Final = frozenset({"Collection", "OrderedCollection", "CollectionPage", "OrderedCollectionPage"})
# Of private letters and of reports about people: nobody's business but their addressees'.
PRIVATE: Final = frozenset({"ChatMessage", "EncryptedMessage", "Flag", "Warn", "Resolve"})
_PUBLIC: Final = frozenset({"https://www.w3.org/ns/activitystreams#Public", "as:Public", "Public"})
_ADDRESSES: Final = ("to", "cc", "bto", "bcc")
_MASTODON_ACTOR: Final = re.compile(r"(https?://[^/]+)/users/([\w.-]+)")
_LEMMY_COMMUNITY: Final = re.compile(r"https?://([^/]+)/[cm]/([\w.-]+)")


def kind(value: Any) -> str:
    """The type of an object, without its prefix; the first of several; empty where it has none."""
    named = values.optional_mapping(value).get("type")
    first = next(iter(values.texts(named)), "") if isinstance(named, list) else named
    return first.removeprefix("as:") if isinstance(first, str) else ""


def is_address(value: Any) -> bool:
    """Whether a value is a web address that can name an object."""
    return isinstance(value, str) and value.startswith(("https://", "http://")) and bool(host(value))


def reference(value: Any) -> str | None:
    """The id of what is named or embedded; of several, the first person's, else the first."""
    if isinstance(value, list):
        people = [item for item in value if kind(item) == "Person"]
        return next(filter(None, map(reference, [*people, *value])), None) if len(value) else None
    named = value.get("id") if isinstance(value, dict) else value
    return named if is_address(named) else None


def references(value: Any) -> list[str]:
    """The ids of one or several things that are named or embedded."""
    return [found for item in (value if isinstance(value, list) else [value]) if (found := reference(item)) is not None]


def native_id(value: dict[str, Any], field_name: str) -> str:
    """The id of an object. Raises BadRecord ``missing_id``."""
    found = reference(value)
    if found is None:
        raise BadRecord("missing_id", f"{field_name} has no id that is a web address", f"{field_name}.id")
    return found


def account_id(actor: str, platform: str) -> str:
    """The id by which a platform knows an actor: on Mastodon the profile's address, which its REST API gives everywhere."""
    found = _MASTODON_ACTOR.fullmatch(actor) if platform == "mastodon" else None
    return f"{found.group(1)}/@{found.group(2)}" if found else actor


def audience(value: dict[str, Any]) -> list[str] | None:
    """All that an object is addressed to; None where it carries no address at all."""
    named = [value[name] for name in _ADDRESSES if name in value]
    if not named:
        return None
    return [one for part in named for one in (part if isinstance(part, list) else [part]) if isinstance(one, str)]


def is_public(*layers: dict[str, Any]) -> bool:
    """Whether the innermost layer that is addressed is addressed to the public.

    An object without any address was served to whoever asked. Layers are given from the inside out.
    """
    for layer in layers:
        addressed = audience(layer)
        if addressed is not None:
            return not _PUBLIC.isdisjoint(addressed)
    return True


def language(value: dict[str, Any]) -> str | None:
    """The language of an object: of its only translation, or as Lemmy, PeerTube and Mobilizon write it."""
    translations = list(values.child(value, "contentMap"))
    named = [
        translations[0] if len(translations) == 1 else None,
        values.child(value, "language").get("identifier"),
        value.get("inLanguage"),
    ]
    return next(filter(None, map(texts.primary_language, values.texts(named))), None)


def page_address(value: dict[str, Any]) -> str | None:
    """The address of the page that people read; of several, the HTML one."""
    found = value.get("url")
    for link in found if isinstance(found, list) else [found]:
        if is_address(link):
            return str(link)
        if isinstance(link, dict) and link.get("mediaType", "text/html") == "text/html" and is_address(link.get("href")):
            return str(link["href"])
    return None


def host(address: str | None) -> str:
    """The host of an address in lower case, empty where there is none."""
    try:
        return (urlsplit(address or "").hostname or "").lower()
    except ValueError:
        return ""


def community(value: dict[str, Any]) -> str | None:
    """The community that an object was posted to, as name@host, where its address has the form of Lemmy's."""
    named = [value.get("audience"), *(audience(value) or ())]
    for address in (found for part in named for found in references(part)):
        match = _LEMMY_COMMUNITY.fullmatch(address)
        if match:
            return f"{match.group(2)}@{match.group(1)}".lower()
    return None


def total(value: Any) -> int | None:
    """``totalItems`` of an embedded collection, None where it is not embedded."""
    return values.count(values.optional_mapping(value).get("totalItems"), "totalItems")
