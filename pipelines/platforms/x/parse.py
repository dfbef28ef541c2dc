"""The native file shapes of X: how each is recognised and split, and which rows its records give. No I/O."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from pipelines.platforms import values
from pipelines.platforms.lookups import LookupFormat
from pipelines.platforms.posts import SOCIAL_TABLES
from pipelines.platforms.protocol import BadRecord, FileContext, Framing, NativeFormat, Record, Row, Sample
from pipelines.platforms.x import events, fields, v1, v2
from pipelines.platforms.x.archive import Archive, ArchiveRest
from pipelines.platforms.x.rows import deletion_row

TABLES: Final = SOCIAL_TABLES
_LINE_SUFFIXES: Final = frozenset({".jsonl", ".ndjson"})


def _undecided(answer: dict[str, Any]) -> set[str]:
    """Ids that an answer cannot show for a reason of the moment: not there now is not gone."""
    problems = values.mappings(answer.get("errors"))
    return set(filter(None, (v2.problem_id(problem) for problem in problems if v2.gone(problem) is None)))


def post_ids_of(answer: Any) -> set[str]:
    """Native ids of the posts that an answer of ``/2/tweets`` holds, not of those that it only includes.

    A post that was edited goes by the id of its first version, as in the lake; the id that was asked for counts too. An id that
    the answer cannot show for a reason of the moment counts as held, so that nobody takes it for gone.
    """
    whole = values.optional_mapping(answer)
    data = whole.get("data")
    found = _undecided(whole)
    for post in values.mappings(data if isinstance(data, list) else [data]):
        chain = values.sequence(post.get("edit_history_post_ids") or post.get("edit_history_tweet_ids"))
        found |= set(filter(None, map(fields.optional_identity, [post.get("id"), *chain])))
    return found


def account_ids_of(answer: Any) -> set[str]:
    """Native ids of the accounts that an answer of ``/2/users`` holds, or cannot show for a reason of the moment."""
    whole = values.optional_mapping(answer)
    data = whole.get("data")
    users = values.mappings(data if isinstance(data, list) else [data])
    return _undecided(whole) | set(filter(None, (fields.optional_identity(user.get("id")) for user in users)))


def is_nothing_found(answer: Any) -> bool:
    """Whether an answer to a look-up says of all that was asked for that it is not there: by problems, and nothing else."""
    whole = values.optional_mapping(answer)
    problems = values.mappings(whole.get("errors"))
    return not whole.get("data") and bool(problems) and all(map(v2.gone, problems))


class Lines:
    """One value a line, as collectors write streams and pages: statuses, posts, users, pages, delete notices, compliance."""

    name = "x_lines"
    framing = Framing.LINES
    collection_method = "keyword"

    def matches(self, sample: Sample) -> bool:
        """A first line that is one of these, in a file of several lines or one named as such; or a lone event."""
        first = sample.first_value
        if events.kind_of(first) is not None or events.is_job_result(first):
            return True
        line, _, rest = sample.head.removeprefix(b"\xef\xbb\xbf").lstrip().partition(b"\n")
        has_lines = sample.suffix in _LINE_SUFFIXES or bool(rest.strip())
        is_whole = line.startswith(b"{") and line.rstrip().endswith(b"}")
        return (
            has_lines
            and is_whole
            and any(is_one(first) for is_one in (v1.is_status, v1.is_user, v2.is_post, v2.is_user, v2.is_page))
        )

    def split(self, document: Any) -> Iterable[Any]:
        """One line, one record."""
        return (document,)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one line. Raises BadRecord."""
        line = values.mapping(record.value, "line")
        if events.kind_of(line) is not None:
            return events.event_rows(line, context)
        if events.is_job_result(line):
            return events.job_rows(line, context)
        if v1.is_message(line):
            raise BadRecord("not_public", "a direct message")
        if v1.is_status(line):
            return v1.status_rows(line, context)
        if v1.is_user(line):
            return v1.user_rows(line, context)
        if v2.is_page(line):
            rows = [row for item in v2.page_items(line) for row in v2.item_rows(item, context)]
            if not rows:
                raise BadRecord("empty_page", "a page without posts, users or problems")
            return rows
        if v2.is_user(line):
            return v2.user_rows(line, context)
        if "id" in line and ("text" in line or v2.POST_MARKS & line.keys()):
            return v2.line_rows(line, context)
        raise BadRecord("unexpected_shape", f"no post, user, page or event: {', '.join(sorted(line))[:100]}")


class Pages:
    """Answers of the v2 API, and what collectors make of them: bare lists of posts, ``users`` and ``tweets`` side by side."""

    name = "x_v2_pages"
    framing = Framing.JSON
    collection_method = "search"

    def matches(self, sample: Sample) -> bool:
        """A page, or a list with v2 posts or users."""
        first = sample.first_value
        if isinstance(first, list):
            return any(v2.is_post(item) or v2.is_user(item) for item in first)
        return v2.is_page(first) or v2.is_post(first) or v2.is_user(first)

    def split(self, document: Any) -> Iterable[Any]:
        """Posts with what the page knows of their surroundings, then users, then what the page says is missing."""
        if isinstance(document, dict) and v2.is_page(document):
            return list(v2.page_items(document))
        return list(v2.page_items({"data": document}))

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one item. Raises BadRecord."""
        return v2.item_rows(values.mapping(record.value, "item"), context)


class Statuses:
    """Statuses of v1.1: one, a list, the answer of a search, or the map of a look-up, whose NULLs are gone."""

    name = "x_v1_statuses"
    framing = Framing.JSON
    collection_method = "timeline"

    def matches(self, sample: Sample) -> bool:
        """Statuses."""
        first = sample.first_value
        if v1.is_status(first):
            return True
        items = first if isinstance(first, list) else values.optional_mapping(first).get("statuses")
        mapped = values.child(values.optional_mapping(first), "id")
        return any(map(v1.is_status, [*values.sequence(items), *mapped.values()]))

    def split(self, document: Any) -> Iterable[Any]:
        """The statuses, and the ids of those that a look-up did not find."""
        if isinstance(document, dict) and isinstance(document.get("id"), dict):
            return [{"missing": native} if status is None else status for native, status in document["id"].items()]
        if isinstance(document, dict) and isinstance(document.get("statuses"), list):
            return list(document["statuses"])
        return list(document) if isinstance(document, list) else [document]

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one status. Raises BadRecord."""
        status = values.mapping(record.value, "status")
        if status.keys() == {"missing"}:
            return [deletion_row("post", fields.identity(status["missing"], "id"), "not_found", context)]
        return v1.status_rows(status, context)


class Users:
    """Users of v1.1: one, a list, or a page of them."""

    name = "x_v1_users"
    framing = Framing.JSON
    collection_method = "timeline"

    def matches(self, sample: Sample) -> bool:
        """Users."""
        first = sample.first_value
        items = first if isinstance(first, list) else values.optional_mapping(first).get("users")
        return v1.is_user(first) or any(map(v1.is_user, values.sequence(items)))

    def split(self, document: Any) -> Iterable[Any]:
        """The users."""
        items = document.get("users") if isinstance(document, dict) and isinstance(document.get("users"), list) else document
        return list(items) if isinstance(items, list) else [items]

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one user. Raises BadRecord."""
        return v1.user_rows(values.mapping(record.value, "user"), context)


class Messages:
    """Direct messages of v1.1. Recognised, named in the ledger, not read."""

    name = "x_messages_not_read"
    framing = Framing.JSON
    collection_method = "manual"

    def matches(self, sample: Sample) -> bool:
        """A message, or a list of them."""
        first = sample.first_value
        return v1.is_message(first) or (isinstance(first, list) and bool(first) and all(map(v1.is_message, first)))

    def split(self, document: Any) -> Iterable[Any]:  # noqa: ARG002 - the protocol's signature
        """Nothing."""
        return ()

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:  # noqa: ARG002 - the protocol's signature
        """Never reached by the intake. Raises BadRecord."""
        raise BadRecord("not_public", "a direct message")


class ErrorBody:
    """An error body that was saved as if it were an answer."""

    name = "x_error"
    framing = Framing.JSON
    collection_method = "timeline"

    def matches(self, sample: Sample) -> bool:
        """``error`` or ``errors`` and nothing else that is known, or a problem document."""
        first = values.optional_mapping(sample.first_value)
        is_problem = "title" in first and ("status" in first or "detail" in first)
        return is_problem or bool(values.sequence(first.get("errors"))) or isinstance(first.get("error"), str)

    def split(self, document: Any) -> Iterable[Any]:
        """The body itself."""
        return (document,)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:  # noqa: ARG002 - the protocol's signature
        """Never lands. Raises BadRecord ``error_response``."""
        body = values.optional_mapping(record.value)
        first = next(iter(values.mappings(body.get("errors"))), body)
        said = next(filter(None, (values.text(first.get(name)) for name in ("message", "detail", "error", "title"))), "an error")
        raise BadRecord("error_response", f"the server answered: {said[:200]}")


FORMATS: Final[tuple[NativeFormat, ...]] = (
    LookupFormat("x_posts_lookup", Pages(), post_ids_of, is_empty=is_nothing_found),
    LookupFormat("x_accounts_lookup", Pages(), account_ids_of, asked_for="account", is_empty=is_nothing_found),
    Lines(),
    Pages(),
    Messages(),
    Statuses(),
    Users(),
    ErrorBody(),
    Archive(),
    ArchiveRest(),
)
