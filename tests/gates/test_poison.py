"""Every expectation of every suite is shown to fail on a poisoned row, to name that row, and to leave the others at peace."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipelines.lake.paths import DataPaths
from pipelines.lake.writer import write_table
from pipelines.quality.checks import check_table
from pipelines.quality.poison import Rows, changed, doubled, poisoned
from pipelines.quality.results import GateResult
from pipelines.quality.suites import SUITES, Relations, Suite, check_name, load_suite
from tests.gates.names import NIGHT
from tests.gates.poisons import ALSO, LANDED_EVERYWHERE, POISONS
from tests.gates.valid import VALID, days_of, install, table_of, write_landed
from tests.gates.valid_landed import PLATFORM_OF

ALL_SUITES = [load_suite(file) for file in sorted(SUITES.glob("*/*.json"))]
_TYPES = {expectation["type"] for suite in ALL_SUITES for expectation in suite.expectations}
_ROW_COUNT = "expect_table_row_count_to_be_between"
_LEDGER_RULE = "every file landed as many rows as the ledger counts"


def _cases(*, of_row_counts: bool) -> list[Any]:
    return [
        pytest.param(suite, expectation, id=f"{suite.gate}-{suite.table}-{check_name(expectation)}")
        for suite in ALL_SUITES
        for expectation in suite.expectations
        if (expectation["type"] == _ROW_COUNT) == of_row_counts
    ]


@pytest.fixture(scope="module")
def valid(tmp_path_factory: pytest.TempPathFactory) -> DataPaths:
    return install(tmp_path_factory.mktemp("valid"))


def _judge(suite: Suite, rows: Rows, paths: DataPaths, folder: Path) -> list[GateResult]:
    """The suite's verdict on these rows, with everything beside them as in the valid installation."""
    if suite.gate == "landed":
        days = days_of(suite.table, VALID["landed"][suite.table])
        files = write_landed(folder, suite.table, rows, [*days, *days[:1]][: len(rows)])
        relations = Relations(paths, NIGHT, files, PLATFORM_OF[suite.table], has_day_folders=True)
    else:
        file = folder / f"{suite.table}.parquet"
        write_table(file, table_of(suite.gate, suite.table, rows))
        relations = Relations(paths, NIGHT, (file,))
    return check_table(suite, relations, "test")


def _short(expectation: dict[str, Any]) -> str:
    """A rule's description, or the columns that it is about."""
    kwargs = expectation["kwargs"]
    return str(expectation.get("description") or kwargs.get("column") or " ".join(kwargs["column_list"]))


def _failed(results: list[GateResult]) -> dict[str, GateResult]:
    return {result.check_name: result for result in results if not result.passed}


@pytest.mark.parametrize("suite", [pytest.param(suite, id=f"{suite.gate}-{suite.table}") for suite in ALL_SUITES])
def test_a_valid_table_passes_every_expectation_of_its_suite(suite: Suite, valid: DataPaths, tmp_path: Path) -> None:
    results = _judge(suite, VALID[suite.gate][suite.table], valid, tmp_path)
    assert [result.sentence() for result in results if not result.passed] == []
    assert len(results) == len(suite.expectations)


@pytest.mark.parametrize(("suite", "expectation"), _cases(of_row_counts=False))
def test_a_poisoned_row_fails_this_expectation_and_is_named(
    suite: Suite, expectation: dict[str, Any], valid: DataPaths, tmp_path: Path
) -> None:
    rows = VALID[suite.gate][suite.table]
    name = check_name(expectation)
    if name == _LEDGER_RULE:
        spoilt, poison = doubled(rows)
        poison = {"file": "one.jsonl", "keys_seen_again": [poison[suite.key_columns[0]]]}
    elif expectation["type"] == "unexpected_rows_expectation":
        known = (LANDED_EVERYWHERE if suite.gate == "landed" else {}) | POISONS[f"{suite.gate}/{suite.table}"]
        assert name in known, f"write a poison for '{name}' of {suite.gate}/{suite.table} into tests/gates/poisons.py"
        position, values = known[name]
        spoilt, poison = changed(rows, values, position)
    else:
        spoilt, poison = poisoned(rows, expectation)
    in_sql = {"unexpected_rows_expectation"} if expectation["type"] == "unexpected_rows_expectation" else _TYPES
    beside = tuple(each for each in suite.expectations if each is expectation or each["type"] in in_sql)
    failed = _failed(_judge(replace(suite, expectations=beside), spoilt, valid, tmp_path))
    assert name in failed
    wanted = "warn" if expectation.get("severity") == "warning" else "error"
    assert failed[name].severity == wanted
    assert failed[name].failing_row_count
    told = " ".join(failed[name].sample_keys)
    for column in poison if name == _LEDGER_RULE else suite.key_columns:
        if f"{column}=" in told:
            assert f"{column}={poison[column]}" in told
    assert any(f"{column}={poison[column]}" in told for column in poison)
    about = {check_name(each): _short(each) for each in suite.expectations if each["type"] != _ROW_COUNT}
    bystanders = {about[each] for each in failed if each in about and each != name}
    assert bystanders <= ALSO.get((f"{suite.gate}/{suite.table}", about[name]), set())


@pytest.mark.parametrize(("suite", "expectation"), _cases(of_row_counts=True))
def test_a_table_with_too_few_or_too_many_rows_fails_its_row_count(
    suite: Suite, expectation: dict[str, Any], valid: DataPaths, tmp_path: Path
) -> None:
    rows, kwargs, name = VALID[suite.gate][suite.table], expectation["kwargs"], check_name(expectation)
    stated = [value for value in kwargs.values() if isinstance(value, dict)]
    if not stated:
        # The one thing to say of this table is that it may be empty: nothing else in the exchange tells how many rows it has.
        assert suite.may_be_empty
        assert kwargs == {"min_value": 0}
        assert name not in _failed(_judge(suite, [], valid, tmp_path))
        return
    if kwargs.get("min_value") != 0:
        # A bound that the batch's own months or trends set needs a row of them; any other is missed by no rows at all.
        fewest: tuple[Rows, ...] = ([], rows[:1])
        verdicts = [_failed(_judge(suite, few, valid, tmp_path / "few")) for few in fewest]
        assert any(name in failed for failed in verdicts)
    if "max_value" in kwargs:
        spoilt, poison = doubled(rows)
        failed = _failed(_judge(suite, spoilt, valid, tmp_path / "many"))
        assert name in failed
        assert any(f"{column}={poison[column]}" in " ".join(failed[name].sample_keys) for column in suite.key_columns)


@pytest.mark.parametrize("file", sorted(SUITES.glob("*/*.json")), ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_a_suite_is_a_suite_of_great_expectations(file: Path) -> None:
    import great_expectations as gx

    suite = load_suite(file)
    made = gx.ExpectationSuite(name=f"{suite.gate}_{suite.table}", expectations=list(suite.expectations))
    assert len(made.expectations) == len(suite.expectations)
    assert len({check_name(each) for each in suite.expectations}) == len(suite.expectations)
