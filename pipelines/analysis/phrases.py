"""Phrases as words: how a text and a phrase are brought to the same words, and which listed phrases a text holds. Finds no new phrase."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

METHOD_VERSION: Final = "phrases_1"


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


# One row per phrase that texts are searched for. Rows are only ever added.
PHRASES: Final = pa.schema(
    [
        _required("phrase", pa.string()),  # normalised words with one space between them
        _required("source", pa.string()),  # seed, discovered
        _required("listed_on", pa.date32()),  # night that listed it
        _required("watched_from_on", pa.date32()),  # first event day from which the texts on hand were searched for it
    ]
)
# One row per post x phrase, in the file of the night that searched.
TEXT_PHRASES: Final = pa.schema(
    [
        _required("platform", pa.string()),
        _required("post_key", pa.string()),
        pa.field("account_key", pa.string()),
        _required("observed_at", pa.timestamp("us", tz="UTC")),
        _required("landed_night", pa.date32()),
        _required("phrase", pa.string()),
        _required("searched_night", pa.date32()),
    ]
)
# Nights whose searches dbt reads anew.
SEARCHED_NIGHTS: Final = pa.schema([_required("platform", pa.string()), _required("searched_night", pa.date32())])
