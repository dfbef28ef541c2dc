"""The laws of the house, read off the graph and the tree."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PURE = ("platforms", "http", "lake", "analysis", "world", "quality", "publish", "nightly")


def _imports(file: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("folder", PURE)
def test_no_dagster_below_the_skin(folder: str) -> None:
    offenders = [str(file) for file in (ROOT / "pipelines" / folder).rglob("*.py") if {"dagster", "dagster_dbt"} & _imports(file)]
    assert offenders == []


def test_nothing_below_the_skin_loads_dagster_through_another_module() -> None:
    files = [file.relative_to(ROOT) for folder in PURE for file in sorted((ROOT / "pipelines" / folder).rglob("*.py"))]
    modules = [".".join(file.with_suffix("").parts).removesuffix(".__init__") for file in files]
    code = (
        "import importlib, sys\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules} & {'dagster', 'dagster_dbt'}))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout.split()  # noqa: S603 - our own modules
    assert loaded == []


def test_the_world_writes_a_folder_for_every_platform_and_for_no_other(tmp_path: Path) -> None:
    from pipelines.platforms.registry import PLATFORMS
    from pipelines.world.generate import write_world

    write_world(tmp_path, "P6_full_realistic", "tiny", 1)
    written = {folder.name for folder in (tmp_path / "inbox").iterdir() if any(folder.rglob("*.*"))}
    assert written == set(PLATFORMS)


def test_the_analysis_reads_and_writes_no_file() -> None:
    banned = {"duckdb", "pathlib", "os", "io", "shutil"}
    offenders = [file.name for file in (ROOT / "pipelines" / "analysis").glob("*.py") if banned & _imports(file)]
    assert offenders == []


def test_every_module_says_what_belongs_in_it() -> None:
    silent = [str(file) for file in (ROOT / "pipelines").rglob("*.py") if not ast.get_docstring(ast.parse(file.read_text()))]
    assert silent == []


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> Any:
    os.environ["UNDERCURRENT_DATA"] = str(tmp_path_factory.mktemp("graph"))
    from pipelines.definitions import definitions as load

    return load()


@pytest.fixture(scope="module")
def specs(definitions: Any) -> list[Any]:
    return [spec for asset in definitions.resolve_asset_graph().assets_defs for spec in asset.specs if asset.is_executable]


def test_every_asset_has_group_owner_and_a_description_that_starts_with_its_grain(specs: list[Any]) -> None:
    assert len(specs) > 100
    for spec in specs:
        assert spec.group_name != "default", spec.key
        assert spec.owners, spec.key
        assert (spec.description or "").startswith("One row per"), (spec.key, spec.description)


def test_every_asset_has_a_check(definitions: Any, specs: list[Any]) -> None:
    checked = {key.asset_key for key in definitions.resolve_asset_graph().asset_check_keys}
    assert [spec.key.to_user_string() for spec in specs if spec.key not in checked] == []


def test_landed_assets_are_named_as_folder_source_and_suite(specs: list[Any]) -> None:
    from pipelines.platforms.registry import PLATFORMS

    wanted = {(name, table) for name, each in PLATFORMS.items() for table in each.tables if not table.startswith("vault_")}
    assert {tuple(spec.key.path) for spec in specs if spec.group_name == "ingest"} == wanted
    sources: set[tuple[str, str]] = set()
    for file in (ROOT / "dbt_project" / "models" / "staging").rglob("*.yml"):
        for source in yaml.safe_load(file.read_text()).get("sources", []):
            sources.update(
                (source["name"], table["name"]) for table in source["tables"] if source["name"] not in {"derived", "state"}
            )
    assert sources == wanted
    assert {table for _, table in wanted} == {file.stem for file in (ROOT / "expectations" / "landed").glob("*.json")}


def test_every_mart_has_a_contract_a_suite_and_an_exposure() -> None:
    from pipelines.nightly.stages import MARTS

    models: dict[str, Any] = {}
    exposed: set[str] = set()
    for file in (ROOT / "dbt_project" / "models" / "marts").rglob("*.yml"):
        content = yaml.safe_load(file.read_text())
        models.update({model["name"]: model for model in content.get("models", [])})
        exposed.update(name.split("'")[1] for exposure in content.get("exposures", []) for name in exposure["depends_on"])
    assert set(models) == set(MARTS) == exposed
    for name, model in models.items():
        assert model["config"]["contract"]["enforced"], name
        assert model["description"].startswith("One row per"), name
        assert all(column["description"] for column in model["columns"]), name
        assert (ROOT / "expectations" / "marts" / f"{name}.json").exists()


def test_no_test_asks_what_a_contract_or_a_sound_table_answers_already() -> None:
    """Each of dbt's tests costs more than its query: a contract keeps NULL out of a mart, and one test a table asks for the rest."""
    asked: list[str] = []
    for file in (ROOT / "dbt_project" / "models").rglob("*.yml"):
        for model in yaml.safe_load(file.read_text()).get("models", []):
            is_sound = any("sound" in test for test in model.get("data_tests", []))
            for column in model.get("columns", []):
                is_never_null = {"type": "not_null"} in column.get("constraints", [])
                named = {name for test in column.get("data_tests", []) for name in ([test] if isinstance(test, str) else test)}
                told = ({"not_null"} if is_never_null else set()) | ({"not_null", "accepted_values"} if is_sound else set())
                asked += [f"{model['name']}.{column['name']}: {name}" for name in sorted(named & told)]
    assert asked == []


def test_every_suite_states_its_row_count_and_whether_it_may_be_empty() -> None:
    for file in (ROOT / "expectations").glob("*/*.json"):
        suite = json.loads(file.read_text())
        assert "expect_table_row_count_to_be_between" in {each["type"] for each in suite["expectations"]}, file
        assert isinstance(suite["meta"]["may_be_empty"], bool), file


def test_the_job_selects_everything_but_the_calibration_and_has_schedule_and_sensor(definitions: Any, specs: list[Any]) -> None:
    job = definitions.resolve_job_def("nightly")
    of_a_night = {spec.key for spec in specs if spec.group_name != "calibration"}
    assert of_a_night <= set(job.asset_layer.executable_asset_keys)
    calibration = definitions.resolve_job_def("calibration")
    assert set(calibration.asset_layer.executable_asset_keys) == {spec.key for spec in specs} - of_a_night
    assert definitions.resolve_schedule_def("nightly_at_three").cron_schedule == "0 3 * * *"
    assert definitions.resolve_sensor_def("inbox_files").job_name == "nightly"
