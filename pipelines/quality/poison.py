"""Spoils valid rows so that one expectation of a suite is violated: what the tests of the gates feed them. Reads and writes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Rows = list[dict[str, Any]]


def poisoned(rows: Rows, expectation: dict[str, Any]) -> tuple[Rows, dict[str, Any]]:
    """Spoil a row as the type of an expectation says; row counts and SQL have helpers of their own.

    Args:
        rows: valid rows with a value in the column that the expectation names.
        expectation: as in a suite's file.

    Returns:
        The rows with the poison in them, and the poisoned row. Raises KeyError for a type that nobody has a poison for.
    """
    kwargs = expectation["kwargs"]
    kind = expectation["type"]
    if kind in {"expect_column_values_to_be_unique", "expect_compound_columns_to_be_unique"}:
        return doubled(rows)
    position = max(each for each, row in enumerate(rows) if row.get(kwargs["column"]) is not None)
    value = rows[position][kwargs["column"]]
    spoilt: dict[str, Callable[[], Any]] = {
        "expect_column_values_to_not_be_null": lambda: None,
        "expect_column_values_to_be_in_set": lambda: 99 if isinstance(value, int) else "no such value",
        "expect_column_values_to_be_between": lambda: _outside(kwargs),
        "expect_column_value_lengths_to_equal": lambda: f"{value}0",
        "expect_column_values_to_match_regex": lambda: "?",
    }
    return changed(rows, {kwargs["column"]: spoilt[kind]()}, position)


def changed(rows: Rows, values: dict[str, Any], position: int = 0) -> tuple[Rows, dict[str, Any]]:
    """The rows with some values of one row replaced, and that row."""
    row = rows[position] | values
    return [*rows[:position], row, *rows[position + 1 :]], row


def doubled(rows: Rows) -> tuple[Rows, dict[str, Any]]:
    """The rows with the first one twice, and that row."""
    return [*rows, dict(rows[0])], rows[0]


def _outside(kwargs: dict[str, Any]) -> float:
    if "min_value" in kwargs:
        return float(kwargs["min_value"]) - 1
    return float(kwargs["max_value"]) + 1
