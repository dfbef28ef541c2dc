"""What a live source is: pure turns from a watched item and its last page to the next request. Nothing here asks or writes.

A platform folder with live sources holds ``client.py`` with ``CLIENT: PlatformClient``. The client in this package sends its requests,
lands each answer as a page on disk and hands it back; the intake then reads the pages as it reads an inbox. A chain of requests that
was cut off begins anew with the same window and the same cursor: requests whose pages lie on the disk are answered from there, so a
source must be a function of what it is given.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import msgspec

Cursor = Mapping[str, Any]  # what one watch item keeps from one night for the next; JSON values only


class Scheme(enum.StrEnum):
    """How a secret goes into a request."""

    BEARER = "bearer"  # Authorization: Bearer SECRET
    HEADER = "header"  # ``parameter`` names the header
    QUERY = "query"  # ``parameter`` names the query parameter
    CLIENT_CREDENTIALS = "client_credentials"  # a token is asked for at ``token_url`` with id and secret, and sent as bearer


@dataclass(frozen=True, slots=True)
class Credential:
    """One way to be let in, by environment variables only."""

    name: str
    scheme: Scheme
    variables: tuple[str, ...]  # of the environment; CLIENT_CREDENTIALS has (id, secret)
    parameter: str = ""
    prefix: str = ""  # before the secret in a HEADER, as 'Token '
    token_url: str = ""
    token_form: tuple[tuple[str, str], ...] = ()  # further fields of the token request
    is_basic: bool = False  # id and secret go as HTTP Basic, else as form fields named by ``id_field`` and 'client_secret'
    id_field: str = "client_id"
    is_optional: bool = False  # without it the platform is asked all the same


@dataclass(frozen=True, slots=True)
class Request:
    """One request, without any secret."""

    url: str  # absolute, without a query
    query: tuple[tuple[str, str], ...] = ()
    method: str = "GET"
    body: bytes | None = None
    content_type: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    credential: str | None = None  # name of the credential to send it with
    cost: int = 1  # in units of the platform's budget
    asked: tuple[str, ...] = ()  # native ids that a lookup asks for: what its answer leaves out is gone
    asked_for: str = ""  # 'post' or 'account', where ``asked`` is given
    suffix: str = ".json"  # how the page's body would be named as a file: '.json', '.xml', '.csv', '.csv.zip', '.txt'


@dataclass(frozen=True, slots=True)
class Page:
    """One answer, as it came."""

    request: Request
    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes
    fetched_at: datetime

    def json(self) -> Any:
        """The decoded body; None where it is no JSON."""
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, RecursionError):
            return None


@dataclass(frozen=True, slots=True)
class Window:
    """The time that a night asks about; fixed when its collection first begins."""

    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class WatchItem:
    """One thing to watch, as the watchlist names it."""

    platform: str
    source: str  # name of one of the platform's sources
    value: str  # handle, tag, query, URL: what the source's README says
    server: str  # base URL without a trailing slash
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Turn:
    """What follows a page: further requests in order (none ends the chain), and what to keep for the next night."""

    requests: tuple[Request, ...] = ()
    cursor: Cursor = field(default_factory=dict)


class Source(Protocol):
    """One kind of watched thing on one platform."""

    name: str  # what the watchlist calls it: 'accounts', 'tags', 'queries', 'feeds'
    about: str  # one line for the watchlist's reader: what a value is, as an example

    def begin(self, item: WatchItem, cursor: Cursor, window: Window) -> Turn:
        """The first requests of a night. Raises ValueError, saying why and what to write, for a value that cannot be asked about."""
        ...

    def after(self, item: WatchItem, cursor: Cursor, window: Window, page: Page) -> Turn:
        """What follows a page that is no refusal. ``cursor`` is that of the last turn of this chain."""
        ...


class Lookup(Protocol):
    """Asks for posts or accounts by their native ids: counters at fixed ages, profiles of the day, what is gone."""

    asked_for: str  # 'post' or 'account'
    batch_count: int  # ids in one request, at most

    def requests(self, ids: Sequence[str], server: str) -> tuple[Request, ...]:
        """Requests for at most ``batch_count`` ids, each with its ``asked``."""
        ...


class Answer(enum.StrEnum):
    """What an answer means to the chain that it belongs to."""

    FINE = "fine"
    GONE = "gone"  # what was asked for is not there: a fact, not a failure
    WAIT = "wait"  # asked too often; ask again once the budget says so
    AGAIN = "again"  # a failure of the moment
    REFUSED = "refused"  # asking again changes nothing


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a platform says in its own words, where the status alone does not."""

    answer: Answer
    reason: str = ""
    wait_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Budget:
    """How much may be asked. Rate headers of answers come before it."""

    units: int  # a night at most, in units of ``Request.cost``
    requests_per_second: float = 5.0
    resets: str = "night"  # for the reader: 'night', '15 minutes', 'midnight Pacific'


@dataclass(frozen=True, slots=True)
class PlatformClient:
    """How one platform is asked."""

    server: str  # base URL, unless the watchlist names another
    hosts: tuple[str, ...]  # that may be asked or redirected to, beside those that the watchlist names
    budget: Budget
    sources: tuple[Source, ...]
    credentials: tuple[Credential, ...] = ()
    lookups: tuple[Lookup, ...] = ()
    is_looked_up_by_server: bool = False  # many servers, each of which knows its own: all that are watched are asked
    refresh_days: int | None = None  # the terms ask that what is kept be looked up again within so many days
    # Looks at a page for what its status does not say (an error in a 200, a used-up quota as 403); None leaves it to the status.
    judge: Callable[[Page], Judgement | None] | None = None
