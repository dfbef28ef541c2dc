"""The dbt models, split where the analysis sits between: conformed intermediates before it, marts after it."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtCliResource, DbtProject, dbt_assets

from pipelines.defs.transform.resource import HouseDbt
from pipelines.nightly.exports import exported_row_count
from pipelines.nightly.project import asked_by, begin_invocation, dbt_executable, keep_parsed, manifest_file
from pipelines.nightly.stages import (
    REBUILD_TAG,
    begin_modelling,
    check_conformed,
    check_marts,
    conform_arguments,
    full_refresh,
    quiet_platforms,
    record_dbt,
)
from pipelines.partitions import NIGHTS, ONE_NIGHT_A_RUN, OWNERS
from pipelines.settings import DBT_PROJECT, from_environment


class _Translator(DagsterDbtTranslator):
    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> dg.AssetSpec:
        spec = super().get_asset_spec(manifest, unique_id, project)
        node = manifest["nodes"].get(unique_id) or manifest["sources"][unique_id]
        stage = {"staging": "staging", "intermediate": "intermediate", "marts": "marts"}.get(
            (node.get("fqn") or ["", ""])[1], "seeds"
        )
        # Without the SQL that dagster-dbt appends: it pushes the columns off the page, and the code is in the repository.
        return spec.replace_attributes(group_name=stage, owners=OWNERS, description=node["description"])

    def get_asset_check_spec(
        self, asset_spec: dg.AssetSpec, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetCheckSpec | None:
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        return spec and spec._replace(description=asked_by(manifest["nodes"][unique_id]))


def _with_row_count(context: dg.AssetExecutionContext, event: Any) -> Any:
    if isinstance(event, dg.Output):
        rows = exported_row_count(from_environment().paths, context.asset_key_for_output(event.output_name).path[-1])
        if rows is not None:
            return event.with_metadata({**event.metadata, "dagster/row_count": rows})
    return event


TRANSLATOR = _Translator(settings=DagsterDbtTranslatorSettings(enable_source_tests_as_checks=True))
MANIFEST = manifest_file()
# Unit tests judge the formulas and not the night's rows: they run with the test suite.
BUILD = ("build", "--exclude-resource-type", "unit_test")


def _standing(context: dg.AssetExecutionContext, platforms: list[str]) -> Iterator[dg.MaterializeResult[None]]:
    """The staged tables of platforms that brought nothing: what stands on them is built all the same."""
    for key in sorted(context.selected_asset_keys):
        if any(key.path[-1].startswith(f"stg_{platform}__") for platform in platforms):
            yield dg.MaterializeResult(asset_key=key, metadata={"nothing new": "the rows are those of the last night"})


def _built(context: dg.AssetExecutionContext, dbt: DbtCliResource, gate: str, arguments: list[str]) -> Iterator[Any]:
    """Let dbt build the step's models and ask its tests, whose results go to the gate's log; a failed one closes the gate."""
    paths, run_id = from_environment().paths, context.run.run_id
    target = begin_invocation(paths, gate, run_id)
    for event in dbt.cli([*BUILD, *arguments], context=context, target_path=target, raise_on_error=False).stream():
        yield _with_row_count(context, event)
    keep_parsed(paths, target)
    record_dbt(paths, target, gate, date.fromisoformat(context.partition_key), run_id)


@dbt_assets(
    manifest=MANIFEST,
    select="fqn:undercurrent.staging fqn:undercurrent.intermediate resource_type:seed",
    partitions_def=NIGHTS,
    backfill_policy=ONE_NIGHT_A_RUN,
    dagster_dbt_translator=TRANSLATOR,
    pool="warehouse",
    name="conform",
)
def conform(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
    """Staging and intermediate models: conformed, deduplicated, without what was deleted, with the tier as of each post."""
    settings, night = from_environment(), date.fromisoformat(context.partition_key)
    paths, is_rebuilt = settings.paths, context.run.tags.get(REBUILD_TAG) == "true"
    plan = begin_modelling(paths, night, rebuild=is_rebuilt, workers=settings.parse_workers)
    context.log.info(plan.sentence())
    yield from _standing(context, quiet_platforms(plan))
    yield from _built(context, dbt, "staged", conform_arguments(plan))
    check_conformed(paths, night, context.run.run_id)


@dbt_assets(
    manifest=MANIFEST,
    select="fqn:undercurrent.marts",
    partitions_def=NIGHTS,
    backfill_policy=ONE_NIGHT_A_RUN,
    dagster_dbt_translator=TRANSLATOR,
    pool="warehouse",
    name="marts",
)
def marts(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
    """The tables that analysts use, with contracts."""
    paths, night = from_environment().paths, date.fromisoformat(context.partition_key)
    yield from _built(context, dbt, "marts", full_refresh(paths))
    check_marts(paths, night, context.run.run_id)


@dg.definitions
def transform() -> dg.Definitions:
    """Both dbt steps and their resource."""
    return dg.Definitions(
        assets=[conform, marts],
        resources={
            "dbt": HouseDbt(project_dir=str(DBT_PROJECT), profiles_dir=str(DBT_PROJECT), dbt_executable=str(dbt_executable()))
        },
    )
