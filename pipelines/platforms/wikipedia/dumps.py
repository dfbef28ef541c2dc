"""Lines of the page-view dumps, one at a time and in blocks: hundreds of millions a day, so that both ways give the same rows. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
import pyarrow as pa

from pipelines.lake.schemas import ATTENTION_SERIES
from pipelines.platforms.protocol import BadRecord, FileContext, Framing, ParsedLines, Record, Row, Sample
from pipelines.platforms.times import plausible
from pipelines.platforms.wikipedia.series import DAY, HOUR, MONTH, PLATFORM, Point, native_series, project_of, row, term_of

_HOURLY: Final = re.compile(r"page(?:views|counts)-(\d{8})-(\d{2})\d{4}")
_COMPLETE: Final = re.compile(r"pageviews-(\d{6}(?:\d{2})?)-(user|automated|spider|bot)")
_KEY_DIGITS: Final = 32
_MOST_DIGITS: Final = 15  # a double holds every whole number of so many


def _moment(digits: str, layout: str) -> datetime | None:
    try:
        return datetime.strptime(digits, layout).replace(tzinfo=UTC)
    except ValueError:
        return None


class _Dump:
    framing = Framing.TEXT
    collection_method = "archive"
    name: str
    cell_count: int
    views_cell: int

    def split(self, document: Any) -> Iterable[Any]:
        """One line, one record."""
        return (document,)

    def matches(self, sample: Sample) -> bool:
        """A file that keeps the name of the dump, which alone tells its time, and lines of this many cells."""
        cells = sample.first_value.split(" ") if isinstance(sample.first_value, str) else []
        try:
            self.period(sample.file)
        except BadRecord:
            return False
        return len(cells) == self.cell_count

    def period(self, file: str) -> tuple[datetime, str, str]:
        """Beginning, step and kind of readers of a file's counts. Raises BadRecord."""
        raise NotImplementedError

    def told_by_file(self, file: str) -> str:
        """The period: most lines of two hours are equal. Raises BadRecord."""
        starts_at, step, agent = self.period(file)
        return f"{starts_at.isoformat()}|{step}|{agent}"

    def page(self, cells: Sequence[str]) -> tuple[str, str]:
        """The term and the access of a line's cells."""
        raise NotImplementedError

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """The point of one line. Raises BadRecord."""
        cells = record.value.split(" ") if isinstance(record.value, str) else []
        if len(cells) != self.cell_count:
            raise BadRecord("unexpected_shape", f"{len(cells)} cells in a line of {self.cell_count}")
        written = cells[self.views_cell]
        if not (written.isascii() and written.isdigit() and len(written) <= _MOST_DIGITS):
            raise BadRecord("wrong_type", f"views is {written[:40]!r}, not a counter", "views")
        starts_at, step, agent = self.period(context.file)
        term, access = self.page(cells)
        return [row(Point(term, int(written), starts_at, step, access, agent), context)]

    def parse_lines(self, lines: Sequence[bytes], context: FileContext) -> ParsedLines:
        """As ``parse`` over each line; odd lines are left to it."""
        starts_at, step, agent = self.period(context.file)
        plausible(starts_at, context.observed_at, "period")
        places, points = [], []
        for place, line in enumerate(lines):
            cells = line.decode().split(" ")
            if len(cells) == self.cell_count:
                written = cells[self.views_cell]
                if written.isascii() and written.isdigit() and len(written) <= _MOST_DIGITS:
                    term, access = self.page(cells)
                    if term:
                        places.append(place)
                        points.append((term, int(written), access))
        count = len(points)
        digits = context.pseudonyms.keys(
            PLATFORM, [native_series(Point(term, None, starts_at, step, access, agent)) for term, _, access in points]
        )
        constant = {
            "platform": PLATFORM,
            "region": None,
            "granularity": step,
            "period_starts_at": starts_at,
            "unit": "views",
            "is_partial": None,
            "observed_at": context.observed_at,
            "ts_quality": "exact" if step == HOUR else "date_only",
            "collection_method": context.collection_method,
            "source_format": self.name,
            "source_hash": context.source_hash,
            "landed_night": context.night,
        }
        columns = {
            "series_key": pa.array(digits[start : start + _KEY_DIGITS] for start in range(0, count * _KEY_DIGITS, _KEY_DIGITS)),
            "term": pa.array((term for term, _, _ in points), pa.string()),
            "interest_value": pa.array((float(views) for _, views, _ in points), pa.float64()),
        }
        arrays = [
            columns[each.name].cast(each.type)
            if each.name in columns
            else pa.repeat(pa.scalar(constant[each.name], each.type), count)
            for each in ATTENTION_SERIES
        ]
        found = np.array(places, np.int64)
        table = pa.table(arrays, schema=ATTENTION_SERIES).append_column("record_index", pa.array(found))
        return ParsedLines({"attention_series": table}, found)


class HourlyDump(_Dump):
    """``pageviews-YYYYMMDD-HH0000``, before 2015 ``pagecounts-...``: domain code, title, views, bytes."""

    name = "wikipedia_hourly_dump"
    cell_count, views_cell = 4, 2

    def period(self, file: str) -> tuple[datetime, str, str]:
        """The hour that ends at the time in the name. Raises BadRecord."""
        found = _HOURLY.search(file.rsplit("/", 1)[-1])
        ends_at = _moment(found[1] + found[2], "%Y%m%d%H") if found else None
        if ends_at is None:
            raise BadRecord("missing_field", f"the name of {file[-80:]} tells no hour", "file")
        return ends_at - timedelta(hours=1), HOUR, "user"

    def page(self, cells: Sequence[str]) -> tuple[str, str]:
        """Domain codes name project and access together."""
        project, access = project_of(cells[0])
        return term_of(project, cells[1]), access


class CompleteDump(_Dump):
    """``pageviews-YYYYMMDD-user`` of pageview_complete: project, title, page id, access, views, views of each hour."""

    name = "wikipedia_complete_dump"
    cell_count, views_cell = 6, 4

    def period(self, file: str) -> tuple[datetime, str, str]:
        """The day or month in the name. Raises BadRecord."""
        found = _COMPLETE.search(file.rsplit("/", 1)[-1])
        is_month = found is not None and len(found[1]) == 6
        starts_at = _moment(found[1], "%Y%m" if is_month else "%Y%m%d") if found else None
        if found is None or starts_at is None:
            raise BadRecord("missing_field", f"the name of {file[-80:]} tells no day or month", "file")
        return starts_at, MONTH if is_month else DAY, found[2]

    def page(self, cells: Sequence[str]) -> tuple[str, str]:
        """The project is written out."""
        return term_of(cells[0], cells[1]), cells[3]
