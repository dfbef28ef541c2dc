"""The luxury-handbag set through the whole night: which tags moved first on which platform, and whether its null holds on this very set."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from click.testing import CliRunner

from pipelines.analysis.platform_precedence import PlatformParameters
from pipelines.analysis.platform_worlds import POSTS, claim_rates, world_claims
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
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("handbags")
    (folder / "home").mkdir()
    install_calibration(DataPaths(folder / "data"))
    lay_out(REALDATA, folder / "inbox", only=("luxury_handbag_multi",))
    arguments = ["nightly", "--inbox", str(folder / "inbox"), "--data", str(folder / "data"), "--day", "2026-11-02"]
    result = CliRunner().invoke(main, arguments, env={"DAGSTER_HOME": str(folder / "home")})
    assert result.exit_code == 0, result.output
    return folder / "data"


def ask(data: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(data / "published" / "undercurrent.duckdb"), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_as_many_tags_are_compared_on_each_pair_as_have_adopters_enough(data: Path) -> None:
    found = ask(
        data,
        "select platform_a, platform_b, tag_count, abstained_count, capped_count from platform_precedence_findings order by all",
    )
    assert found == [("instagram", "tiktok", 56, 6, 0), ("instagram", "youtube", 22, 7, 0), ("tiktok", "youtube", 37, 8, 0)]


def test_no_platform_leads_as_a_rule_and_hardly_a_tag_where_a_label_shuffle_says_many_do(data: Path) -> None:
    rows = ask(
        data,
        "select claim, claimed_tag_count, naive_claimed_tag_count from platform_precedence_findings order by platform_a, platform_b",
    )
    assert [row[0] for row in rows] == ["none"] * 3
    assert sum(row[1] for row in rows) <= 1
    assert [row[2] for row in rows] == [14, 16, 15]


def test_every_published_tag_has_its_null_or_its_reason(data: Path) -> None:
    wrong = ask(
        data,
        "select tag from platform_precedence where (abstain_reason is null) <> (null_probability is not null)"
        " or adopter_count_a + adopter_count_b < 20 or (claim = 'abstained') <> (abstain_reason is not null)",
    )
    assert wrong == []


def _posts(data: Path) -> Rows:
    with duckdb.connect(str(data / "warehouse" / "warehouse.duckdb"), read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        found = connection.execute(
            "select platform, account_key, post_key, collection_query, published_at, coalesce(tags, []) as tags"
            " from int_platform_posts order by post_key"
        ).to_arrow_table()
    rows: Rows = found.to_pylist()
    return rows


def _lists_permuted(rows: Rows, generator: np.random.Generator) -> Rows:
    """Tag lists permuted between posts of one platform and query."""
    groups: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        groups[row["platform"], row["collection_query"]].append(place)
    made = [dict(row) for row in rows]
    for places in groups.values():
        for place, source in zip(places, generator.permutation(places), strict=True):
            made[place]["tags"] = rows[int(source)]["tags"]
    return made


def _histories_swapped(rows: Rows, generator: np.random.Generator) -> Rows:
    """Whole tag histories, in order, swapped between accounts of one platform with equally many posts (six or more alike)."""
    posts: dict[str, list[int]] = defaultdict(list)
    for place in sorted(range(len(rows)), key=lambda place: (rows[place]["published_at"], rows[place]["post_key"])):
        posts[rows[place]["account_key"]].append(place)
    groups: dict[tuple[Any, ...], list[list[int]]] = defaultdict(list)
    for places in posts.values():
        groups[rows[places[0]]["platform"], min(len(places), 6)].append(places)
    made = [dict(row) for row in rows]
    for members in groups.values():
        for places, source in zip(members, generator.permutation(len(members)), strict=True):
            history = members[int(source)]
            for number, place in enumerate(places):
                made[place]["tags"] = rows[history[number % len(history)]]["tags"]
    return made


@pytest.mark.parametrize("permuted", [_lists_permuted, _histories_swapped])
def test_the_null_holds_where_the_tags_of_this_set_are_permuted_and_a_label_shuffle_does_not(data: Path, permuted: Any) -> None:
    rows, parameters = _posts(data), PlatformParameters(draw_count=499)
    outcomes: dict[tuple[Any, ...], list[list[int]]] = defaultdict(list)
    for seed in range(4):
        world = permuted(rows, np.random.default_rng(seed))
        for pair in combinations(("instagram", "tiktok", "youtube"), 2):
            posts = pa.Table.from_pylist([row for row in world if row["platform"] in pair], POSTS)
            for key, sides in world_claims(posts, parameters, seed).items():
                outcomes[(*pair, *key)].append(sides)
    rates = {key: claim_rates(worlds) for key, worlds in outcomes.items()}
    for key, rate in sorted(rates.items()):
        print(",".join(map(str, key)), rate)
    for (*_, estimator, unit), rate in rates.items():
        wrong = rate["a_first_ratio"] + rate["b_first_ratio"]
        if (estimator, unit) == ("published_p", "tag"):
            assert wrong <= 0.07 + 3 * rate["standard_error"]
        if (estimator, unit) == ("published_claim", "tag"):
            assert wrong <= 0.05
        if (estimator, unit) == ("label_shuffle", "tag"):
            assert wrong > 0.05  # more than its level, on every pair
    pooled = sum(
        abs(side)
        for key, worlds in outcomes.items()
        if key[2:] == ("published_claim", "world")
        for world in worlds
        for side in world
    )
    assert pooled <= 3
