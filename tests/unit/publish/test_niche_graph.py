"""Graph files and the picture of niches can be read back, and say the same whatever the order of rows."""

from __future__ import annotations

import io
import itertools
import re
import xml.etree.ElementTree as ET
from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from pipelines.publish.niche_graph import account_graph, gexf, graphml, niche_graph
from pipelines.publish.niche_map import BY_DISTINCTNESS, BY_GROWTH, niche_map, text_width, wrapped

MONTH = date(2026, 9, 1)
NAMES = [
    "cottagecore",
    'R&B <"live">',
    "モスグリーンの暮らし",
    "国潮汉服穿搭与传统纹样爱好者",
    "regional cuisine of the upper Danube and its valleys",
]
NAMES += ["Donaudampfschifffahrtsgesellschaft", "a\x00b\x1b", "кофе", "indie lit", "دوخت و دوز"]
GEXF, GRAPHML, SVG = "{http://gexf.net/1.3}", "{http://graphml.graphdrawing.org/xmlns}", "{http://www.w3.org/2000/svg}"


def parsed(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 - written a moment ago by what is tested


def tables(count: int, seed: int = 1) -> tuple[pa.Table, pa.Table]:
    generator = np.random.default_rng(seed)
    pairs = [pair for pair in itertools.combinations(range(count), 2) if generator.random() < 0.3]
    niches = {
        "niche_id": [f"n{number:03d}" for number in range(count)],
        "name": [NAMES[number % len(NAMES)] for number in range(count)],
        "member_count": pa.array(generator.lognormal(5, 1.1, count).astype(int) + 1, pa.int64()),
        "distinctness_bits": pa.array(
            [None if number % 7 == 3 else float(generator.random()) for number in range(count)], pa.float64()
        ),
        "member_growth": pa.array(generator.normal(0, 0.3, count), pa.float64()),
        "is_new": pa.array([number % 2 == 0 for number in range(count)], pa.bool_()),
    }
    edges = {
        "niche_id": pa.array([f"n{one:03d}" for one, _ in pairs], pa.string()),
        "other_niche_id": pa.array([f"n{two:03d}" for _, two in pairs], pa.string()),
        "weight": pa.array(generator.random(len(pairs)), pa.float64()),
    }
    return pa.table(niches), pa.table(edges)


def shuffled(niches: pa.Table, edges: pa.Table) -> tuple[pa.Table, pa.Table]:
    generator = np.random.default_rng(5)
    turned = edges.select(["other_niche_id", "niche_id", "weight"]).rename_columns(["niche_id", "other_niche_id", "weight"])
    return niches.take(generator.permutation(niches.num_rows)), turned.take(generator.permutation(turned.num_rows))


def test_gexf_keeps_its_schemas_essential_rules_and_every_value() -> None:
    niches, edges = tables(12)
    root = parsed("".join(gexf(niche_graph(niches, edges), MONTH, "Niches & their overlap")))
    assert (root.tag, root.get("version")) == (f"{GEXF}gexf", "1.3")
    assert [child.tag for child in root] == [f"{GEXF}meta", f"{GEXF}graph"]
    titles = {item.get("id"): item.get("title") for item in root.iter(f"{GEXF}attribute")}
    assert {item.get("type") for item in root.iter(f"{GEXF}attribute")} <= {"string", "long", "double", "boolean"}
    nodes = {node.get("id"): node for node in root.iter(f"{GEXF}node")}
    for row in niches.to_pylist():
        node = nodes[row["niche_id"]]
        assert node.get("label") == row["name"].replace("\x00", "\ufffd").replace("\x1b", "\ufffd")
        values = {titles[item.get("for")]: item.get("value") for item in node.iter(f"{GEXF}attvalue")}
        assert values["member_count"] == str(row["member_count"])
        assert values["is_new"] == str(row["is_new"]).lower()
        assert ("distinctness_bits" in values) == (row["distinctness_bits"] is not None)
    found = [(edge.get("source"), edge.get("target"), float(edge.get("weight", "nan"))) for edge in root.iter(f"{GEXF}edge")]
    assert {end for one, two, _ in found for end in (one, two)} <= set(nodes)
    assert len({edge.get("id") for edge in root.iter(f"{GEXF}edge")}) == len(found) == edges.num_rows
    assert sum(weight for *_, weight in found) == pytest.approx(sum(edges["weight"].to_pylist()))


def test_graphml_declares_every_key_that_it_uses_before_the_graph() -> None:
    niches, edges = tables(12)
    root = parsed("".join(graphml(niche_graph(niches, edges), MONTH, "Niches")))
    order = [child.tag.removeprefix(GRAPHML) for child in root]
    assert order == ["desc", *["key"] * (len(order) - 2), "graph"]
    declared = {key.get("id"): key.get("for") for key in root.iter(f"{GRAPHML}key")}
    for kind in ("node", "edge"):
        for element in root.iter(f"{GRAPHML}{kind}"):
            assert {declared[item.get("key")] for item in element.iter(f"{GRAPHML}data")} <= {kind}
    assert len(list(root.iter(f"{GRAPHML}node"))) == 12


def test_networkx_reads_both_files_as_the_same_graph() -> None:
    networkx = pytest.importorskip("networkx")
    graph = niche_graph(*tables(12))
    read = [
        networkx.read_gexf(io.BytesIO("".join(gexf(graph, MONTH, "n")).encode()), version="1.3"),
        networkx.read_graphml(io.BytesIO("".join(graphml(graph, MONTH, "n")).encode())),
    ]
    counts = dict(zip(graph.nodes["id"].to_pylist(), graph.nodes["member_count"].to_pylist(), strict=True))
    pairs = set(zip(graph.edges["source"].to_pylist(), graph.edges["target"].to_pylist(), strict=True))
    for one in read:
        assert {node: data["member_count"] for node, data in one.nodes(data=True)} == counts
        assert {(min(pair), max(pair)) for pair in one.edges()} == pairs


def test_the_order_of_rows_and_the_direction_of_edges_change_no_byte() -> None:
    first, second = tables(20), shuffled(*tables(20))
    for write in (gexf, graphml):
        assert "".join(write(niche_graph(*first), MONTH, "n")) == "".join(write(niche_graph(*second), MONTH, "n"))
    assert niche_map(*first, MONTH) == niche_map(*second, MONTH)


def test_accounts_are_named_by_their_key_alone() -> None:
    accounts = pa.table({"account_key": ["k2", "k1"], "niche_id": ["n", None], "strength": [0.5, None]})
    edges = pa.table({"account_key": ["k2"], "other_account_key": ["k1"], "weight": [2.0]})
    root = parsed("".join(gexf(account_graph(accounts, edges), MONTH, "Accounts")))
    assert [(node.get("id"), node.get("label")) for node in root.iter(f"{GEXF}node")] == [("k1", "k1"), ("k2", "k2")]


@pytest.mark.parametrize(
    ("one", "two", "weight", "why"),
    [("n000", "n000", 0.5, "not two nodes"), ("n000", "n9", 0.5, "not two nodes"), ("n000", "n001", -0.1, "the weight")],
)
def test_edges_that_join_nothing_are_refused(one: str, two: str, weight: float, why: str) -> None:
    edges = pa.table({"niche_id": [one], "other_niche_id": [two], "weight": [weight]})
    with pytest.raises(ValueError, match=why):
        niche_graph(tables(3)[0], edges)


def test_a_niche_twice_and_a_type_that_files_cannot_hold_are_refused() -> None:
    niches, edges = tables(3)
    with pytest.raises(ValueError, match="not a key"):
        niche_graph(pa.concat_tables([niches, niches]), edges)
    listed = niches.append_column("tags", pa.array([["a"]] * 3))
    with pytest.raises(ValueError, match="no attribute of type"):
        list(gexf(niche_graph(listed, edges), MONTH, "n"))


Box = tuple[float, float, float, float]


def drawn(svg: str) -> tuple[list[Box], list[Box], float]:
    """Boxes of circles and of names, left, top, right, bottom; and the height of the picture."""
    root = parsed(svg)
    circles, names = [], []
    for circle in root.iter(f"{SVG}circle"):
        if circle.find(f"{SVG}title") is not None:
            x, y, radius = (float(circle.get(name, "nan")) for name in ("cx", "cy", "r"))
            circles.append((x - radius, y - radius, x + radius, y + radius))
    for text in root.iter(f"{SVG}text"):
        if (text.get("class") or "").endswith("beneath"):
            x, y, size = (float(text.get(name, "nan")) for name in ("x", "y", "font-size"))
            half = text_width(text.text or "", size) / 2
            names.append((x - half, y - 0.75 * size, x + half, y + 0.2 * size))
    return circles, names, float(re.findall(r'viewBox="0 0 1200 (\d+)"', svg)[0])


@pytest.mark.parametrize("count", [1, 2, 5, 12, 40, 120, 400])
def test_no_circle_and_no_name_overlaps_another_and_all_are_inside_the_picture(count: int) -> None:
    circles, names, height = drawn(niche_map(*tables(count), MONTH))
    assert len(circles) == count
    for left, top, right, bottom in circles + names:
        assert left >= 0
        assert right <= 1200
        assert 90 < top < bottom < height - 90
    for one, two in itertools.combinations(circles + names, 2):
        across, down = min(one[2], two[2]) - max(one[0], two[0]), min(one[3], two[3]) - max(one[1], two[1])
        assert across <= 0.2 or down <= 0.2


def test_the_picture_tells_the_month_the_whole_name_and_what_is_not_known() -> None:
    svg = niche_map(*tables(12), MONTH)
    root = parsed(svg)
    assert root.findtext(f"{SVG}title") == "Niches in September 2026"
    tips = [tip.text or "" for circle in root.iter(f"{SVG}circle") for tip in circle.iter(f"{SVG}title")]
    assert any(tip.startswith(NAMES[4] + ": ") for tip in tips)
    assert "not known" in svg
    assert "+50%" in niche_map(*tables(12), MONTH, BY_GROWTH)
    assert "No niche was found" in niche_map(*tables(0), MONTH, BY_DISTINCTNESS)


def test_niches_with_a_shared_audience_are_nearer_than_others() -> None:
    niches, _ = tables(10)
    pairs = [(one, two) for one, two in itertools.combinations(range(10), 2) if one // 5 == two // 5]
    ids = niches["niche_id"].to_pylist()
    edges = pa.table(
        {"niche_id": [ids[a] for a, _ in pairs], "other_niche_id": [ids[b] for _, b in pairs], "weight": [0.7] * len(pairs)}
    )
    level = niches.set_column(2, "member_count", pa.array([50] * 10, pa.int64())).set_column(1, "name", pa.array(ids))
    root = parsed(niche_map(level, edges, MONTH))
    place = {}
    for circle in root.iter(f"{SVG}circle"):
        tip = circle.findtext(f"{SVG}title")
        if tip:
            place[tip.split(":")[0]] = np.array([float(circle.get("cx", "nan")), float(circle.get("cy", "nan"))])
    apart = {(a, b): float(np.linalg.norm(place[ids[a]] - place[ids[b]])) for a, b in itertools.combinations(range(10), 2)}
    near, far = [apart[pair] for pair in pairs], [value for pair, value in apart.items() if pair not in pairs]
    assert np.mean(near) < 0.6 * np.mean(far)


def test_names_break_at_spaces_and_in_scripts_without_spaces_anywhere() -> None:
    assert wrapped("matcha", 12, text_width("matcha", 12)) == ["matcha"]
    assert wrapped("mechanical keyboards", 12, 100) == ["mechanical", "keyboards"]
    assert "".join(wrapped(NAMES[2], 12, 70)) == NAMES[2]
    assert wrapped(NAMES[5], 12, 150)[0].endswith("-")
    assert wrapped("one two three four five six seven", 12, 60)[-1].endswith("…")
    for name in NAMES:
        assert all(text_width(line, 12) <= 150 for line in wrapped(name, 12, 150))
