"""What dbt leaves behind of each invocation."""

from __future__ import annotations

import os
import time
from pathlib import Path

from pipelines.nightly.project import forget_old_invocations


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
