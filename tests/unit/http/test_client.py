"""What a sender lets out and lets in: hosts, redirects, sizes, times, tokens, and no secret anywhere."""

from __future__ import annotations

import gzip
import json
import logging
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request as Received
from werkzeug import Response

from pipelines.http.asking import Asked, Asker
from pipelines.http.client import Bounds, Sender, SendError
from pipelines.http.credentials import REDACTED, Credentials, Redactor
from pipelines.http.hosts import AllowList
from pipelines.http.meter import Meter
from pipelines.http.pages import PageStore
from pipelines.http.protocol import Budget, Credential, Request, Scheme
from pipelines.http.retry import Failure
from pipelines.lake.paths import DataPaths
from tests.unit.http.toy import NIGHT, NoTime

SECRET = "s3cr3t/+value="  # noqa: S105 - of nothing
CREDENTIALS = (
    Credential("query", Scheme.QUERY, ("TOY_KEY",), parameter="key"),
    Credential("bearer", Scheme.BEARER, ("TOY_KEY",)),
    Credential("header", Scheme.HEADER, ("TOY_KEY",), parameter="x-api-key"),
    Credential("absent", Scheme.BEARER, ("TOY_NOTHING",)),
    Credential("optional", Scheme.BEARER, ("TOY_NOTHING",), is_optional=True),
)
Make = Callable[..., Sender]


@pytest.fixture
def make(httpserver: HTTPServer) -> Iterator[Make]:
    made: list[Sender] = []

    def sender(
        *, named: bool = True, hosts: tuple[str, ...] = (), credentials: tuple[Credential, ...] = CREDENTIALS, **more: Any
    ) -> Sender:
        redactor = Redactor()
        known = Credentials(credentials, {"TOY_KEY": SECRET, "TOY_ID": "client-id-1"}, redactor)
        allowed = AllowList.of(hosts, [httpserver.url_for("")] if named else [])
        made.append(Sender(allowed, known, redactor, NoTime(), **more))
        return made[-1]

    yield sender
    for each in made:
        each.close()


def failure(sender: Sender, request: Request) -> Failure:
    with pytest.raises(SendError) as caught:
        sender.send(request)
    assert SECRET not in str(caught.value)
    return caught.value.failure


def test_each_scheme_puts_the_secret_where_it_belongs_and_nowhere_else(httpserver: HTTPServer, make: Make) -> None:
    httpserver.expect_request("/a").respond_with_json({})
    for name in ("query", "bearer", "header"):
        make().send(Request(httpserver.url_for("/a"), (("q", "x y"),), credential=name))
    queried, borne, headed = (request for request, _ in httpserver.log)
    assert (queried.args["key"], queried.args["q"]) == (SECRET, "x y")
    assert borne.headers["authorization"] == f"Bearer {SECRET}"
    assert headed.headers["x-api-key"] == SECRET
    assert "key" not in borne.args
    assert "authorization" not in queried.headers


def test_a_missing_credential_is_told_by_its_variable_and_an_optional_one_left_out(httpserver: HTTPServer, make: Make) -> None:
    httpserver.expect_request("/a").respond_with_json({})
    with pytest.raises(SendError, match="TOY_NOTHING"):
        make().send(Request(httpserver.url_for("/a"), credential="absent"))
    assert make().send(Request(httpserver.url_for("/a"), credential="optional")).status == 200


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://elsewhere.example/x", "no host of this platform"),
        ("http://toy.example/x", "without encryption"),
        ("https://toy.example:8443/x", "no host of this platform"),
        ("https://toy.example.evil.example/x", "no host of this platform"),
        ("https://127.0.0.1/x", "private network"),
        ("https://169.254.169.254/latest", "private network"),
        ("https://[::1]/x", "private network"),
        ("https://[::ffff:10.0.0.1]/x", "private network"),
        ("https://8.8.8.8/x", "private network"),
        ("https://localhost/x", "private network"),
        ("https://db.internal/x", "private network"),
        ("https://user:word@toy.example/x", "user or password"),
        ("ftp://toy.example/x", "ftp scheme"),
        ("file:///etc/passwd", "file scheme"),
        ("//toy.example/x", "no scheme"),
    ],
)
def test_only_allowed_hosts_are_asked(make: Make, url: str, why: str) -> None:
    with pytest.raises(SendError, match=why) as caught:
        make(named=False, hosts=("toy.example",)).send(Request(url))
    assert caught.value.failure is Failure.NOT_ALLOWED


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "target", ["http://127.0.0.1:1/x", "https://elsewhere.example/", "http://169.254.169.254/", "file:///etc/passwd"]
)
def test_a_redirect_is_held_to_the_list(httpserver: HTTPServer, make: Make, status: int, target: str) -> None:
    httpserver.expect_request("/a").respond_with_data("", status, {"Location": target})
    assert failure(make(), Request(httpserver.url_for("/a"))) is Failure.NOT_ALLOWED


def test_a_redirect_within_the_list_is_followed_and_a_circle_is_not(httpserver: HTTPServer, make: Make) -> None:
    httpserver.expect_request("/a").respond_with_data("", 302, {"Location": "/b"})
    httpserver.expect_request("/b").respond_with_json({"b": 1})
    httpserver.expect_request("/c").respond_with_data("", 302, {"Location": "/c"})
    assert make().send(Request(httpserver.url_for("/a"))).json() == {"b": 1}
    assert failure(make(), Request(httpserver.url_for("/c"))) is Failure.NOT_ALLOWED


def test_a_redirect_never_leads_from_https_to_http() -> None:
    allowed = AllowList.of(["toy.example"], ["http://toy.example"])
    assert allowed.refusal("http://toy.example/x") is None
    assert "from https to http" in str(allowed.refusal("http://toy.example/x", "https://toy.example/x"))


def test_a_secret_does_not_follow_a_redirect_to_another_origin(httpserver: HTTPServer) -> None:
    with HTTPServer() as other:
        other.expect_request("/b").respond_with_json({})
        httpserver.expect_request("/a").respond_with_data("", 302, {"Location": other.url_for("/b")})
        redactor = Redactor()
        allowed = AllowList.of([], [httpserver.url_for(""), other.url_for("")])
        sender = Sender(allowed, Credentials(CREDENTIALS, {"TOY_KEY": SECRET}, redactor), redactor, NoTime())
        for name in ("bearer", "header", "query"):
            sender.send(Request(httpserver.url_for("/a"), credential=name))
        sender.close()
        for received, _ in other.log:
            assert SECRET not in str(received.headers) + received.url


def test_a_name_that_leads_into_a_private_network_is_refused(httpserver: HTTPServer) -> None:
    allowed = AllowList.of(["toy.example"], [])
    assert allowed.is_address_refused("10.0.0.7", "https://toy.example/x")
    assert not allowed.is_address_refused("93.184.216.34", "https://toy.example/x")
    named = AllowList.of([], [httpserver.url_for("")])
    assert not named.is_address_refused("127.0.0.1", httpserver.url_for("/x"))


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "raw deflate", None])
def test_bodies_come_decoded(httpserver: HTTPServer, make: Make, encoding: str | None) -> None:
    body = json.dumps({"posts": list(range(1000))}).encode()
    packed = {
        "gzip": gzip.compress(body),
        "deflate": zlib.compress(body),
        "raw deflate": zlib.compress(body)[2:-4],
        None: body,
    }[encoding]
    headers = {"Content-Encoding": encoding.split()[-1]} if encoding else {}
    httpserver.expect_request("/a").respond_with_data(packed, 200, headers, content_type="application/json")
    assert make().send(Request(httpserver.url_for("/a"))).body == body


@pytest.mark.parametrize("is_packed", [True, False])
def test_a_body_beyond_the_limit_is_refused_before_it_is_held(httpserver: HTTPServer, make: Make, is_packed: bool) -> None:
    body = b" " * (5 << 20)
    headers = {"Content-Encoding": "gzip"} if is_packed else {}
    httpserver.expect_request("/a").respond_with_data(gzip.compress(body) if is_packed else body, 200, headers)
    assert failure(make(bounds=Bounds(body_bytes=1 << 20)), Request(httpserver.url_for("/a"))) is Failure.TOO_LARGE


def test_an_encoding_that_was_not_asked_for_is_no_answer(httpserver: HTTPServer, make: Make) -> None:
    httpserver.expect_request("/a").respond_with_data(b"?", 200, {"Content-Encoding": "zstd"})
    assert failure(make(), Request(httpserver.url_for("/a"))) is Failure.WRONG_CONTENT


def token_server(httpserver: HTTPServer, tokens: list[str], expires_in: int = 3600) -> None:
    def give(received: Received) -> Response:
        assert received.form["grant_type"] == "client_credentials"
        return Response(json.dumps({"access_token": tokens.pop(0), "expires_in": expires_in}), content_type="application/json")

    httpserver.expect_request("/token", "POST").respond_with_handler(give)


def application(httpserver: HTTPServer, **changes: Any) -> tuple[Credential, ...]:
    values = {"token_url": httpserver.url_for("/token")} | changes
    return (Credential("app", Scheme.CLIENT_CREDENTIALS, ("TOY_ID", "TOY_KEY"), **values),)


def test_a_token_is_asked_for_once_and_anew_when_it_is_no_longer_taken(httpserver: HTTPServer, make: Make) -> None:
    token_server(httpserver, ["first-token", "second-token"])
    taken = {"Bearer first-token"}

    def guard(received: Received) -> Response:
        return Response("{}", 200 if received.headers["authorization"] in taken else 401, content_type="application/json")

    httpserver.expect_request("/a").respond_with_handler(guard)
    sender, request = make(credentials=application(httpserver)), Request(httpserver.url_for("/a"), credential="app")
    assert [sender.send(request).status for _ in range(3)] == [200, 200, 200]
    taken.clear()
    taken.add("Bearer second-token")
    assert sender.send(request).status == 200
    taken.clear()
    httpserver.expect_request("/token", "POST").respond_with_json({"error": "no"}, 400)
    asked = [received.path for received, _ in httpserver.log]
    assert asked.count("/token") == 2


def test_a_token_can_be_asked_for_with_basic_or_other_names(httpserver: HTTPServer, make: Make) -> None:
    token_server(httpserver, ["token-one", "token-two"])
    httpserver.expect_request("/a").respond_with_json({})
    for changes in ({"is_basic": True}, {"id_field": "client_key", "token_form": (("scope", "read"),)}):
        make(credentials=application(httpserver, **changes)).send(Request(httpserver.url_for("/a"), credential="app"))
    by_basic, by_form = (received for received, _ in httpserver.log if received.path == "/token")
    assert by_basic.authorization is not None
    assert (by_basic.authorization.username, by_basic.authorization.password) == ("client-id-1", SECRET)
    assert (by_form.form["client_key"], by_form.form["client_secret"], by_form.form["scope"]) == ("client-id-1", SECRET, "read")


def test_no_token_is_a_failure_with_a_reason(httpserver: HTTPServer, make: Make) -> None:
    httpserver.expect_request("/token", "POST").respond_with_json({"error": "invalid_client", "echo": SECRET}, 401)
    request = Request(httpserver.url_for("/a"), credential="app")
    assert failure(make(credentials=application(httpserver)), request) is Failure.NO_CREDENTIAL


def everything_written(folder: Path) -> bytes:
    return b"".join(file.read_bytes() + str(file).encode() for file in sorted(folder.rglob("*")) if file.is_file())


def test_no_secret_reaches_the_disk_or_a_log(
    httpserver: HTTPServer, make: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.ERROR, "werkzeug")  # the server's own log, which may well know what it was told
    token_server(httpserver, ["minted-token-7"])

    def echo(received: Received) -> Response:
        told = json.dumps({"next": received.url, "seen": str(received.headers), "form": SECRET.replace("/", "\\/")})
        status = 400 if received.path == "/bad" else 200
        return Response(told, status, {"Link": f'<{received.url}&cursor=2>; rel="next"'}, content_type="application/json")

    for path in ("/a", "/bad"):
        httpserver.expect_request(path).respond_with_handler(echo)
    httpserver.expect_request("/away").respond_with_handler(
        lambda _: Response("", 302, {"Location": f"https://x.example/?k={SECRET}"})
    )
    redacted = make(credentials=(*CREDENTIALS, *application(httpserver)))
    store = PageStore(DataPaths(tmp_path), "toy", NIGHT)
    clock = NoTime()
    asker = Asker(redacted, store, Meter(Budget(1000, 0), 0, clock, 1000), clock, Random(1))
    asked: list[Asked] = []
    for credential in ("query", "bearer", "header", "app"):
        for path in ("/a", "/bad", "/away"):
            request = Request(httpserver.url_for(path), (("by", credential),), credential=credential)
            asked.append(asker.ask(request, "accounts", "accounts-1"))
    store.close()
    pages = [each.page for each in asked if each.page is not None]
    assert len(pages) == 4
    assert all(REDACTED.encode() in page.body for page in pages)
    told = everything_written(tmp_path) + caplog.text.encode() + repr(asked).encode()
    assert b"/bad" in told
    for secret in (SECRET, "minted-token-7", "s3cr3t%2F%2Bvalue%3D", "s3cr3t/%2Bvalue%3D"):
        assert secret.encode() not in told


def test_the_environment_s_proxy_and_netrc_are_not_used(
    httpserver: HTTPServer, make: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text("default login someone password something\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    httpserver.expect_request("/a").respond_with_json({}, headers={"Set-Cookie": "id=1"})
    sender = make()
    for _ in range(2):
        assert sender.send(Request(httpserver.url_for("/a"))).status == 200
    for received, _ in httpserver.log:
        assert "authorization" not in received.headers
        assert "cookie" not in received.headers


def test_a_mock_transport_stands_for_the_network(make: Make) -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(200, stream=httpx.ByteStream(request.url.host.encode())))
    sender = make(named=False, hosts=("toy.example",), transport=transport)
    assert sender.send(Request("https://toy.example/a")).body == b"toy.example"
