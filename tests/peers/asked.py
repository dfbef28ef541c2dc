"""A transport that asks Prism for a kind of answer and keeps what was asked and answered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import httpx


@dataclass(frozen=True)
class Exchange:
    """One request and what came of it."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    status: int
    violations: str  # what the description does not allow, in Prism's words


@dataclass
class Preferring(httpx.BaseTransport):
    """Sends each request with the ``Prefer`` header that ``prefer`` names for it, by its number from 0."""

    prefer: Callable[[int], str | None] = lambda _: None
    exchanges: list[Exchange] = field(default_factory=list)
    _inner: httpx.HTTPTransport = field(default_factory=httpx.HTTPTransport)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        wanted = self.prefer(len(self.exchanges))
        if wanted is not None:
            request.headers["prefer"] = wanted
        response = self._inner.handle_request(request)
        query = tuple(request.url.params.multi_items())
        violations = response.headers.get("sl-violations", "")
        self.exchanges.append(Exchange(request.method, request.url.path, query, response.status_code, violations))
        return response

    def close(self) -> None:
        self._inner.close()

    def refused(self) -> Iterator[Exchange]:
        """What the description does not allow."""
        return (each for each in self.exchanges if each.violations or each.status == 422)
