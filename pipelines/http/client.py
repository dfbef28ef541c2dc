"""Sends one request of a platform and reads its answer: allowed hosts only, bounded in time and size, secrets kept. Judges nothing."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import Final
from urllib.parse import urljoin

import httpx
import msgspec

from pipelines.http.clock import Clock
from pipelines.http.credentials import Credentials, Redactor, basic
from pipelines.http.hosts import AllowList, origin
from pipelines.http.pages import kept_headers
from pipelines.http.protocol import Credential, Page, Request, Scheme
from pipelines.http.retry import Failure

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS: Final = 5
_ENCODINGS: Final = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}
_RENEW_BEFORE_SECONDS: Final = 60.0
_TOKEN_SECONDS: Final = 3_600.0  # of a token that does not say how long it lives
_TOKEN_BYTES: Final = 1 << 20


class SendError(Exception):
    """No answer, or none that may be used."""

    def __init__(self, failure: Failure, reason: str) -> None:
        super().__init__(reason)
        self.failure = failure


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long and how large one answer may be."""

    connect_seconds: float = 10.0
    read_seconds: float = 30.0  # between two pieces
    total_seconds: float = 180.0  # of a whole answer, however it drips
    body_bytes: int = 64 << 20  # after decompression


@dataclass(slots=True)
class _Token:
    secret: str
    good_until: float


class Sender:
    """Sends the requests of one platform. One connection pool, no cookies, no proxy or netrc of the environment."""

    def __init__(
        self,
        allowed: AllowList,
        credentials: Credentials,
        redactor: Redactor,
        clock: Clock,
        *,
        contact: str = "",
        bounds: Bounds | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._allowed, self._credentials, self._redactor, self._clock = allowed, credentials, redactor, clock
        self._bounds = bounds or Bounds()
        self._tokens: dict[str, _Token] = {}
        agent = f"undercurrent/{metadata.version('undercurrent')}" + (f" ({contact})" if contact else "")
        self._http = httpx.Client(
            headers={"user-agent": agent, "accept-encoding": "gzip, deflate"},
            timeout=httpx.Timeout(self._bounds.read_seconds, connect=self._bounds.connect_seconds),
            follow_redirects=False,
            trust_env=False,
            transport=transport,
        )
        redactor.watch_logs()

    def close(self) -> None:
        """Give the connections back, forget the tokens."""
        self._http.close()
        self._tokens.clear()
        self._redactor.leave_logs()

    def send(self, request: Request) -> Page:
        """One attempt. A token that is no longer taken is asked for anew, once. Raises SendError."""
        page = self._sent(request)
        if page.status == 401 and request.credential in self._tokens:
            del self._tokens[str(request.credential)]
            page = self._sent(request)
        return page

    def _sent(self, request: Request) -> Page:
        headers, query = self._secrets(request)
        url = httpx.URL(request.url)
        if request.query or query:
            url = url.copy_merge_params([*request.query, *query.items()])
        if request.content_type is not None:
            headers["content-type"] = request.content_type
        status, answered, body = self._exchange(request.method, str(url), request.headers, headers, request.body)
        answered = {name: self._redactor.text(value) for name, value in kept_headers(answered).items()}
        return Page(request, status, answered, self._redactor.data(body), self._clock.now())

    def _secrets(self, request: Request) -> tuple[dict[str, str], dict[str, str]]:
        """Headers and query parameters that let the request in."""
        if request.credential is None:
            return {}, {}
        declared, values = self._credentials.declared(request.credential), self._credentials.values(request.credential)
        if values is None:
            if declared.is_optional:
                return {}, {}
            raise SendError(Failure.NO_CREDENTIAL, f"set {' and '.join(declared.variables)} in the environment")
        match declared.scheme:
            case Scheme.BEARER:
                return {"authorization": f"Bearer {values[0]}"}, {}
            case Scheme.HEADER:
                return {declared.parameter: f"{declared.prefix}{values[0]}"}, {}
            case Scheme.QUERY:
                return {}, {declared.parameter: values[0]}
            case Scheme.CLIENT_CREDENTIALS:
                return {"authorization": f"Bearer {self._token(declared, values)}"}, {}

    def _token(self, declared: Credential, values: tuple[str, ...]) -> str:
        known = self._tokens.get(declared.name)
        if known is not None and self._clock.monotonic() < known.good_until:
            return known.secret
        form = {"grant_type": "client_credentials", **dict(declared.token_form)}
        headers = {"content-type": "application/x-www-form-urlencoded"}
        if declared.is_basic:
            headers["authorization"] = f"Basic {basic(*values)}"
        else:
            form |= {declared.id_field: values[0], "client_secret": values[1]}
        content = str(httpx.QueryParams(form)).encode()
        status, _, body = self._exchange("POST", declared.token_url, (), headers, content)
        try:
            said = msgspec.json.decode(body[:_TOKEN_BYTES])
            secret, lives = str(said["access_token"]), float(said.get("expires_in") or _TOKEN_SECONDS)
        except (msgspec.DecodeError, KeyError, TypeError, ValueError, AttributeError):
            failure = Failure.CONNECTION if status == 429 or status >= 500 else Failure.NO_CREDENTIAL
            raise SendError(failure, f"{origin(declared.token_url).host} gave no token (status {status})") from None
        self._redactor.learn(secret)
        self._tokens[declared.name] = _Token(secret, self._clock.monotonic() + lives - _RENEW_BEFORE_SECONDS)
        return secret

    def _exchange(
        self, method: str, url: str, plain: tuple[tuple[str, str], ...], secret: Mapping[str, str], content: bytes | None
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and decoded body, redirects followed where they may lead. Raises SendError."""
        deadline = time.monotonic() + self._bounds.total_seconds
        came_from: str | None = None
        first = url
        for _ in range(_MOST_REDIRECTS + 1):
            refusal = self._allowed.refusal(url, came_from)
            if refusal is not None:
                where = f"redirected: {refusal}" if came_from else refusal
                raise SendError(Failure.NOT_ALLOWED, self._redactor.text(where))
            is_home = came_from is None or origin(url) == origin(first)
            try:
                status, headers, body = self._read(method, url, [*plain, *(secret.items() if is_home else ())], content, deadline)
            except httpx.TimeoutException as error:
                raise SendError(Failure.TIMEOUT, type(error).__name__) from None
            except httpx.RemoteProtocolError as error:
                is_cut = "complete message body" in str(error) or "incomplete chunked" in str(error)
                failure = Failure.TRUNCATED if is_cut else Failure.CONNECTION
                raise SendError(failure, self._redactor.text(str(error))) from None
            except (httpx.TransportError, httpx.InvalidURL, zlib.error) as error:
                failure = Failure.WRONG_CONTENT if isinstance(error, zlib.error) else Failure.CONNECTION
                raise SendError(failure, self._redactor.text(f"{type(error).__name__}: {error}")) from None
            location = headers.get("location")
            if status not in _REDIRECTS or not location:
                return status, headers, body
            came_from, url = url, urljoin(url, location)
            if status == 303 or (status in {301, 302} and method == "POST"):
                method, content = "GET", None
        raise SendError(Failure.NOT_ALLOWED, f"more than {_MOST_REDIRECTS} redirects")

    def _read(
        self, method: str, url: str, headers: list[tuple[str, str]], content: bytes | None, deadline: float
    ) -> tuple[int, dict[str, str], bytes]:
        request = self._http.build_request(method, url, headers=headers, content=content)
        response = self._http.send(request, stream=True)
        try:
            address = _address(response)
            if address and self._allowed.is_address_refused(address, url):
                raise SendError(Failure.NOT_ALLOWED, f"{request.url.host} is at {address}, an address of a private network")
            body = b"".join(self._decoded(response, deadline))
        finally:
            response.close()
            self._http.cookies.clear()
        return response.status_code, {name.lower(): value for name, value in response.headers.items()}, body

    def _decoded(self, response: httpx.Response, deadline: float) -> Iterator[bytes]:
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        if encoding in {"", "identity"}:
            pieces = self._in_time(response, deadline)
        elif encoding in _ENCODINGS:
            pieces = _inflated(self._in_time(response, deadline), _ENCODINGS[encoding], self._bounds.body_bytes)
        else:
            raise SendError(Failure.WRONG_CONTENT, f"content encoding {encoding[:20]}, which was not asked for")
        count = 0
        for piece in pieces:
            count += len(piece)
            if count > self._bounds.body_bytes:
                raise SendError(Failure.TOO_LARGE, f"more than {self._bounds.body_bytes:,} bytes")
            yield piece

    def _in_time(self, response: httpx.Response, deadline: float) -> Iterator[bytes]:
        for piece in response.iter_raw():
            if time.monotonic() > deadline:
                raise SendError(Failure.TIMEOUT, f"the answer took more than {self._bounds.total_seconds:,.0f} s")
            yield piece


def _address(response: httpx.Response) -> str | None:
    """Where the answer came from; None where no network was asked."""
    stream = response.extensions.get("network_stream")
    try:
        found = stream.get_extra_info("server_addr") if stream is not None else None
    except OSError as error:
        raise SendError(Failure.CONNECTION, f"closed while it answered: {error.strerror}") from None
    return str(found[0]) if found else None


def _inflated(pieces: Iterator[bytes], window_bits: int, most_bytes: int) -> Iterator[bytes]:
    """Decompressed pieces, never much more than ``most_bytes`` of them. Raises SendError where the stream ends early."""
    inflater, is_first = zlib.decompressobj(window_bits), True
    for piece in pieces:
        if is_first and window_bits == zlib.MAX_WBITS and piece[:1] and piece[0] & 0x0F != 8:
            inflater = zlib.decompressobj(-zlib.MAX_WBITS)  # 'deflate' without its zlib frame, as some servers send it
        is_first = False
        rest = piece
        while rest:
            if inflater.eof:
                inflater = zlib.decompressobj(window_bits)
            yield inflater.decompress(rest, most_bytes + 1)
            rest = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
    if not inflater.eof and not is_first:
        raise SendError(Failure.TRUNCATED, "the compressed body ends early")
