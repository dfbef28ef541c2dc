"""Shapes of trees: size, depth, breadth, structural virality, largest broadcast. Where the trees come from does not belong here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
ROOT = -1


@dataclass(frozen=True)
class Forest:
    """Shapes of the trees of a forest, one value a tree, in the order of their roots.

    Attributes:
        root: Node at which the tree begins.
        size: Nodes of the tree.
        depth: Steps from the root to the farthest node.
        breadth: Most nodes at one depth.
        virality: Structural virality, the mean distance of two nodes; NaN for a tree of one.
        broadcast_share: Most children of one node, over the nodes but the root; NaN for a tree of one.
        tree_of: For each node, the place of its tree in these arrays.
    """

    root: Ints
    size: Ints
    depth: Ints
    breadth: Ints
    virality: Floats
    broadcast_share: Floats
    tree_of: Ints


def forest_of(parent: Ints) -> Forest:
    """Measure the trees that parents make, in time linear in nodes, and without recursion.

    Structural virality is the Wiener index over the ordered pairs (Goel, Anderson, Hofman and Watts 2016): an edge below which there are
    s of a tree's n nodes lies on s (n - s) of the paths between two of them, so that ``nu = 2 sum_e s (n - s) / (n (n - 1))``.

    Args:
        parent: By node, the place of its parent, ``ROOT`` for none. Shape (nodes,).

    Raises:
        ValueError: a parent that is no node, or parents in a circle.
    """
    count = parent.size
    if count and (parent.min() < ROOT or parent.max() >= count):
        raise ValueError("a parent is no node")
    root = np.flatnonzero(parent == ROOT)
    children = np.argsort(parent, kind="stable")[root.size :]
    child_count = np.bincount(parent[children], minlength=count).astype(np.int64)
    first = np.cumsum(child_count) - child_count
    tree_of = np.full(count, -1, dtype=np.int64)
    tree_of[root] = np.arange(root.size)
    levels = []
    level = root
    depth, breadth = np.zeros(root.size, dtype=np.int64), np.ones(root.size, dtype=np.int64)
    while level.size:
        levels.append(level)
        fan = child_count[level]
        below = children[np.repeat(first[level] - (np.cumsum(fan) - fan), fan) + np.arange(int(fan.sum()))]
        tree_of[below] = np.repeat(tree_of[level], fan)
        trees, widths = np.unique(tree_of[below], return_counts=True)
        depth[trees] += 1
        breadth[trees] = np.maximum(breadth[trees], widths)
        level = below
    if sum(each.size for each in levels) < count:
        raise ValueError("parents go in a circle")
    under = np.ones(count, dtype=np.int64)
    for level in reversed(levels[1:]):
        np.add.at(under, parent[level], under[level])
    size = under[root]
    is_child = parent != ROOT
    whole = size[tree_of]
    crossed = np.where(is_child, under * (whole - under), 0).astype(np.float64)
    paths = np.bincount(tree_of, weights=crossed, minlength=root.size)
    most = np.zeros(root.size, dtype=np.int64)
    np.maximum.at(most, tree_of, child_count)
    with np.errstate(divide="ignore", invalid="ignore"):
        virality = np.where(size > 1, 2 * paths / (size * (size - 1.0)), np.nan)
        broadcast = np.where(size > 1, most / (size - 1.0), np.nan)
    return Forest(root, size, depth, breadth, virality, broadcast, tree_of)
