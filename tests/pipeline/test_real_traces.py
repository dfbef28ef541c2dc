"""Real trends reverse-engineered: tags of Tumblr's trad and cottagecore blogs, and the handbags across platforms and search. Through a whole night."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from pipelines.cli import main
from pipelines.lake.paths import DataPaths
from tests.calibrated import install_calibration
from tests.contracts.harness import REALDATA
from tests.realdata.inbox import lay_out

# A whole night on real files: minutes.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.realdata,
    pytest.mark.skipif(not REALDATA.is_dir(), reason=f"no real files at {REALDATA}"),
]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("traces")
    (folder / "home").mkdir()
    install_calibration(DataPaths(folder / "data"))
    lay_out(REALDATA, folder / "inbox", only=("luxury_handbag_multi", "tumblr_cottagecore"))
    arguments = ["nightly", "--inbox", str(folder / "inbox"), "--data", str(folder / "data"), "--day", "2026-11-02"]
    result = CliRunner().invoke(main, arguments, env={"DAGSTER_HOME": str(folder / "home")})
    assert result.exit_code == 0, result.output
    return folder / "data"


def _told(data: Path, trend: str, *arguments: str) -> str:
    done = CliRunner().invoke(main, ["trace", trend, "--data", str(data), *arguments], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    return " ".join(done.output.split())


def test_a_handbag_is_told_across_platforms_and_search_interest(data: Path, tmp_path: Path) -> None:
    page = tmp_path / "bag.html"
    story = _told(data, "#DiorSaddleBag", "--page", str(page))
    assert "26 accounts took it up, 60 more before" in story
    assert "in use before its onset" in story
    assert "instagram / tiktok" in story
    assert "search interest in 'Dior Saddle Bag'" in story
    assert "<svg" in page.read_text()


def test_a_tag_that_was_there_when_the_collection_began_says_so(data: Path) -> None:
    story = _told(data, "tradfem")
    assert "36 accounts took it up" in story
    # Tumblr's posts begin with that day, years after the other platforms'.
    assert "No claim of who was earlier: in use when the collection began" in story
    assert "It was in use when the collection began: where it came from was not seen." in story
    # Tumblr shows no followers: nothing can be said of tiers, and nothing is.
    assert "36 of 36 adopters have no known size" in story


def test_every_published_trend_can_be_told(data: Path) -> None:
    from pipelines.publish.reader import ask

    labels = ask(DataPaths(data), "select label from trends order by label")["label"].to_pylist()
    assert len(labels) >= 20
    for label in labels:
        assert "What is not known" in _told(data, label)
