"""The derived tables: niches, precedence and origins, from the exchange models."""

from collections.abc import Iterator
from datetime import date

import dagster as dg

from pipelines.analysis.contracts import EXCHANGE
from pipelines.nightly.stages import DERIVED_GRAINS, derive
from pipelines.partitions import NIGHTS, ONE_NIGHT_A_RUN, OWNERS
from pipelines.quality.results import closing
from pipelines.settings import from_environment


@dg.multi_asset(
    name="derived_tables",
    specs=[
        dg.AssetSpec(
            ["derived", table],
            deps=[dg.AssetKey(model) for model in EXCHANGE],
            description=f"One row per {grain}.",
            group_name="analysis",
            owners=OWNERS,
            kinds={"python", "parquet"},
        )
        for table, grain in DERIVED_GRAINS.items()
    ],
    check_specs=[
        dg.AssetCheckSpec("derived", asset=["derived", table], blocking=True, description=f"Suite derived/{table}.json.")
        for table in DERIVED_GRAINS
    ],
    partitions_def=NIGHTS,
    backfill_policy=ONE_NIGHT_A_RUN,
)
def derived_tables(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
    """Run the estimators and gate what they wrote."""
    outcome = derive(from_environment().paths, date.fromisoformat(context.partition_key), context.run.run_id)
    for table, (rows, results) in outcome.items():
        failed = [result.sentence() for result in closing(results)]
        yield dg.MaterializeResult(
            asset_key=["derived", table],
            metadata={"dagster/row_count": rows},
            check_results=[
                dg.AssetCheckResult(
                    asset_key=["derived", table], check_name="derived", passed=not failed, metadata={"failed": failed}
                )
            ],
        )
