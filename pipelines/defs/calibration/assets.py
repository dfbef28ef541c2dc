"""The calibration of the current method and its job, and the check of the marts that stand or fall with it."""

from collections.abc import Iterator
from datetime import date

import dagster as dg

from pipelines.defs.automation.executor import one_run_at_a_time
from pipelines.nightly.calibration import calibrate, calibration_key
from pipelines.nightly.stages import calibration_verdicts
from pipelines.partitions import NIGHTS, OWNERS
from pipelines.quality.calibration import RIPPLE_CLAIMS, verdict
from pipelines.settings import from_environment
from pipelines.world.rounds import Plan


class Seeds(dg.Config):
    """How often each world is repeated; in rounds, until it is settled, where nothing is said."""

    seed_count: int | None = None


@dg.asset(
    key="calibration_results",
    group_name="calibration",
    owners=OWNERS,
    kinds={"python", "parquet"},
    check_specs=[
        dg.AssetCheckSpec(
            "within_limits",
            asset="calibration_results",
            description="In no world of known truth is a false claim made too often.",
        )
    ],
)
def calibration_results(context: dg.AssetExecutionContext, config: Seeds) -> dg.MaterializeResult:
    """One row per world x metric x estimator, of the current method; not run each night, and not again where it is settled."""
    settings = from_environment()
    found = calibrate(
        settings.paths,
        Plan((config.seed_count,)) if config.seed_count else Plan(),
        lambda done, total: context.log.info("%d of %d worlds", done, total),
        workers=settings.parse_workers,
    )
    key = calibration_key()
    passed, observed, _ = verdict(found.rows, key)
    return dg.MaterializeResult(
        metadata={"dagster/row_count": found.rows.num_rows, "calibration key": key, "was run now": found.run is not None},
        check_results=[dg.AssetCheckResult(check_name="within_limits", passed=passed, metadata={"observed": observed})],
    )


@dg.multi_asset_check(
    name="calibration_gate",
    specs=[
        dg.AssetCheckSpec(
            "calibration",
            asset=table,
            blocking=False,
            partitions_def=NIGHTS,
            description="The method is calibrated and within its limits; else gate 4 withholds the table, and publishes the others.",
        )
        for table in RIPPLE_CLAIMS
    ],
)
def calibration_gate(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
    """What gate 4 said of the tables that claim who was earlier."""
    night = date.fromisoformat(context.partition_key)
    for table, (passed, observed) in calibration_verdicts(from_environment().paths, night).items():
        yield dg.AssetCheckResult(
            asset_key=table,
            check_name="calibration",
            passed=passed,
            severity=dg.AssetCheckSeverity.ERROR,
            metadata={"observed": observed},
        )


calibration = dg.define_asset_job(
    "calibration",
    selection=dg.AssetSelection.groups("calibration"),
    executor_def=one_run_at_a_time,
    description="How often the current method is wrong in worlds of known truth; run it after a change of the method.",
)


@dg.definitions
def calibrations() -> dg.Definitions:
    """The results, their job and the marts' check."""
    return dg.Definitions(assets=[calibration_results], asset_checks=[calibration_gate], jobs=[calibration])
