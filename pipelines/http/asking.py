"""One request until it is answered or given up: from the disk if it was asked before, else paced, sent, judged, landed."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import stamina

from pipelines.http.client import Sender, SendError
from pipelines.http.clock import Clock
from pipelines.http.content import content_problem
from pipelines.http.meter import Meter
from pipelines.http.pages import PageStore
from pipelines.http.protocol import Answer, Judgement, Page, Request
from pipelines.http.retry import LIMITS, Failure, Limits, Verdict, decide

# Its lines tell of every attempt and never why; ours do.
stamina.instrumentation.set_on_retry_hooks(())
_LOG: Final = logging.getLogger(__name__)
# Each was tried several times already; a hundred watched items must not wait for a dead server one after the other.
_HOST_IS_DOWN_AFTER: Final = 3
Judge = Callable[[Page], Judgement | None]
# What a platform's own functions raise on a body that they did not foresee.
UNFORESEEN: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError)


class Cut(NamedTuple):
    """Why something did not come to its end."""

    code: str  # budget, allowance, failing, refused; and, of chains, loop, length, unreadable, not_askable
    detail: str  # for the operator: may hold a platform's own words, so it is never published


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of a request: the answer, landed, or why it was given up."""

    page: Page | None = None
    cut: Cut | None = None


class _Again(Exception):
    """One more attempt is due."""


class Asker:
    """Asks for one platform's night.

    Attributes:
        fetched: pages that came over the network.
        from_disk: pages that lay on the disk already.
        failed: attempts without a usable answer.
    """

    def __init__(
        self,
        sender: Sender,
        store: PageStore,
        meter: Meter,
        clock: Clock,
        random: Random,
        judge: Judge | None = None,
        limits: Limits = LIMITS,
    ) -> None:
        self._sender, self._store, self._meter, self._clock = sender, store, meter, clock
        self._random, self._judge, self._limits = random, judge, limits
        self._given_up: Counter[str] = Counter()  # by host, since its last answer
        self.fetched = self.from_disk = self.failed = 0

    def ask(self, request: Request, source: str, item: str, *, reserve: int = 0) -> Asked:
        """The landed page of a request, or why there is none.

        Args:
            request: what to ask.
            source: of the watched item, for the page's header.
            item: the watched item's folder.
            reserve: units that the request must leave to others.
        """
        kept = self._store.find(request)
        if kept is not None:
            self.from_disk += 1
            return Asked(kept)
        host = urlsplit(request.url).netloc
        if self._given_up[host] >= _HOST_IS_DOWN_AFTER:
            return Asked(
                cut=Cut("failing", f"{_HOST_IS_DOWN_AFTER} requests in a row failed: the server is taken to be down tonight")
            )
        # The law alone says how often and how long; the meter alone waits, so that a pause of one request holds for all.
        for attempt in stamina.retry_context(on=_at_once, attempts=None, timeout=None):
            with attempt:
                asked = self._attempt(request, source, item, attempt.num, reserve)
                if asked is None:
                    raise _Again
                is_failing = asked.cut is not None and asked.cut.code == "failing"
                self._given_up[host] = self._given_up[host] + 1 if is_failing else 0
                return asked
        raise AssertionError("a request is asked until it is answered or given up")

    def _attempt(self, request: Request, source: str, item: str, number: int, reserve: int) -> Asked | None:
        barred = self._meter.admit(request.cost, reserve=reserve)
        if barred is not None:
            return Asked(cut=Cut("allowance" if self._meter.closed else "budget", barred))
        page, outcome, reason = self._answer(request)
        judgement = self._judged(page)
        if page is not None and judgement is None and 200 <= page.status < 300:
            problem = content_problem(page)
            if problem is not None:
                outcome, reason = problem
        headers = page.headers if page is not None else {}
        verdict = decide(outcome, headers, number, judgement, self._clock.now(), self._random, self._limits)
        self._meter.heed(headers, self._clock.now())
        if page is not None and verdict.answer in {Answer.FINE, Answer.GONE}:
            self._store.land(page, source, item)
            self.fetched += 1
            return Asked(page)
        return self._refused(page, verdict, reason, source, item)

    def _answer(self, request: Request) -> tuple[Page | None, int | Failure, str]:
        try:
            page = self._sender.send(request)
        except SendError as error:
            return None, error.failure, str(error)
        return page, page.status, ""

    def _judged(self, page: Page | None) -> Judgement | None:
        if page is None or self._judge is None:
            return None
        try:
            return self._judge(page)
        except UNFORESEEN:
            return None  # a body that the platform's words do not cover is left to its status and its content

    def _refused(self, page: Page | None, verdict: Verdict, reason: str, source: str, item: str) -> Asked | None:
        self.failed += 1
        told = f"{verdict.reason} ({reason})" if reason else verdict.reason
        if page is not None:
            self._store.keep_failed(page, source, item, told)
        if verdict.answer in {Answer.WAIT, Answer.AGAIN}:
            _LOG.info("%s %s: %s; asked again in %.1f s", source, item, told, verdict.wait_seconds)
            self._meter.hold(verdict.wait_seconds, told)
            return None
        if verdict.is_over:
            self._meter.close(told)
        _LOG.info("%s %s: given up: %s", source, item, told)
        return Asked(cut=Cut("allowance" if verdict.is_over else "failing" if verdict.is_momentary else "refused", told))


def _at_once(error: Exception) -> bool | float:
    return 0.0 if isinstance(error, _Again) else False
