"""The smallest platform that can be collected: its client, its formats, and a server that holds its posts. For tests only."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pipelines.http.clock import Clock
from pipelines.http.protocol import (
    Answer,
    Budget,
    Credential,
    Cursor,
    Judgement,
    Page,
    PlatformClient,
    Request,
    Scheme,
    Turn,
    WatchItem,
    Window,
)
from pipelines.platforms.lookups import LookupFormat
from pipelines.platforms.protocol import BadRecord, FileContext, Framing, Record, Row, Sample
from pipelines.platforms.registry import PlatformSpec

NIGHT = date(2026, 10, 1)
TABLES = ("accounts", "posts", "post_metrics", "deletions", "coverage", "vault_accounts", "vault_posts")


@dataclass(frozen=True)
class Timeline:
    """Posts of one account, newest first, until what the last night saw."""

    name: str = "accounts"
    about: str = "a name: ann"

    def begin(self, item: WatchItem, cursor: Cursor, window: Window) -> Turn:  # noqa: ARG002 - the protocol's signature
        if " " in item.value:
            raise ValueError(f"{item.value!r} holds a space; write one name")
        return Turn((self._page(item, None),), {"newest": cursor.get("newest", 0), "before": cursor.get("newest", 0)})

    def after(self, item: WatchItem, cursor: Cursor, window: Window, page: Page) -> Turn:  # noqa: ARG002 - the protocol's signature
        if page.status == 404:
            return Turn((), cursor)
        body = page.json()
        numbers = [int(post["id"].split("-")[1]) for post in body["posts"]]
        newest = max([cursor["newest"], *numbers])
        kept = {"newest": newest, "before": cursor["before"]}
        if body.get("next") is None or (numbers and min(numbers) <= cursor["before"]):
            return Turn((), kept)
        return Turn((self._page(item, body["next"]),), kept)

    def _page(self, item: WatchItem, token: str | None) -> Request:
        query = (("who", item.value), *((("cursor", token),) if token else ()))
        return Request(f"{item.server}/items", query, credential="key")


@dataclass(frozen=True)
class ById:
    """Posts by their ids."""

    asked_for: str = "post"
    batch_count: int = 3

    def requests(self, ids: Sequence[str], server: str) -> tuple[Request, ...]:
        return (
            Request(f"{server}/lookup", (("ids", ",".join(ids)),), credential="key", asked=tuple(ids), asked_for=self.asked_for),
        )


def judge(page: Page) -> Judgement | None:
    body = page.json()
    if isinstance(body, dict) and body.get("error") == "quotaExceeded":
        return Judgement(Answer.WAIT, "quota", 7200.0)
    return None


def client(server: str, **changes: Any) -> PlatformClient:
    values: dict[str, Any] = {
        "server": server,
        "hosts": ("toy.example",),
        "budget": Budget(units=1_000, requests_per_second=0),
        "sources": (Timeline(),),
        "lookups": (ById(),),
        "credentials": (Credential("key", Scheme.QUERY, ("TOY_KEY",), parameter="key", is_optional=True),),
        "judge": judge,
    }
    return PlatformClient(**(values | changes))


class ToyPosts:
    """{"posts": [...]} of a timeline."""

    name = "toy_timeline"
    framing = Framing.JSON
    collection_method = "timeline"
    key = "posts"

    def matches(self, sample: Sample) -> bool:
        return isinstance(sample.first_value, dict) and isinstance(sample.first_value.get(self.key), list)

    def split(self, document: Any) -> Iterable[Any]:
        return list(document[self.key])

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        post = record.value
        if not isinstance(post, dict) or not isinstance(post.get("id"), str):
            raise BadRecord("missing_id", "the post has no id", "id")
        key, stamp = context.pseudonyms.key, {"platform": context.platform}
        post_key, account_key = key("toy", post["id"]), key("toy", post["who"])
        published = datetime.fromisoformat(post["at"])
        own = {"post_key": post_key, "published_at": published}
        yield Row("posts", stamp | own | {"account_key": account_key, "post_type": "post"})
        yield Row("post_metrics", stamp | own | {"like_count": post["likes"]})
        yield Row("vault_posts", stamp | {"post_key": post_key, "account_key": account_key, "native_id": post["id"]})


class ToyFound(ToyPosts):
    """{"found": [...]} of a lookup."""

    name = "toy_found"
    key = "found"


def found_ids(answer: Any) -> set[str]:
    return {post["id"] for post in answer["found"]}


SPEC = PlatformSpec("toy", "social", TABLES, (ToyPosts(), LookupFormat("toy_lookup", ToyFound(), found_ids), ToyFound()))


def item(server: str, value: str = "ann", **options: Any) -> WatchItem:
    return WatchItem("toy", "accounts", value, server, options)


@dataclass
class Toy:
    """What the server holds: posts by account, newest last; ids that are gone."""

    posts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    page_size: int = 5
    endless: str = ""  # what follows the last page, for ever
    asked: Counter[str] = field(default_factory=Counter)
    keys: Counter[str] = field(default_factory=Counter)

    def fill(self, who: str, count: int, until: datetime = datetime(2026, 10, 1, 20, tzinfo=UTC)) -> None:
        for number in range(1, count + 1):
            at = until - timedelta(hours=count - number)
            self.posts.setdefault(who, []).append({"id": f"{who}-{number}", "at": at.isoformat(), "who": who, "likes": number})

    def answer(self, target: str) -> tuple[int, Mapping[str, Any]]:
        """Status and body of a request."""
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query))
        self.keys[query.pop("key", "")] += 1
        self.asked[f"{parts.path}?{'&'.join(f'{name}={value}' for name, value in sorted(query.items()))}"] += 1
        if parts.path.endswith("/lookup"):
            known = {post["id"]: post for posts in self.posts.values() for post in posts if post["id"] not in self.gone}
            return 200, {"found": [known[native] for native in query["ids"].split(",") if native in known]}
        if query.get("who") not in self.posts:
            return 404, {"error": "no such account"}
        posts = [post for post in self.posts[query["who"]] if post["id"] not in self.gone][::-1]
        start = int(query.get("cursor", "0").partition("x")[0])
        end = start + self.page_size
        following = str(end) if end < len(posts) else None
        if following is None and self.endless:
            # Each time another cursor, to nothing or to the same page again.
            following = f"{end if 'empty' in self.endless else start}x{sum(self.asked.values())}"
        return 200, {"posts": posts[start:end], "next": following}


class ToyServer:
    """Serves a Toy on loopback."""

    def __init__(self, toy: Toy) -> None:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                status, body = toy.answer(self.path)
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class NoTime(Clock):
    """A clock on which waiting takes no time."""

    def __init__(self, now: datetime = datetime(2026, 10, 2, 3, tzinfo=UTC)) -> None:
        self._began, self.waited = now, 0.0

    def now(self) -> datetime:
        return self._began + timedelta(seconds=self.waited)

    def monotonic(self) -> float:
        return self.waited

    def sleep(self, seconds: float) -> None:
        self.waited += seconds
