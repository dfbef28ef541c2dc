"""Communities of YouTube's recommendation network of music videos against the artists' genres, beside modularity and a null."""

from __future__ import annotations

import csv
import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix

from pipelines.analysis.communities import NicheParameters, leiden, stable_graph_partition
from pipelines.world.scoring.metrics_niches import adjusted_mutual_information, contingency
from tests.contracts.harness import REALDATA

FOLDER: Final = REALDATA / "youtube_vevo"
pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no recommendation network at {FOLDER}"),
]
PARAMETERS: Final = NicheParameters()
# A genre is the family whose words are in most of an artist's tags, by the tags' votes; an earlier family wins a tie.
FAMILIES: Final = {
    "hip hop": ("hip hop", "rap", "trap", "grime"),
    "country": ("country", "bluegrass"),
    "electronic": ("electro", "dance", "house", "techno", "edm", "dubstep", "trance"),
    "metal": ("metal", "hardcore"),
    "soul": ("soul", "r&b", "rnb", "funk", "gospel"),
    "jazz and blues": ("jazz", "blues", "swing"),
    "folk": ("folk", "singer"),
    "rock": ("rock", "punk", "indie", "grunge", "new wave"),
    "pop": ("pop",),
}
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Network:
    """Artists whose videos are recommended beside each other's, by how many pairs of videos; and their genres (-1: no tag says)."""

    graph: csr_matrix
    genres: Labels
    video_count: int
    edge_count: int


def genre(tags: dict[str, int]) -> int:
    votes = [sum(vote for tag, vote in tags.items() if any(word in tag for word in words)) for words in FAMILIES.values()]
    return int(np.argmax(votes)) if max(votes) else -1


def symmetric(row: Labels, column: Labels, size: int) -> csr_matrix:
    kept = row != column
    counts = coo_matrix((np.ones(int(kept.sum())), (row[kept], column[kept])), shape=(size, size)).tocsr()
    graph = csr_matrix(counts + counts.T)
    graph.data = np.log2(1 + graph.data)
    return graph


def read(folder: Path) -> tuple[Labels, Labels, Network]:
    """Ends of the edges between videos of two known artists, and the network of these artists."""
    artists = [json.loads(line) for line in (folder / "artist_details.json").read_text("utf-8").splitlines()]
    names: dict[str, int] = {}
    for number, artist in enumerate(artists):
        for name in (artist["artist_name"], artist["query"]):
            names.setdefault(name.lower(), number)
    with gzip.open(folder / "vevo_en_embeds_60k.txt.gz", "rt", encoding="utf-8") as lines:
        titles = [line.rstrip("\n").split(",", 2)[2] for line in lines]
    owner = np.array([names.get(title.split(" - ")[0].strip().lower(), -1) for title in titles])
    with (folder / "persistent_network.csv").open(encoding="utf-8") as rows:
        edges = np.array([[int(cell) for cell in row] for row in list(csv.reader(rows))[1:]])
    ends = owner[edges]
    ends = ends[(ends >= 0).all(axis=1) & (ends[:, 0] != ends[:, 1])]
    genres = np.array([genre(artist["tag-dict"]) for artist in artists])
    return ends[:, 0], ends[:, 1], Network(symmetric(ends[:, 0], ends[:, 1], len(artists)), genres, len(titles), len(edges))


def agreement(labels: Labels, genres: Labels, inside: NDArray[np.bool_]) -> tuple[float, float]:
    """AMI with the genres, and the share of artists of their community's most frequent genre; of tagged artists inside."""
    known = inside & (genres >= 0)
    table = contingency(labels[known], genres[known])
    return adjusted_mutual_information(table), float(table.max(axis=1).sum() / table.sum())


def assigned(graph: csr_matrix) -> tuple[Labels, NDArray[np.bool_]]:
    found = stable_graph_partition(graph, PARAMETERS)
    sizes = np.bincount(found.labels)
    jaccards = np.array([found.jaccards[label] for label in range(sizes.size)])
    is_niche = (jaccards >= PARAMETERS.smallest_jaccard) & (sizes >= PARAMETERS.smallest_niche)
    return found.labels, is_niche[found.labels]


def test_communities_of_recommended_artists_are_of_a_genre_and_rewired_ones_are_not() -> None:
    left, right, network = read(FOLDER)
    assert (network.video_count, network.genres.size, network.edge_count) == (60_740, 4_435, 52_758)
    linked = np.diff(network.graph.indptr) > 0
    labels, inside = assigned(network.graph)
    own = agreement(labels, network.genres, inside)
    own_all = agreement(labels, network.genres, linked)
    modularity = leiden(network.graph, 1.0, 1, use_modularity=True)
    naive, naive_inside = agreement(modularity, network.genres, linked), agreement(modularity, network.genres, inside)
    # Every artist keeps its number of recommendations, whose other ends are dealt anew.
    random = np.random.default_rng(1)
    rewired = symmetric(left, random.permutation(right), network.genres.size)
    chance_labels, chance_inside = assigned(rewired)
    shuffled = network.genres.copy()
    tagged = np.flatnonzero(inside & (shuffled >= 0))
    shuffled[tagged] = random.permutation(shuffled[tagged])
    null = agreement(labels, shuffled, inside)
    niche_count = np.unique(labels[inside]).size
    print(f"\n{linked.sum()} linked artists, {niche_count} stable communities of {inside.sum()} of them")
    print(
        f"stable CPM, its members: AMI {own[0]:.3f}, purity {own[1]:.3f}; all linked: AMI {own_all[0]:.3f}, purity {own_all[1]:.3f}"
    )
    print(f"modularity, the same artists: AMI {naive_inside[0]:.3f}, purity {naive_inside[1]:.3f}")
    print(f"modularity, all linked: {np.unique(modularity[linked]).size} groups, AMI {naive[0]:.3f}, purity {naive[1]:.3f}")
    print(f"genres dealt anew: AMI {null[0]:.3f}, purity {null[1]:.3f}")
    print(
        f"network rewired: {chance_inside.sum()} of {linked.sum()} artists in {np.unique(chance_labels[chance_inside]).size} communities"
    )
    assert niche_count >= 5
    assert own[0] > 0.4
    assert abs(null[0]) < 0.05
    assert own[1] > null[1] + 0.3
    # Modularity places everybody, in mixed groups; of those placed here it knows as much.
    assert own[1] > naive[1]
    assert chance_inside.sum() < 0.05 * inside.sum()
