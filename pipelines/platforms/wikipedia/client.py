"""How Wikimedia's page-view API is asked: articles, whole projects and the most read of a country. No I/O."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote

from pipelines.http.protocol import Budget, Cursor, Page, PlatformClient, Request, Turn, WatchItem, Window
from pipelines.platforms.wikipedia.series import ALL, DAY, HOUR, MONTH

SERVER: Final = "https://wikimedia.org"
_ROOT: Final = "/api/rest_v1/metrics/pageviews"
_STAMP: Final = "%Y%m%d%H"
_STEPS: Final = {HOUR: "hourly", DAY: "daily", MONTH: "monthly"}
_ACCESSES: Final = (ALL, "desktop", "mobile-web", "mobile-app")
_AGENTS: Final = ("user", "all-agents", "spider", "automated")
# Counts of a day are there some hours after it, and are mended for a while.
_OVERLAP: Final = timedelta(days=3)
_MOST_DAYS: Final = 62  # of lists, which are one request a day
_PROJECT: Final = re.compile(r"[a-z][a-z-]*\.[a-z]+")
_ADDRESS: Final = re.compile(r"https?://([a-z-]+(?:\.m)?\.wik[a-z]+)\.org/wiki/([^?#]+)")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_FIRST: Final = datetime(2015, 7, 1, tzinfo=UTC)  # the API has nothing older


def _option(item: WatchItem, name: str, known: tuple[str, ...]) -> str:
    """An option of the watchlist, the first of those that are known where it is not given. Raises ValueError."""
    chosen = str(item.options.get(name, known[0]))
    if chosen not in known:
        raise ValueError(f"{name}: {chosen!r} is not known; write one of {', '.join(known)}")
    return chosen


def _begins_at(cursor: Cursor, window: Window) -> datetime:
    """The window's beginning, or that of the last answer with what may have been mended since."""
    return max(_FIRST, window.begins_at, _had(cursor) - _OVERLAP)


def _had(cursor: Cursor) -> datetime:
    try:
        return datetime.fromisoformat(str(cursor.get("until")))
    except ValueError:
        return _FIRST


class Articles:
    """Views of one article, day by day."""

    name = "articles"
    about = "an article, with its project: 'en.wikipedia:Cottagecore' or its address"

    def begin(self, item: WatchItem, cursor: Cursor, window: Window) -> Turn:
        """One request for the whole window. Raises ValueError for what names no article."""
        address = _ADDRESS.fullmatch(item.value.strip())
        project, _, title = (
            item.value.strip().partition(":") if address is None else (address[1].replace(".m.", "."), "", address[2])
        )
        if not _PROJECT.fullmatch(project) or not title.strip():
            raise ValueError(f"{item.value!r} is no article: write its project and title, such as en.wikipedia:Cottagecore")
        step = _STEPS[_option(item, "step", (DAY, MONTH))]
        # An address holds the title escaped, a title may hold a percent sign of its own.
        named = title.strip().replace(" ", "_") if address is None else title
        path = quote(named, safe="" if address is None else "%")
        about = f"{project}/{_option(item, 'access', _ACCESSES)}/{_option(item, 'agent', _AGENTS)}/{path}/{step}"
        return _series(f"{item.server}{_ROOT}/per-article/{about}", cursor, window)

    def after(self, item: WatchItem, cursor: Cursor, window: Window, page: Page) -> Turn:
        """Nothing follows: one answer holds the whole window."""
        return Turn(cursor={"until": window.ends_at.isoformat()})


class Projects:
    """Views of a whole project: what a share of attention is a share of."""

    name = "projects"
    about = "a project: 'en.wikipedia'; 'all-projects' for the sum"

    def begin(self, item: WatchItem, cursor: Cursor, window: Window) -> Turn:
        """One request for the whole window. Raises ValueError for what names no project."""
        project = item.value.strip()
        if project != "all-projects" and not _PROJECT.fullmatch(project):
            raise ValueError(f"{item.value!r} is no project: write it as en.wikipedia, or all-projects")
        step = _STEPS[_option(item, "step", (DAY, HOUR, MONTH))]
        about = (
            f"{project}/{_option(item, 'access', (ALL, 'desktop', 'mobile-web', 'mobile-app'))}/{_option(item, 'agent', _AGENTS)}"
        )
        return _series(f"{item.server}{_ROOT}/aggregate/{about}/{step}", cursor, window)

    def after(self, item: WatchItem, cursor: Cursor, window: Window, page: Page) -> Turn:
        """Nothing follows: one answer holds the whole window."""
        return Turn(cursor={"until": window.ends_at.isoformat()})


class TopLists:
    """The most read articles of each day, of a project or a country."""

    name = "top"
    about = "a project or a country's two letters: 'en.wikipedia' or 'CA'"

    def begin(self, item: WatchItem, cursor: Cursor, window: Window) -> Turn:
        """One request for each day that is over, in their order. Raises ValueError for what is neither project nor country."""
        named, access = item.value.strip(), _option(item, "access", _ACCESSES)
        is_country = _COUNTRY.fullmatch(named) is not None
        if not is_country and not _PROJECT.fullmatch(named):
            raise ValueError(f"{item.value!r} is neither project nor country: write en.wikipedia or CA")
        kind = "top-per-country" if is_country else "top"
        first = _begins_at(cursor, window).date()
        days = [first + timedelta(days=place) for place in range((window.ends_at.date() - first).days)][:_MOST_DAYS]
        urls = [f"{item.server}{_ROOT}/{kind}/{named}/{access}/{day:%Y/%m/%d}" for day in days]
        return Turn(tuple(Request(url) for url in urls), cursor)

    def after(self, item: WatchItem, cursor: Cursor, window: Window, page: Page) -> Turn:
        """Nothing follows a day's list; the day is had, unless it is not counted yet."""
        if page.status != 200:
            return Turn(cursor=cursor)
        year, month, day = (int(part) for part in page.request.url.rsplit("/", 3)[1:])
        return Turn(cursor={"until": max(_had(cursor), datetime(year, month, day, tzinfo=UTC) + timedelta(days=1)).isoformat()})


def _series(url: str, cursor: Cursor, window: Window) -> Turn:
    begins_at, ends_at = _begins_at(cursor, window), window.ends_at
    if begins_at >= ends_at:
        return Turn(cursor=cursor)
    if url.endswith("/monthly"):
        begins_at = begins_at.replace(day=1)
    return Turn((Request(f"{url}/{begins_at.strftime(_STAMP)}/{ends_at.strftime(_STAMP)}"),), cursor)


CLIENT: Final = PlatformClient(
    server=SERVER,
    hosts=("wikimedia.org",),
    # Far below what the access policy allows of anonymous readers with a contact in their user agent.
    budget=Budget(units=5_000, requests_per_second=5.0),
    sources=(Articles(), Projects(), TopLists()),
)
