"""Formats of Reddit: dumps of comments (RC_) and submissions (RS_), one JSON object a line; the API's things are in ``things``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import compress
from typing import Any, Final

import msgspec
import numpy as np

from pipelines.platforms.lookups import LookupFormat
from pipelines.platforms.posts import SOCIAL_TABLES
from pipelines.platforms.protocol import FileContext, Framing, NativeFormat, ParsedLines, Record, Row, Sample
from pipelines.platforms.reddit.columns import tables_of
from pipelines.platforms.reddit.judging import ordinary
from pipelines.platforms.reddit.payloads import Comment, Submission
from pipelines.platforms.reddit.rows import line_of, rows_of
from pipelines.platforms.reddit.tables import TopTable
from pipelines.platforms.reddit.things import ApiAnswer, ArchiveAnswer, ErrorAnswer, account_ids_of, post_ids_of

TABLES: Final = SOCIAL_TABLES


class _Dump:
    """What both dump formats share."""

    framing: Framing = Framing.LINES
    collection_method: str = "archive"
    name: str
    payload: type[Comment | Submission]

    def split(self, document: Any) -> Iterable[Any]:
        """Lines are records already."""
        return (document,)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one line. Raises BadRecord."""
        return rows_of(line_of(record.value, self.payload), context)

    def parse_lines(self, lines: Sequence[bytes], context: FileContext) -> ParsedLines:
        """Rows of the ordinary lines; the others are left."""
        decoded, places = self._decoded(lines)
        if not decoded:
            return ParsedLines({}, places)
        judged = ordinary(decoded, context)
        if not judged.mask.all():
            decoded = list(compress(decoded, judged.mask.tolist()))
            places, judged = places[judged.mask], judged.only()
            if not decoded:
                return ParsedLines({}, places)
        return ParsedLines(tables_of(decoded, places, judged, context, self.name), places)

    def _decoded(self, lines: Sequence[bytes]) -> tuple[list[Comment | Submission], np.ndarray[Any, np.dtype[np.int64]]]:
        """Payloads of the lines that have one, and the places of these lines."""
        decode = msgspec.json.Decoder(self.payload).decode
        try:
            return list(map(decode, lines)), np.arange(len(lines), dtype=np.int64)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            # Once more, slower: some line is bad, and the exception does not say which.
            decoded, places = [], []
            for place, line in enumerate(lines):
                try:
                    decoded.append(decode(line))
                except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                    continue
                places.append(place)
            return decoded, np.array(places, np.int64)


class PushshiftComments(_Dump):
    """RC_ files: one comment a line."""

    name = "pushshift_comments"
    payload = Comment

    def matches(self, sample: Sample) -> bool:
        """Lines with a body and the thread that they belong to."""
        value = sample.first_value
        return isinstance(value, dict) and "body" in value and "link_id" in value and "created_utc" in value


class PushshiftSubmissions(_Dump):
    """RS_ files: one submission a line."""

    name = "pushshift_submissions"
    payload = Submission

    def matches(self, sample: Sample) -> bool:
        """Lines with a title and a creation time."""
        value = sample.first_value
        return isinstance(value, dict) and "title" in value and "created_utc" in value and "subreddit" in value


FORMATS: Final[tuple[NativeFormat, ...]] = (
    LookupFormat("reddit_posts_lookup", ApiAnswer(), post_ids_of),
    LookupFormat("reddit_accounts_lookup", ApiAnswer(), account_ids_of, asked_for="account"),
    PushshiftComments(),
    PushshiftSubmissions(),
    ApiAnswer(),
    ArchiveAnswer(),
    ErrorAnswer(),
    TopTable(),
)
