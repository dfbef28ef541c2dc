"""Tables of submissions as scrapers of a subreddit's best write them: no author, the subreddit in the address only."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from pipelines.platforms import values
from pipelines.platforms.protocol import BadRecord, FileContext, Framing, Record, Row, Sample
from pipelines.platforms.reddit.payloads import Submission
from pipelines.platforms.reddit.rows import line_of, rows_of

_SUBREDDIT: Final = re.compile(r"/r/(\w+)/comments/", re.ASCII)
_FLAGS: Final = {"true": True, "false": False}
_TEXTS: Final = ("id", "title", "selftext", "url", "permalink", "author", "created_utc")


class TopTable:
    """One submission a row. The best of all time are no base rate: each row tells by what list it was found."""

    name = "reddit_top_csv"
    framing = Framing.CSV
    collection_method = "search"

    def matches(self, sample: Sample) -> bool:
        """Its column names."""
        return isinstance(sample.first_value, list) and {
            "created_utc",
            "score",
            "id",
            "title",
            "num_comments",
            "permalink",
        } <= set(sample.first_value)

    def split(self, document: Any) -> Iterable[Any]:
        """Rows are records already."""
        return (document,)

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of one submission. Raises BadRecord."""
        cells = values.mapping(record.value, "row")
        found = _SUBREDDIT.search(values.text(cells.get("permalink")) or "")
        if found is None:
            raise BadRecord("missing_field", "permalink names no subreddit", "permalink")
        line: dict[str, Any] = {name: values.text(cells.get(name)) for name in _TEXTS}
        line |= {name: values.count(cells.get(name), name) for name in ("num_comments",)}
        score = values.number(cells.get("score"), "score")
        line |= {"subreddit": found[1], "score": int(score) if score is not None and score.is_integer() else score}
        line |= {name: _FLAGS.get(str(cells.get(name)).casefold()) for name in ("is_self", "over_18")}
        edited = values.text(cells.get("edited"))
        line["edited"] = None if edited is None else _FLAGS.get(edited.casefold(), edited)
        rows = rows_of(line_of(line, Submission), context)
        query = f"top of r/{found[1].casefold()}"
        return [Row(row.table, row.values | {"collection_query": query}) if row.table == "posts" else row for row in rows]
