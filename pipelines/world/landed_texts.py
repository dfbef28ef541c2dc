"""What a world's texts say, as the night reads it off them: phrases with their list, and brands. Texts themselves are not made; posts are in ``landing``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa

from pipelines.analysis.phrase_discovery import DiscoveryParameters
from pipelines.analysis.phrases import PHRASES, TEXT_PHRASES
from pipelines.analysis.text_signals import TEXT_SIGNALS
from pipelines.nightly.phrases import DISCOVERY_NIGHTS, LOOKBACK_DAYS
from pipelines.world.drawn import FIRST_DAY, PLATFORMS, REPOST, Ints, Posts
from pipelines.world.landing import instants, joined, keys
from pipelines.world.native.files import Filed
from pipelines.world.native.names import Names

_FIRST_DAY: Final = np.datetime64(FIRST_DAY, "D")
_NOTHING: Final[dict[str, Any]] = {"disclosures": [], "commercial_reasons": [], "commercial_log_odds": -4.0, "token_count": 8}


def landed_texts(names: Names, filed: Sequence[Filed]) -> dict[str, pa.Table]:
    """Brands that texts name, phrases of the kept list that they hold, and the list, as so many nights would have left them.

    A phrase is listed in the first night after which ten accounts wrote it within a week, and is then searched in the texts of the 28
    nights before: what was said earlier is not known.

    Args:
        names: Of the world.
        filed: What the collection handed over, one a day, all platforms together.

    Returns:
        Tables by the places where the models read them; none in a world without such trends.
    """
    kinds = np.array([trend.unit_type for trend in names.trends])
    if not np.isin(kinds, ["phrase", "brand"]).any():
        return {}
    posts: Posts = joined([each.posts for each in filed])
    observed = np.concatenate([each.observed_second for each in filed])
    night = np.repeat([each.day for each in filed], [len(each.posts) for each in filed])
    rows, trend = _uses(posts)
    listed: list[dict[str, Any]] = []
    said: list[pa.Table] = []
    for number in np.flatnonzero(kinds == "phrase").tolist():
        own = rows[trend == number]
        on = _listed_on(posts.account[own], night[own])
        if on is None:
            continue
        begins = max(on - LOOKBACK_DAYS, 0)
        phrase = names.trends[number].words
        days = [(_FIRST_DAY + day).item() for day in (on, begins)]
        listed.append({"phrase": phrase, "source": "discovered", "listed_on": days[0], "watched_from_on": days[1]})
        own = own[night[own] >= begins]
        columns = {"phrase": [phrase] * own.size, "searched_night": pa.array(_FIRST_DAY + np.maximum(night[own], on))}
        said.append(_rows(names, posts.take(own), observed[own], night[own], TEXT_PHRASES, columns))
    is_named = kinds[trend] == "brand"
    named = rows[is_named]
    columns = {name: [value] * named.size for name, value in _NOTHING.items()}
    columns |= {
        "brands": [[names.trends[one].tag] for one in trend[is_named].tolist()],
        "signals_version": ["world"] * named.size,
    }
    return {
        "landed.text_signals": _rows(names, posts.take(named), observed[named], night[named], TEXT_SIGNALS, columns),
        "landed.text_phrases": pa.concat_tables([TEXT_PHRASES.empty_table(), *said]),
        "state.phrases": pa.Table.from_pylist(listed, schema=PHRASES),
    }


def _uses(posts: Posts) -> tuple[Ints, Ints]:
    """Rows of posts that say something of their own, and the trends that they use, once for each."""
    own = np.flatnonzero(posts.kind != REPOST)
    rows = np.concatenate([own, own])
    trend = np.concatenate([posts.trend[own], posts.second_trend[own]])
    order = np.argsort(rows[trend >= 0], kind="stable")
    return rows[trend >= 0][order], trend[trend >= 0][order]


def _listed_on(account: Ints, night: Ints) -> int | None:
    """The first night after which enough accounts had written it within a week; None: there is none."""
    least = DiscoveryParameters().smallest_author_count
    for on in sorted(set(night.tolist())):
        if np.unique(account[(night > on - DISCOVERY_NIGHTS) & (night <= on)]).size >= least:
            return int(on)
    return None


def _rows(names: Names, posts: Posts, observed: Ints, night: Ints, schema: pa.Schema, columns: dict[str, Any]) -> pa.Table:
    given = {
        "platform": [PLATFORMS[number] for number in names.accounts.platform[posts.account].tolist()],
        "post_key": keys("p", posts.number, 9),
        "account_key": keys("a", posts.account, 6),
        "observed_at": instants(observed),
        "landed_night": pa.array(_FIRST_DAY + night),
        **columns,
    }
    arrays = [
        pa.array(given[field.name], field.type) if field.name in given else pa.nulls(len(posts), field.type) for field in schema
    ]
    return pa.table(arrays, schema=schema)
