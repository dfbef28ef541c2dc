"""A month's niches and their accounts as files for graph tools (GEXF, GraphML). Draws no picture and computes no measure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final
from xml.sax.saxutils import escape, quoteattr

import pyarrow as pa
import pyarrow.compute as pc

_CREATOR: Final = "undercurrent"
# What XML 1.0 has no way to write, escaped or not.
_UNWRITABLE: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# A parser reads a bare carriage return as a line feed.
_KEPT: Final = {"\r": "&#13;"}
_BATCH_ROWS: Final = 10_000


@dataclass(frozen=True)
class Graph:
    """An undirected graph in the order of its ids.

    Attributes:
        nodes: ``id``, ``label`` and attributes (text, whole number, number or truth value; NULL where unknown).
        edges: ``source``, ``target`` and ``weight``, each pair once, ``source`` before ``target``.
    """

    nodes: pa.Table
    edges: pa.Table


def written(text: str) -> str:
    """The text with a replacement character for each that XML cannot hold."""
    return _UNWRITABLE.sub("\ufffd", text)


def _text(value: object) -> str:
    """A value as XML Schema writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "INF" if value > 0 else "-INF"
    if isinstance(value, float):
        return repr(round(value, 9) + 0.0)
    return written(str(value))


def _kind(kind: pa.DataType, names: tuple[str, str, str, str]) -> str:
    """Name of a column's type: one of the format's names for text, whole number, number, truth value.

    Raises:
        ValueError: The type is none of these.
    """
    checks = (pa.types.is_string, pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean)
    for check, name in zip(checks, names, strict=True):
        if check(kind):
            return name
    raise ValueError(f"graph files hold no attribute of type {kind}")


def _attributes(graph: Graph) -> list[str]:
    return [name for name in graph.nodes.column_names if name not in {"id", "label"}]


def _graph(nodes: pa.Table, edges: pa.Table, key: str, label: str) -> Graph:
    """Graph of nodes named by a key column, and edges between ``key`` and ``other_<key>``.

    Raises:
        ValueError: A node twice, an edge to no node or to itself, or a weight that is no finite number of at least zero.
    """
    ids, labels = nodes[key].to_pylist(), nodes[label].to_pylist()
    if len(set(ids)) != len(ids) or None in ids:
        raise ValueError(f"{key} is not a key of the nodes")
    known = set(ids)
    weights: dict[tuple[str, str], float] = {}
    for one, two, weight in zip(*(edges[name].to_pylist() for name in (key, f"other_{key}", "weight")), strict=True):
        if one == two or one not in known or two not in known:
            raise ValueError(f"an edge between {one} and {two}, which are not two nodes")
        if weight is None or not 0 <= weight < float("inf"):
            raise ValueError(f"the edge between {one} and {two} has the weight {weight}")
        pair = (min(one, two), max(one, two))
        weights[pair] = max(float(weight), weights.get(pair, 0.0))
    pairs = sorted(weights)
    named = {
        "id": pa.array(ids, pa.string()),
        "label": pa.array([name or identity for name, identity in zip(labels, ids, strict=True)], pa.string()),
    }
    named |= {name: nodes[name] for name in nodes.column_names if name not in {key, label}}
    table = pa.table(named)
    return Graph(
        table.take(pc.sort_indices(table, [("id", "ascending")])).combine_chunks(),
        pa.table(
            {
                "source": pa.array([one for one, _ in pairs], pa.string()),
                "target": pa.array([two for _, two in pairs], pa.string()),
                "weight": pa.array([weights[pair] for pair in pairs], pa.float64()),
            }
        ),
    )


def niche_graph(niches: pa.Table, edges: pa.Table) -> Graph:
    """Graph of niches.

    Args:
        niches: ``niche_id``, ``name``, and any further attributes (``member_count``, ``distinctness_bits`` ...).
        edges: ``niche_id``, ``other_niche_id``, ``weight``; a pair that comes in both directions has the larger weight.

    Raises:
        ValueError: A niche twice, an edge to no niche or to itself, or a weight below zero or not finite.
    """
    return _graph(niches, edges, "niche_id", "name")


def account_graph(accounts: pa.Table, edges: pa.Table) -> Graph:
    """Graph of accounts, named by nothing but their pseudonymous key.

    Args:
        accounts: ``account_key``, and any further attributes (``niche_id``, ``strength``); no handles, no names.
        edges: ``account_key``, ``other_account_key``, ``weight``; as in :func:`niche_graph`.

    Raises:
        ValueError: An account twice, an edge to no account or to itself, or a weight below zero or not finite.
    """
    return _graph(accounts, edges, "account_key", "account_key")


def _rows(table: pa.Table) -> Iterator[dict[str, object]]:
    for batch in table.to_batches(max_chunksize=_BATCH_ROWS):
        yield from batch.to_pylist()


def gexf(graph: Graph, month: date, description: str) -> Iterator[str]:
    """Write a graph as GEXF 1.3 (https://gexf.net/1.3), for Gephi and others, piece by piece.

    Args:
        graph: What to write.
        month: The month that the graph is of.
        description: One line on what nodes and edges are.

    Raises:
        ValueError: An attribute is of a type that graph files do not hold.
    """
    names = _attributes(graph)
    kinds = [_kind(graph.nodes.schema.field(name).type, ("string", "long", "double", "boolean")) for name in names]
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<gexf xmlns="http://gexf.net/1.3" version="1.3">\n'
    yield f'  <meta lastmodifieddate="{month.isoformat()}">\n    <creator>{_CREATOR}</creator>\n'
    yield f"    <description>{escape(_text(f'{description} ({month:%Y-%m})'))}</description>\n  </meta>\n"
    yield '  <graph mode="static" defaultedgetype="undirected">\n    <attributes class="node">\n'
    for number, (name, kind) in enumerate(zip(names, kinds, strict=True)):
        yield f'      <attribute id="{number}" title={quoteattr(_text(name))} type="{kind}"/>\n'
    yield "    </attributes>\n    <nodes>\n"
    for row in _rows(graph.nodes):
        values = "".join(
            f'<attvalue for="{number}" value={quoteattr(_text(row[name]))}/>'
            for number, name in enumerate(names)
            if row[name] is not None
        )
        start = f"      <node id={quoteattr(_text(row['id']))} label={quoteattr(_text(row['label']))}"
        yield f"{start}><attvalues>{values}</attvalues></node>\n" if values else f"{start}/>\n"
    yield "    </nodes>\n    <edges>\n"
    for number, row in enumerate(_rows(graph.edges)):
        ends = " ".join(f"{end}={quoteattr(_text(row[end]))}" for end in ("source", "target"))
        yield f'      <edge id="{number}" {ends} weight="{_text(row["weight"])}"/>\n'
    yield "    </edges>\n  </graph>\n</gexf>\n"


def graphml(graph: Graph, month: date, description: str) -> Iterator[str]:
    """Write a graph as GraphML 1.0 (http://graphml.graphdrawing.org), for networkx, igraph, yEd and others, piece by piece.

    Args:
        graph: What to write.
        month: The month that the graph is of.
        description: One line on what nodes and edges are.

    Raises:
        ValueError: An attribute is of a type that graph files do not hold.
    """
    names = ["label", *_attributes(graph)]
    kinds = [_kind(graph.nodes.schema.field(name).type, ("string", "long", "double", "boolean")) for name in names]
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
    yield f"  <desc>{escape(_text(f'{description} ({month:%Y-%m})'))}</desc>\n"
    for number, (name, kind) in enumerate(zip(names, kinds, strict=True)):
        yield f'  <key id="n{number}" for="node" attr.name={quoteattr(_text(name))} attr.type="{kind}"/>\n'
    yield '  <key id="e0" for="edge" attr.name="weight" attr.type="double"/>\n'
    yield f'  <graph id="{month:%Y-%m}" edgedefault="undirected">\n'
    for row in _rows(graph.nodes):
        values = "".join(
            f'<data key="n{number}">{escape(_text(row[name]), _KEPT)}</data>'
            for number, name in enumerate(names)
            if row[name] is not None
        )
        yield f"    <node id={quoteattr(_text(row['id']))}>{values}</node>\n"
    for number, row in enumerate(_rows(graph.edges)):
        ends = " ".join(f"{end}={quoteattr(_text(row[end]))}" for end in ("source", "target"))
        yield f'    <edge id="e{number}" {ends}><data key="e0">{_text(row["weight"])}</data></edge>\n'
    yield "  </graph>\n</graphml>\n"
