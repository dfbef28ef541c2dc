"""Gate 4 and the calibration, end to end: a wrong estimator keeps the ripple marts, and only them, from being published, and says why."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import dagster as dg
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from pipelines.cli import main
from pipelines.commands.nightly import PARTLY_PUBLISHED
from pipelines.lake.writer import write_table
from pipelines.nightly import calibration
from pipelines.nightly.calibration import calibration_key
from pipelines.nightly.stages import MARTS, publish_night
from pipelines.publish.reader import WithheldError, ask
from pipelines.publish.snapshot import manifest
from pipelines.quality.calibration import RIPPLE_CLAIMS
from tests.calibrated import install_calibration
from tests.installation import NIGHTS, Installation, OwnInstallation

SEEDS = 60
NIGHT = NIGHTS[-1]


def naive_first_claims(seed_count: int) -> dict[str, tuple[int, int]]:
    """How often a deliberately wrong estimator claims a lead where there is none: it says that whoever was seen first leads.

    Each world has trends of 40 small accounts and 8 large ones, all adopting at exchangeable times; the claim is of the class that was
    first in more trends than the other beyond a sign test's 5%.
    """
    from scipy.stats import binomtest

    lead = target = 0
    for seed in range(seed_count):
        adopted = np.random.default_rng(seed).random((30, 48))
        firsts = int((adopted.argmin(axis=1) < 40).sum())
        is_claim = binomtest(firsts, 30).pvalue < 0.05
        lead += is_claim and firsts > 15
        target += is_claim and firsts < 15
    return {"null_exchangeable": (lead, target)}


@pytest.fixture(scope="module")
def installed(backfilled: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnInstallation]:
    """An installation that has published everything, and of whose method it was found since that it is wrong."""
    with pytest.MonkeyPatch.context() as patch:
        # What the package brings would be a second opinion on the method.
        patch.setattr(calibration, "SHIPPED", tmp_path_factory.mktemp("shipped"))
        made = OwnInstallation(tmp_path_factory.mktemp("withholding"), backfilled)
        made.paths.calibration_results_file(calibration_key()).unlink()
        install_calibration(made.paths, naive_first_claims(SEEDS), SEEDS)
        yield made


@pytest.fixture(scope="module")
def before(installed: OwnInstallation) -> dict[str, pa.Table]:
    """The marts as the night published them when the method was taken to be right."""
    return {table: pq.read_table(installed.current / f"{table}.parquet") for table in MARTS}


@pytest.fixture(scope="module")
def wrong(installed: OwnInstallation, before: dict[str, pa.Table]) -> Result:
    """The night once more."""
    assert before
    return installed.nightly(NIGHT)


def _manifest(installed: OwnInstallation) -> dict[str, Any]:
    found = manifest(installed.paths)
    assert found is not None
    return found


def _command(name: str, *arguments: str, data: OwnInstallation) -> Result:
    return CliRunner().invoke(main, [name, *arguments, "--data", str(data.paths.root)])


def test_the_night_exits_3_and_says_in_its_last_lines_what_is_withheld_and_why(wrong: Result) -> None:
    assert wrong.exit_code == PARTLY_PUBLISHED == 3
    assert "published in" in wrong.output
    assert "not published" not in wrong.output
    last = " ".join(wrong.output[wrong.output.rindex("withheld:") :].split())
    assert last.startswith(f"withheld: {', '.join(RIPPLE_CLAIMS)}")
    assert "world null_exchangeable: claims_large_creators of published claims lead_first in 60 of 60 seeds" in last
    assert "95% upper bound 1.000, limit 0.085" in last
    assert "micro creators before" not in wrong.output
    assert "origin at equal posting rate" not in wrong.output


@pytest.mark.usefixtures("wrong")
def test_a_second_run_of_a_night_makes_the_same_marts_whatever_is_withheld(
    installed: OwnInstallation, before: dict[str, pa.Table]
) -> None:
    # What the calibration says of the naive numbers is another calibration's now.
    kept = {table: [name for name in rows.column_names if name != "naive_false_claim_ratio"] for table, rows in before.items()}
    for table, rows in before.items():
        now = pq.read_table(installed.paths.root / "marts" / f"{table}.parquet")
        assert now.select(kept[table]).equals(rows.select(kept[table])) == (table != "calibration"), table


@pytest.mark.usefixtures("wrong")
def test_the_snapshot_has_every_table_but_the_withheld_ones(installed: OwnInstallation) -> None:
    made, current = _manifest(installed), (installed.paths.published / "current").resolve()
    assert made["night"] == NIGHT
    assert set(made["withheld"]) == set(RIPPLE_CLAIMS)
    assert "world null_exchangeable" in made["withheld"]["ripple_effects"]
    assert set(made["tables"]) == {*MARTS, "gate_results"} - set(RIPPLE_CLAIMS)
    assert {file.stem for file in current.glob("*.parquet")} == set(made["tables"])
    views = {row["name"] for row in ask(installed.paths, "show tables").to_pylist()}
    assert views == set(made["tables"])


@pytest.mark.usefixtures("wrong")
@pytest.mark.parametrize("table", RIPPLE_CLAIMS)
def test_a_question_to_a_withheld_table_is_answered_with_the_reason(installed: OwnInstallation, table: str) -> None:
    for sql in (
        f"select * from {table}",
        f"describe {table}",
        f"from main.{table.upper()}",
        f"select (select count(*) from {table})",
    ):
        with pytest.raises(WithheldError, match=f"{table} is withheld from the published snapshot: world null_exchangeable"):
            ask(installed.paths, sql)
    done = _command("query", f"select count(*) from {table}", data=installed)
    assert done.exit_code == 1
    assert f"query: {table} is withheld" in done.output
    # What a question itself calls by this name is its own affair.
    assert ask(installed.paths, f"with {table} as (select 1 as n) from {table}").to_pylist() == [{"n": 1}]


@pytest.mark.usefixtures("wrong")
def test_the_calibration_and_the_gates_verdict_can_be_asked_for(installed: OwnInstallation) -> None:
    (row,) = ask(installed.paths, "select world, status, lead_first_count, upper_limit from calibration").to_pylist()
    assert row == {"world": "null_exchangeable", "status": "failed", "lead_first_count": SEEDS, "upper_limit": 0.085}
    failed = ask(
        installed.paths,
        "select table_name, gate, severity, sample_keys from gate_results where not passed and engine = 'calibration'"
        f" and night = '{NIGHT}' order by 1",
    ).to_pylist()
    assert [(row["table_name"], row["gate"], row["severity"]) for row in failed] == [
        (table, "marts", "error") for table in RIPPLE_CLAIMS
    ]
    assert failed[0]["sample_keys"] == [
        "world=null_exchangeable metric=claims_large_creators estimator=published direction=lead_first"
    ]
    suites = f"select count(*) as n from gate_results where table_name = 'ripple_effects' and night = '{NIGHT}' and passed"
    assert ask(installed.paths, suites).to_pylist()[0]["n"] > 10


@pytest.mark.usefixtures("wrong")
def test_the_doctor_names_the_withheld_tables(installed: OwnInstallation) -> None:
    done = _command("doctor", data=installed)
    said = " ".join(done.output.split())
    assert done.exit_code == 1
    assert f"the snapshot is without {', '.join(RIPPLE_CLAIMS)}, withheld by gate marts: world null_exchangeable" in said
    assert "7 withheld their table" in said
    assert "closed by gate" not in said


@pytest.mark.usefixtures("wrong")
def test_in_dagster_the_check_of_these_marts_fails_and_the_run_does_not(
    installed: OwnInstallation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(installed.home))
    with dg.DagsterInstance.get() as instance:
        run_id = _manifest(installed)["run_id"]
        run = instance.get_run_by_id(run_id)
        assert run is not None
        assert run.status == dg.DagsterRunStatus.SUCCESS
        checks = [
            entry.dagster_event.asset_check_evaluation_data
            for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
            if entry.dagster_event
        ]
    failed = {check.asset_key.to_user_string(): check for check in checks if not check.passed}
    assert set(failed) == set(RIPPLE_CLAIMS)
    for check in failed.values():
        assert (check.check_name, check.severity, check.blocking) == ("calibration", dg.AssetCheckSeverity.ERROR, False)


@pytest.mark.usefixtures("wrong")
def test_a_night_whose_gate_log_has_no_word_of_the_calibration_publishes_no_claim(installed: OwnInstallation) -> None:
    log = installed.paths.gate_log_file(date.fromisoformat(NIGHT))
    rows = pq.read_table(log, partitioning=None)
    write_table(log, rows.filter(pc.not_equal(rows["engine"], "calibration")))
    made = publish_night(installed.paths, date.fromisoformat(NIGHT), "test")
    assert made["withheld"] == dict.fromkeys(RIPPLE_CLAIMS, "gate marts has not asked for the calibration: run the night again")
    assert not set(RIPPLE_CLAIMS) & set(made["tables"])


@pytest.mark.slow
@pytest.mark.usefixtures("wrong")
def test_a_night_that_is_run_again_once_the_method_is_calibrated_publishes_everything(installed: OwnInstallation) -> None:
    installed.paths.calibration_results_file(calibration_key()).unlink()
    result = installed.nightly(NIGHT)
    assert result.exit_code == PARTLY_PUBLISHED
    assert "the method is not calibrated: run `undercurrent calibrate --data" in " ".join(result.output.split())
    assert ask(installed.paths, "select count(*) as n from calibration").to_pylist() == [{"n": 0}]

    install_calibration(installed.paths)
    assert "the method is calibrated since" in " ".join(_command("doctor", data=installed).output.split())
    result = installed.nightly(NIGHT)
    assert result.exit_code == 0, result.output
    made = _manifest(installed)
    assert made["withheld"] == {}
    assert set(made["tables"]) == {*MARTS, "gate_results"}
    assert ask(installed.paths, "select count(*) as n from origin_by_tier").to_pylist()[0]["n"] > 0
    assert json.loads((installed.paths.published / "current" / "manifest.json").read_text()) == made
