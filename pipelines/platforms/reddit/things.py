"""Answers of Reddit's API and of Arctic Shift's: listings, comment trees, profiles, errors. Each thing in them is one record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

from pipelines.platforms import values
from pipelines.platforms.posts import Author
from pipelines.platforms.protocol import BadRecord, FileContext, Framing, Record, Row, Sample
from pipelines.platforms.reddit.payloads import Comment, Submission
from pipelines.platforms.reddit.rows import author_of, line_of, plain, rows_of
from pipelines.platforms.times import from_unix, plausible

_POSTS: Final[dict[str, type[Comment | Submission]]] = {"t1": Comment, "t3": Submission}
_LISTED: Final = frozenset({"Listing", "t1", "t2", "t3", "t4", "t5", "t6", "more"})
_NOT_TAKEN: Final = {
    "t4": "not read: private message",
    "t5": "the thing is a subreddit: neither a post nor an account",
    "t6": "the thing is an award: neither a post nor an account",
}


def things_in(document: Any) -> Iterator[dict[str, Any]]:
    """Every thing of an answer with its kind, in the order of reading, comments before what answers them.

    Stubs of the kind ``more`` hold only ids of what was left out; they are no things.
    """
    waiting = [document]  # a stack of its own: trees are as deep as people quarrel
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting += reversed(node)
            continue
        if not isinstance(node, dict) or node.get("kind") == "more":
            continue
        data = values.child(node, "data")
        if node.get("kind") == "Listing":
            waiting.append(values.sequence(data.get("children")))
        elif "json" in node:
            waiting.append(values.sequence(values.child(values.child(node, "json"), "data").get("things")))
        else:
            yield {"kind": node.get("kind"), "data": {name: part for name, part in data.items() if name != "replies"}}
            replies = data.get("replies")  # '' where there are none
            if isinstance(replies, dict | list):
                waiting.append(replies)


def post_ids_of(answer: Any) -> set[str]:
    """Fullnames of the posts and comments that an answer holds."""
    return {
        f"{thing['kind']}_{thing['data']['id']}"
        for thing in things_in(answer)
        if thing["kind"] in ("t1", "t3") and isinstance(thing["data"].get("id"), str)
    }


def account_ids_of(answer: Any) -> set[str]:
    """Native ids of the accounts that an answer holds."""
    names = (values.text(thing["data"].get("name")) for thing in things_in(answer) if thing["kind"] == "t2")
    return {found for found in map(author_of, names) if found}


class _Things:
    framing = Framing.JSON
    collection_method: str

    def split(self, document: Any) -> Iterable[Any]:
        """The things of the answer."""
        return things_in(document)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one thing. Raises BadRecord."""
        thing = values.mapping(record.value, "thing")
        kind, data = thing.get("kind"), values.mapping(thing.get("data"), "data")
        if kind == "t2":
            return _account_rows(data, context)
        payload = _POSTS.get(kind) if isinstance(kind, str) else None
        if payload is None:
            raise BadRecord(
                "unexpected_shape", _NOT_TAKEN.get(str(kind), f"no kind of thing that is known: {kind!r:.40}"), "kind"
            )
        return rows_of(line_of(data, payload), context)


class ApiAnswer(_Things):
    """Listings, a post with its comments, what /api/morechildren adds, and about.json of an account or a subreddit."""

    name = "reddit_api"
    collection_method = "timeline"

    def matches(self, sample: Sample) -> bool:
        """A thing, a list of listings, or things in the envelope of /api/morechildren."""
        first = sample.first_value
        if isinstance(first, list):
            return bool(first) and all(isinstance(each, dict) and each.get("kind") == "Listing" for each in first)
        if not isinstance(first, dict):
            return False
        if isinstance(values.child(values.child(first, "json"), "data").get("things"), list):
            return True
        return str(first.get("kind")) in _LISTED and isinstance(first.get("data"), dict)


class ArchiveAnswer(_Things):
    """Arctic Shift's ``{"data": [...]}``: lines as in its dumps, or a tree of comments as Reddit writes it."""

    name = "arctic_shift_api"
    collection_method = "archive"

    def matches(self, sample: Sample) -> bool:
        """A list of lines or things under ``data`` and nothing beside it but an error."""
        first = sample.first_value
        if not isinstance(first, dict) or not first.keys() <= {"data", "error"} or not isinstance(first.get("data"), list):
            return False
        return all(isinstance(each, dict) and ("kind" in each or "created_utc" in each) for each in first["data"][:20])

    def split(self, document: Any) -> Iterable[Any]:
        """The lines and things of the answer. Raises BadRecord ``wrong_type`` where ``data`` is no list."""
        data = document.get("data") if isinstance(document, dict) else None
        if not isinstance(data, list):
            raise BadRecord("wrong_type", "data is no list", "data")
        for each in data:
            if isinstance(each, dict) and "kind" in each:
                yield from things_in(each)
            else:
                yield {"kind": _kind_of_line(each), "data": each}


def _kind_of_line(line: Any) -> str | None:
    if not isinstance(line, dict):
        return None
    return "t1" if "link_id" in line and "body" in line else "t3" if "title" in line and "subreddit" in line else None


class ErrorAnswer:
    """What the API answers instead of data: refused as a record, so that nobody takes it for an empty answer."""

    name = "reddit_error"
    framing = Framing.JSON
    collection_method = "timeline"

    def matches(self, sample: Sample) -> bool:
        """An object with an error and no data."""
        first = sample.first_value
        return isinstance(first, dict) and first.get("error") is not None and first.get("data") is None

    def split(self, document: Any) -> Iterable[Any]:
        """The answer as one record."""
        return (document,)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Raises BadRecord with what the API said."""
        answer = values.mapping(record.value, "answer")
        said = [str(answer[name]) for name in ("error", "reason", "message", "error_description") if answer.get(name)]
        raise BadRecord("error_response", f"{context.file}: the API answered {', '.join(said)[:200]}", "error")


def _account_rows(data: dict[str, Any], context: FileContext) -> list[Row]:
    """A profile. Karma has no column; what ``subscribers`` of a person's page count, nobody here could confirm: it is not taken."""
    handle = values.required_text(data.get("name"), "name")
    native_id = author_of(handle)
    if native_id is None:
        raise BadRecord("missing_id", f"{handle} names an account that is gone", "name")
    page = values.child(data, "subreddit")
    description = values.text(page.get("public_description"))
    suspended = data.get("is_suspended") is True
    return Author(
        native_id,
        handle=handle,
        display_name=values.text(page.get("title")),
        profile_text=plain(description) if description else None,
        profile_url=f"https://www.reddit.com/user/{handle}",
        created_at=_created_at(data.get("created_utc"), context),
        status="suspended" if suspended else "active",
        links=[] if page else None,
    ).rows(context, context.observed_at, context.observed_quality)


def _created_at(seconds: Any, context: FileContext) -> datetime | None:
    found = values.number(seconds, "created_utc")
    return None if found is None else plausible(from_unix(found, "created_utc"), context.observed_at, "created_utc")
