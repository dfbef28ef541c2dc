"""How the X API is asked: each turn from hand-written pages, what a night may cost, and the official description of the API."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.http.protocol import Answer, Cursor, Page, Request, Source, Turn, WatchItem, Window
from pipelines.platforms.protocol import Sample
from pipelines.platforms.x import fields
from pipelines.platforms.x.client import CLIENT
from pipelines.platforms.x.parse import FORMATS, Lines, Pages
from tests.contracts.harness import REALDATA, chosen, context, drive

WINDOW: Final = Window(datetime(2026, 11, 17, tzinfo=UTC), datetime(2026, 11, 18, tzinfo=UTC))
SPEC: Final = REALDATA.parent / "specs" / "x-openapi-2.167.json"
with_spec = pytest.mark.skipif(not SPEC.exists(), reason=f"the official description of the API is not at {SPEC}")


def source(name: str) -> Source:
    return next(one for one in CLIENT.sources if one.name == name)


def item(name: str, value: str, **options: Any) -> WatchItem:
    return WatchItem("x", name, value, CLIENT.server, options)


def page(request: Request, body: Any, status: int = 200) -> Page:
    return Page(request, status, {}, json.dumps(body).encode(), WINDOW.ends_at)


def posts(*hours: int, more: str | None = None) -> dict[str, Any]:
    """A page of posts made at these hours of the window's day."""
    ids = [str(fields.snowflake_at(WINDOW.begins_at.replace(hour=hour))) for hour in hours]
    meta = {"result_count": len(ids)} | ({"next_token": more} if more else {})
    return {"data": [{"id": native, "text": "moss", "author_id": "11"} for native in ids], "meta": meta}


def query(turn: Turn) -> dict[str, str]:
    return dict(turn.requests[0].query)


def test_a_tag_is_searched_for_in_the_window_and_without_reposts() -> None:
    turn = source("tags").begin(item("tags", "#Moss"), {}, WINDOW)
    (request,) = turn.requests
    assert request.url == "https://api.x.com/2/tweets/search/recent"
    asked = query(turn)
    assert (asked["query"], asked["max_results"]) == ("#Moss -is:retweet", "100")
    assert (asked["start_time"], asked["end_time"]) == ("2026-11-17T00:00:00Z", "2026-11-17T23:59:30Z")
    assert request.credential == "app"


def test_a_window_longer_than_the_recent_search_reaches_is_cut_and_an_archive_search_is_not() -> None:
    long = Window(datetime(2026, 10, 1, tzinfo=UTC), WINDOW.ends_at)
    assert query(source("queries").begin(item("queries", "moss"), {}, long))["start_time"] == "2026-11-11T00:05:00Z"
    turn = source("queries").begin(item("queries", "moss", archive=True, max_results=500), {}, long)
    assert (query(turn)["start_time"], turn.requests[0].url[-4:]) == ("2026-10-01T00:00:00Z", "/all")


def test_the_next_page_is_asked_for_with_the_same_question_until_none_is_left() -> None:
    found, watched = source("queries"), item("queries", "moss")
    first = found.begin(watched, {}, WINDOW)
    second = found.after(watched, first.cursor, WINDOW, page(first.requests[0], posts(9, 8, more="t1")))
    assert query(second) == {**query(first), "next_token": "t1"}
    last = found.after(watched, second.cursor, WINDOW, page(second.requests[0], posts(7)))
    assert last.requests == ()
    assert last.cursor == {"newest": posts(9)["data"][0]["id"]}


def test_the_next_night_asks_from_a_little_before_the_newest_post() -> None:
    cursor = {"newest": posts(9)["data"][0]["id"]}
    asked = query(source("queries").begin(item("queries", "moss"), cursor, WINDOW))
    assert "start_time" not in asked
    made_at = fields.snowflake_time(asked["since_id"])
    assert made_at is not None
    assert abs((made_at - WINDOW.begins_at.replace(hour=8, minute=45)).total_seconds()) < 1


def test_a_newest_post_that_the_recent_search_no_longer_reaches_is_not_named() -> None:
    old = str(fields.snowflake_at(datetime(2026, 10, 1, tzinfo=UTC)))
    assert "since_id" not in query(source("queries").begin(item("queries", "moss"), {"newest": old}, WINDOW))


def test_a_number_from_the_future_hides_nothing_of_the_next_night() -> None:
    asked = query(source("queries").begin(item("queries", "moss"), {"newest": str(2**62)}, WINDOW))
    made_at = fields.snowflake_time(asked["since_id"])
    assert made_at is not None
    assert made_at < WINDOW.ends_at


def test_a_chain_that_is_cut_off_asks_for_the_same_again() -> None:
    found, watched, cursor = source("queries"), item("queries", "moss"), {"newest": posts(2)["data"][0]["id"]}
    first = found.begin(watched, cursor, WINDOW)
    second = found.after(watched, first.cursor, WINDOW, page(first.requests[0], posts(9, more="t1")))
    assert found.begin(watched, second.cursor, WINDOW).requests == first.requests


def endless(found: Source, watched: WatchItem, body: Any, limit: int) -> int:
    """Pages until the chain ends, each answer being ``body`` with a token of its own where it has one."""
    turn, count = found.begin(watched, {"user_id": "11"}, WINDOW), 0
    while turn.requests and count <= limit:
        count += 1
        body = {**body, "meta": {"next_token": body["meta"]["next_token"] if body.get("same") else f"t{count}"}}
        turn = found.after(watched, turn.cursor, WINDOW, page(turn.requests[0], {k: v for k, v in body.items() if k != "same"}))
    return count


@pytest.mark.parametrize(("name", "value"), [("queries", "moss"), ("accounts", "moss")])
def test_paging_ends_by_itself_whatever_the_server_says(name: str, value: str) -> None:
    found, watched = source(name), item(name, value)
    assert endless(found, watched, {"data": [], "meta": {}}, 500) == 3  # nothing, with always new tokens
    assert endless(found, watched, {**posts(9, more="t"), "same": True}, 500) == 2  # the same token again and again
    assert endless(found, watched, posts(9), 500) == 100  # always more


def test_pages_older_than_the_window_end_the_chain() -> None:
    found, watched = source("accounts"), item("accounts", "id:11")
    first = found.begin(watched, {}, WINDOW)
    old = {"data": [{"id": str(fields.snowflake_at(datetime(2026, 11, 1, tzinfo=UTC)))}], "meta": {"next_token": "t"}}
    assert found.after(watched, first.cursor, WINDOW, page(first.requests[0], old)).requests == ()


@pytest.mark.parametrize("value", ["moss", "@Moss", "https://x.com/moss", "https://twitter.com/moss?s=20"])
def test_an_account_is_found_by_its_name_once_and_asked_by_its_number_from_then_on(value: str) -> None:
    accounts, watched = source("accounts"), item("accounts", value)
    first = accounts.begin(watched, {}, WINDOW)
    assert first.requests[0].url.lower() == "https://api.x.com/2/users/by/username/moss"
    second = accounts.after(watched, first.cursor, WINDOW, page(first.requests[0], {"data": {"id": "11", "username": "moss"}}))
    assert second.requests[0].url == "https://api.x.com/2/users/11/tweets"
    last = accounts.after(watched, second.cursor, WINDOW, page(second.requests[0], posts(9, 8)))
    assert last.cursor == {"newest": posts(9)["data"][0]["id"], "user_id": "11"}
    assert accounts.begin(watched, last.cursor, WINDOW).requests[0].url == "https://api.x.com/2/users/11/tweets"


def test_an_account_that_is_not_there_ends_the_chain() -> None:
    accounts, watched = source("accounts"), item("accounts", "moss")
    first = accounts.begin(watched, {}, WINDOW)
    missing = {"errors": [{"type": "https://api.x.com/2/problems/resource-not-found", "resource_type": "user"}]}
    answer = page(first.requests[0], missing)
    assert CLIENT.judge is not None
    judged = CLIENT.judge(answer)
    assert judged is not None and judged.answer is Answer.GONE
    assert accounts.after(watched, first.cursor, WINDOW, answer) == Turn()


@pytest.mark.parametrize(
    ("name", "value", "options", "said"),
    [
        ("accounts", "no such name", {}, "write its handle"),
        ("accounts", "a" * 16, {}, "write its handle"),
        ("tags", "two words", {}, "one word"),
        ("tags", "2026", {}, "one word"),
        ("queries", "  ", {}, "write 1 to 4096"),
        ("queries", "moss", {"max_results": 101}, "from 10 to 100"),
        ("accounts", "moss", {"max_results": True}, "from 5 to 100"),
    ],
)
def test_what_cannot_be_asked_about_is_refused_with_what_to_write(
    name: str, value: str, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        source(name).begin(item(name, value, **options), {}, WINDOW)


def test_a_page_costs_what_it_may_bring_at_most() -> None:
    (request,) = source("queries").begin(item("queries", "moss", max_results=10), {}, WINDOW).requests
    assert request.cost == 10 * (5 + 10 + 5 + 5)  # a post, its author, and the two posts that it may answer and quote
    (request,) = source("accounts").begin(item("accounts", "id:11", max_results=10), {}, WINDOW).requests
    assert request.cost == 10 * (5 + 5 + 5) + 10
    post, account = CLIENT.lookups
    assert [one.requests(["1", "2"], CLIENT.server)[0].cost for one in (post, account)] == [10, 20]


def test_a_look_up_asks_for_a_hundred_numbers_at_once_and_for_nothing_else() -> None:
    post, account = CLIENT.lookups
    (request,) = post.requests(["5", "no number", "6", "5"], CLIENT.server)
    assert (request.asked, dict(request.query)["ids"], request.asked_for) == (("5", "6"), "5,6", "post")
    assert (post.batch_count, account.batch_count, account.asked_for) == (100, 100, "account")
    assert account.requests([], CLIENT.server) == ()


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, {"data": []}, None),
        (200, None, Answer.AGAIN),
        (429, {"title": "Too Many Requests", "detail": "Too Many Requests", "type": "about:blank"}, None),
        (429, {"title": "UsageCapExceeded", "type": "https://api.twitter.com/2/problems/usage-capped"}, Answer.REFUSED),
        (402, {"title": "CreditsDepleted", "detail": "no credits"}, Answer.REFUSED),
        (401, {"title": "Unauthorized"}, None),
        (403, {"title": "Forbidden", "detail": "the account is suspended"}, None),
    ],
)
def test_what_the_status_does_not_say(status: int, body: Any, expected: Answer | None) -> None:
    assert CLIENT.judge is not None
    judged = CLIENT.judge(page(Request("https://api.x.com/2/tweets"), body, status))
    assert (judged.answer if judged else None) is expected


def test_a_look_up_of_posts_that_are_all_gone_is_an_answer() -> None:
    (request,) = CLIENT.lookups[0].requests(["5"], CLIENT.server)
    missing = {"errors": [{"type": "https://api.x.com/2/problems/resource-not-found", "resource_type": "post", "value": "5"}]}
    assert CLIENT.judge is not None
    assert CLIENT.judge(page(request, missing)) is None
    assert drive(Pages(), [missing], context("x")).by_table == {"deletions": 1}


@pytest.fixture(scope="module")
def spec() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(SPEC.read_text("utf-8"))
    return found


def every_request() -> Iterator[Request]:
    cursors: tuple[Cursor, ...] = ({}, {"newest": posts(9)["data"][0]["id"], "user_id": "11"})
    for name, value, options in (
        ("tags", "moss", {}),
        ("queries", "moss", {}),
        ("queries", "moss", {"archive": True}),
        ("accounts", "moss", {}),
        ("accounts", "id:11", {}),
    ):
        for cursor in cursors:
            watched = item(name, value, **options)
            turn = source(name).begin(watched, cursor, WINDOW)
            yield from turn.requests
            further = {"data": {"id": "11"}} if "/by/" in turn.requests[0].url else posts(9, more="t")
            yield from source(name).after(watched, turn.cursor, WINDOW, page(turn.requests[0], further)).requests
    for lookup in CLIENT.lookups:
        yield from lookup.requests([str(number) for number in range(100)], CLIENT.server)


def resolved(spec: dict[str, Any], schema: Any) -> Any:
    """A schema with its references put in place, and ``nullable`` as JSON Schema says it."""
    if isinstance(schema, list):
        return [resolved(spec, part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        target: Any = spec
        for name in schema["$ref"].removeprefix("#/").split("/"):
            target = target[name]
        return resolved(spec, target)
    return {name: resolved(spec, part) for name, part in schema.items() if name not in {"description", "example"}}


def operation(spec: dict[str, Any], request: Request) -> dict[str, Any]:
    path = request.url.removeprefix(CLIENT.server)
    forms = {re.sub(r"\{\w+\}", "[^/]+", name): body["get"] for name, body in spec["paths"].items() if "get" in body}
    matching = [form for form in forms if re.fullmatch(form, path)]
    found: dict[str, Any] = forms[min(matching, key=lambda form: form.count("[^/]+"))]
    return found


@with_spec
def test_every_request_names_only_what_the_official_description_knows(spec: dict[str, Any]) -> None:
    requests = list(every_request())
    assert len(requests) > 15
    for request in requests:
        known = {one["name"]: one for one in resolved(spec, operation(spec, request)["parameters"]) if one["in"] == "query"}
        asked = dict(request.query)
        assert asked.keys() <= known.keys(), request.url
        assert {name for name, one in known.items() if one.get("required")} <= asked.keys()
        for name, value in asked.items():
            assert is_allowed(value, known[name]["schema"]), (request.url, name, value)


def is_allowed(written: str, schema: dict[str, Any]) -> bool:
    """Whether a query parameter's text is one that its schema allows."""
    if schema["type"] == "array":
        parts = written.split(",")
        count_fits = schema.get("minItems", 0) <= len(parts) <= schema.get("maxItems", 10**9)
        return count_fits and len(set(parts)) == len(parts) and all(is_allowed(part, schema["items"]) for part in parts)
    if schema["type"] == "integer":
        return bool(schema.get("minimum", 0) <= int(written) <= schema.get("maximum", 2**31))
    length_fits = schema.get("minLength", 0) <= len(written) <= schema.get("maxLength", 10**9)
    is_known = written in schema.get("enum", [written])
    is_date = schema.get("format") != "date-time" or datetime.fromisoformat(written).tzinfo is not None
    return length_fits and is_known and is_date and re.fullmatch(schema.get("pattern", ".*"), written) is not None


@with_spec
@pytest.mark.parametrize(
    "asked_of", ["/2/users/by/username/moss", "/2/tweets", "/2/users", "/2/tweets/search/recent", "/2/users/11/tweets"]
)
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
@given(data=st.data())
def test_every_body_that_the_description_allows_is_taken_and_each_record_lands_or_is_refused(
    asked_of: str, data: st.DataObject, spec: dict[str, Any]
) -> None:
    schema = operation(spec, Request(f"{CLIENT.server}{asked_of}"))["responses"]["200"]["content"]["application/json"]["schema"]
    body = data.draw(body_of(resolved(spec, schema), "body"))
    if native := chosen([one for one in FORMATS if one.framing == "json"], Sample("p.json", ".json", b"", body)):
        drive(native, [body], context("x"))
    else:
        assert not any(body.get(name) for name in ("data", "errors", "includes")) or not _has_ids(body)


@with_spec
@pytest.mark.parametrize("path", ["/2/tweets/compliance/stream", "/2/users/compliance/stream", "/2/tweets/search/stream"])
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
@given(data=st.data())
def test_every_line_of_a_stream_that_the_description_allows_lands_or_is_refused(
    path: str, data: st.DataObject, spec: dict[str, Any]
) -> None:
    schema = spec["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    drive(Lines(), [data.draw(body_of(resolved(spec, schema), "line"))], context("x", "keyword"))


def _has_ids(body: dict[str, Any]) -> bool:
    """Whether the body names anything: an object without any of its optional fields is nobody's."""
    data = body.get("data")
    items = data if isinstance(data, list) else [data]
    return any(isinstance(one, dict) and "id" in one and ("text" in one or "username" in one) for one in items)


TEXTS: Final = {"id": r"[0-9]{1,19}", "author_id": r"[0-9]{1,19}"}
STRANGE: Final = ("", " ", "0", "&amp;#Moss", "\u0000", "\U0001f600 @a https://t.co/x", "1.07616E+18")


def body_of(schema: dict[str, Any], name: str) -> st.SearchStrategy[Any]:
    """Values that the schema allows: with and without what is optional, NULL where that is allowed, negative counts, odd texts."""
    if "oneOf" in schema:
        return st.one_of([body_of(one, name) for one in schema["oneOf"]])
    if "enum" in schema:
        found: st.SearchStrategy[Any] = st.sampled_from(schema["enum"])
    elif schema.get("type") == "array":
        least = int(schema.get("minItems", 0))
        found = st.lists(body_of(schema.get("items", {}), name), min_size=least, max_size=least + 2)
    elif schema.get("type") == "object" or "properties" in schema:
        parts = {key: body_of(part, key) for key, part in schema.get("properties", {}).items()}
        required = set(schema.get("required", ()))
        found = st.fixed_dictionaries(
            {key: part for key, part in parts.items() if key in required},
            optional={key: part for key, part in parts.items() if key not in required},
        )
    elif schema.get("type") == "integer":
        found = st.integers(-(2**63), 2**63 - 1) | st.integers(0, 1000)
    elif schema.get("type") == "boolean":
        found = st.booleans()
    elif schema.get("type") == "string":
        found = _texts(schema, name)
    else:
        found = st.none() | st.text(max_size=5)
    return st.none() | found if schema.get("nullable") else found


def _texts(schema: dict[str, Any], name: str) -> st.SearchStrategy[Any]:
    if "pattern" in schema:
        return st.from_regex(schema["pattern"], fullmatch=True)
    if schema.get("format") == "date-time":
        return st.integers(0, 2_000_000_000).map(lambda seconds: f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S.000Z}")
    return st.from_regex(TEXTS[name], fullmatch=True) if name in TEXTS else st.sampled_from(STRANGE) | st.text(max_size=12)
