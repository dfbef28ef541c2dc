"""What dbt leaves behind of each invocation, and what its tests are said to ask."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from pipelines.lake.paths import DataPaths
from pipelines.nightly.project import asked_by, begin_invocation, forget_old_invocations, keep_parsed, manifest_file


def test_invocations_of_more_than_a_week_ago_are_forgotten_and_nothing_else_is(tmp_path: Path) -> None:
    for name in ("conform-old", "marts-new", "compiled"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "dbt.log").write_text("said")
    (tmp_path / "manifest.json").write_text("{}")
    long_ago = time.time() - 8 * 86_400
    for name in ("conform-old", "compiled", "manifest.json"):
        os.utime(tmp_path / name, (long_ago, long_ago))
    assert forget_old_invocations(tmp_path) == [tmp_path / "conform-old"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["compiled", "manifest.json", "marts-new"]


def test_an_invocation_begins_with_what_the_last_one_read_for_the_same_data_folder(tmp_path: Path) -> None:
    paths, other = DataPaths(tmp_path / "data"), DataPaths(tmp_path / "other")
    paths.warehouse.parent.mkdir(parents=True)
    first = begin_invocation(paths, "staged", "0123456789", tmp_path / "target")
    assert first.name.startswith("staged-0123456-")
    assert list(first.iterdir()) == []
    keep_parsed(paths, first)  # of a dbt that failed before it had read anything
    assert not paths.parsed_project.exists()
    (first / "partial_parse.msgpack").write_text("read")
    keep_parsed(paths, first)
    second = begin_invocation(paths, "marts", "0123456789", tmp_path / "target")
    assert (second / "partial_parse.msgpack").read_text() == "read"
    assert list(begin_invocation(other, "staged", "0123456789", tmp_path / "target").iterdir()) == []
    assert sorted(file.name for file in paths.warehouse.parent.iterdir()) == ["partial_parse.msgpack"]


def test_what_a_test_of_a_table_asks_is_said_in_words() -> None:
    nodes = json.loads(manifest_file().read_text())["nodes"].values()
    asked = {node["name"]: asked_by(node) for node in nodes if node["resource_type"] == "test"}
    assert asked["creators_is_sound"] == (
        "no part of the key (creator_key) is missing; no key occurs twice; a creator has an account and a post; a class has its reasons"
    )
    assert (
        asked["refers_to_creator_months_creator_key__month__ref_creators___creator_key"]
        == "every creator_key is there in creators"
    )
    assert asked["unique_int_posts_post_key"] is None
