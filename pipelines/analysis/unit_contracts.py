"""Schemas of trend units: their aliases, and units that are part of another trend. Merged into ``contracts``; computes nothing."""

from __future__ import annotations

from typing import Final

import pyarrow as pa


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


# One row per label that stands for a unit of another label.
INT_UNIT_ALIASES: Final = pa.schema(
    [
        _required("alias_type", pa.string()),
        _required("alias", pa.string()),
        _required("unit_type", pa.string()),
        _required("unit", pa.string()),
        _required("alias_kind", pa.string()),  # seed, spelling, accents, plural, misspelling
        _required("alias_account_count", pa.int64()),
        pa.field("alias_log_odds", pa.float64()),  # NULL: joined by rule, without looking at who uses it
        pa.field("context_log_odds", pa.float64()),
        pa.field("time_log_odds", pa.float64()),
    ]
)
# One row per unit that is part of another one: taken up with it, or a phrase that spells it.
INT_CO_ADOPTED_UNITS: Final = pa.schema(
    [
        _required("alias_type", pa.string()),
        _required("alias", pa.string()),
        _required("alias_label", pa.string()),
        _required("unit_type", pa.string()),
        _required("unit", pa.string()),
        _required("alias_kind", pa.string()),  # co_adopted, spelled_out
        _required("alias_account_count", pa.int64()),
        pa.field("shared_adopter_ratio", pa.float64()),  # Jaccard; NULL: spelled_out, whoever took it up
    ]
)

EXCHANGE: Final[dict[str, pa.Schema]] = {"int_unit_aliases": INT_UNIT_ALIASES, "int_co_adopted_units": INT_CO_ADOPTED_UNITS}
