"""What a niche's members say that others do not: distinctive terms, and which niches speak alike; finds no niches and names none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.special import betainc
from scipy.stats import false_discovery_control, norm

METHOD_VERSION: Final = "vocabulary_1"
KINDS: Final = ("tag", "community", "text", "sound", "domain")
NICHE_TERMS: Final = pa.schema(
    [
        pa.field("niche", pa.int64(), nullable=False),
        pa.field("term_rank", pa.int64(), nullable=False),
        pa.field("term_kind", pa.string(), nullable=False),
        pa.field("term", pa.string(), nullable=False),
        pa.field("member_count", pa.int64(), nullable=False),  # accounts of the niche
        pa.field("member_user_count", pa.int64(), nullable=False),  # of them, those that use the term
        pa.field("outsider_count", pa.int64(), nullable=False),  # accounts of the same platforms outside the niche
        pa.field("outsider_user_count", pa.int64(), nullable=False),
        pa.field("class_tf_idf", pa.float64(), nullable=False),
        pa.field("log_odds", pa.float64(), nullable=False),
        pa.field("log_odds_z", pa.float64(), nullable=False),
        pa.field("q_value", pa.float64(), nullable=False),
    ]
)
NICHE_NEIGHBOURS: Final = pa.schema(
    [
        pa.field("niche", pa.int64(), nullable=False),
        pa.field("neighbour_rank", pa.int64(), nullable=False),
        pa.field("neighbour_niche", pa.int64(), nullable=False),
        pa.field("cosine_similarity", pa.float64(), nullable=False),
    ]
)
Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
_LARGEST_EXACT_Z: Final = 37.0


@dataclass(frozen=True)
class VocabularyParameters:
    """Parameters of vocabularies, names and neighbours.

    Attributes:
        smallest_term_members: Members that use a term, below which the niche is not said to use it (k-anonymity).
        term_count: Terms kept for each niche.
        prior_account_count: Strength of the prior: as many average accounts that use each term as often as everybody.
        smallest_log_odds: Natural logarithm of the odds ratio below which a term is common property, however certain it is.
        largest_word_share: A word of texts that more of the accounts outside use is grammar or common property. Tags are chosen, words are not.
        largest_q_value: False-discovery rate among a niche's terms.
        name_term_count: Terms in a name.
        smallest_scene_overlap: Share of a niche's vocabulary, by weight, that must be in a scene's lexicon ...
        smallest_scene_margin: ... this much more than in any other's,
        smallest_scene_terms: and at least so many terms, for the scene's name to be taken.
        neighbour_count: Nearest niches kept for each niche.
    """

    smallest_term_members: int = 5
    term_count: int = 25
    prior_account_count: float = 10.0
    smallest_log_odds: float = 0.7
    largest_word_share: float = 0.1
    largest_q_value: float = 0.05
    name_term_count: int = 3
    smallest_scene_overlap: float = 0.12
    smallest_scene_margin: float = 0.06
    smallest_scene_terms: int = 3
    neighbour_count: int = 5


@dataclass(frozen=True)
class Usage:
    """Who uses which term, in one window.

    Attributes:
        uses: Account x term; uses or ones, of which only whether there is any counts: one prolific account is one user.
        terms: Of each column.
        kinds: Of each column's term, of ``KINDS``.
        niches: Of each account, its niche from 0, or -1.
        platforms: Of each account.
    """

    uses: csr_matrix
    terms: Sequence[str]
    kinds: Sequence[str]
    niches: Labels
    platforms: Sequence[str]


@dataclass(frozen=True)
class _Counts:
    """Users of each term by niche and platform, and everywhere.

    Attributes:
        cells: Niche of each row of ``users``.
        cell_platforms: Platform of each row of ``users``.
        users: Row x term.
        accounts: Accounts of each row.
        platform_users: Platform x term, of all accounts.
        platform_accounts: Accounts of each platform.
    """

    niche_count: int
    cells: Labels
    cell_platforms: Labels
    users: csr_matrix
    accounts: Labels
    platform_users: Floats
    platform_accounts: Labels

    def rows(self, niche: int) -> NDArray[np.intp]:
        """Rows of a niche, one for each platform of its members."""
        return np.flatnonzero(self.cells == niche)


def _grouped(users: csr_matrix, groups: Labels, group_count: int) -> csr_matrix:
    """Sum of the rows of each group; a group of -1 is none."""
    rows = np.flatnonzero(groups >= 0)
    chosen = csr_matrix((np.ones(rows.size), (groups[rows], rows)), shape=(group_count, users.shape[0]))
    summed = csr_matrix(chosen @ users)
    summed.sort_indices()
    return summed


def _counts(usage: Usage) -> _Counts:
    users = csr_matrix(usage.uses, dtype=np.float64, copy=True)
    users.sum_duplicates()
    users.data = (users.data > 0).astype(np.float64)
    niches = np.asarray(usage.niches, dtype=np.int64)
    names, platform = np.unique(np.array(usage.platforms, dtype=str), return_inverse=True)
    width = max(names.size, 1)
    known, cell = np.unique(np.where(niches >= 0, niches * width + platform, -1), return_inverse=True)
    without = int(known.size > 0 and known[0] < 0)
    known, cell = known[without:], cell - without
    return _Counts(
        int(niches.max(initial=-1)) + 1,
        known // width,
        known % width,
        _grouped(users, cell, known.size),
        np.bincount(cell[cell >= 0], minlength=known.size),
        np.asarray(_grouped(users, platform, names.size).toarray()),
        np.bincount(platform, minlength=names.size),
    )


def _kind_columns(kinds: Sequence[str]) -> list[NDArray[np.intp]]:
    """Columns of each kind. Terms compete within their kind: who tags much does not thereby say less."""
    unknown = sorted(set(kinds) - set(KINDS))
    if unknown:
        raise ValueError(f"no kind of term: {', '.join(unknown)}; there are {', '.join(KINDS)}")
    values = np.array(kinds, dtype=object)
    return [columns for kind in KINDS if (columns := np.flatnonzero(values == kind)).size]


@dataclass(frozen=True)
class _Contrast:
    log_odds: Floats
    z: Floats
    p_value: Floats


def _contrast(inside: Floats, outside: Floats, inside_all: Floats, outside_all: Floats, prior_size: float) -> _Contrast:
    """Log-odds of terms inside against outside, with an informative Dirichlet prior; the outside has the inside's mix of platforms.

    Monroe, Colaresi and Quinn (2008), equations 15 to 22: the prior of a term is ``alpha = prior_size * its share among all``,
    and the log-odds are ``log(a / (n + prior_size - a))`` with ``a = y + alpha``, inside minus outside. They divide by
    ``sqrt(1 / a + 1 / a')``, which is no standard error where hardly anybody outside uses a term: a term that only the niche
    has would score below a common one. Here z is the normal quantile of the tail itself, that the rate inside is not above
    the rate outside: for two gamma posteriors the incomplete beta function ``I(n / (n + n'); a, a')``, the n with the prior's
    size. The two agree where counts are large.

    The outside's rate is that of the platforms, weighted by the niche's mix (direct standardisation), and counts as the gamma
    variable of the same mean and variance (Fay and Feuer 1997): else the words of a platform would be the words of a niche.

    Args:
        inside: Users in the niche, platform x term.
        outside: Users outside of it, platform x term.
        inside_all: Sum of users over all terms of the kind, by platform.
        outside_all: The same outside.
        prior_size: Sum of the prior's weights.
    """
    total = inside_all.sum()
    mix = (inside_all / total)[:, None]
    share = (inside + outside) / np.maximum(inside_all + outside_all, 1)[:, None]
    alpha = prior_size * (mix * share).sum(axis=0)
    size = (outside_all + prior_size)[:, None]
    weighted = outside + prior_size * share
    rate = (mix * weighted / size).sum(axis=0)
    variance = ((mix / size) ** 2 * weighted).sum(axis=0)
    outside_users, outside_size = rate**2 / variance, rate / variance
    users, inside_size = inside.sum(axis=0) + alpha, total + prior_size
    log_odds = np.log(users / (inside_size - users)) - np.log(rate / (1 - rate))
    p_value = betainc(users, outside_users, inside_size / (inside_size + outside_size))
    normal = log_odds / np.sqrt(1 / users + 1 / outside_users)
    exact = norm.isf(np.maximum(p_value, 1e-320))
    # Beyond what a float holds, counts are large, and the normal form is right.
    return _Contrast(log_odds, np.where(exact < _LARGEST_EXACT_Z, exact, np.maximum(normal, _LARGEST_EXACT_Z)), p_value)


def _q_values(p_values: Floats, family_size: int) -> Floats:
    """Benjamini-Hochberg q-values of tested terms among a family whose other members count as p = 1."""
    return np.asarray(false_discovery_control(np.append(p_values, np.ones(family_size - p_values.size))))[: p_values.size]


def _class_tf_idf(counts: _Counts, columns: Sequence[NDArray[np.intp]], term_count: int) -> csr_matrix:
    """Class-based TF-IDF, niche x term: ``tf(t, c) log(1 + A / f(t))`` with tf and A of the term's kind, in users."""
    users = _grouped(counts.users, counts.cells, counts.niche_count)
    everywhere = counts.platform_users.sum(axis=0)
    kind = np.zeros(term_count, dtype=np.int64)
    for place, own in enumerate(columns):
        kind[own] = place
    rows = np.repeat(np.arange(counts.niche_count), np.diff(users.indptr))
    sums = np.zeros((counts.niche_count, max(len(columns), 1)))
    np.add.at(sums, (rows, kind[users.indices]), users.data)
    mean = sums.sum(axis=0) / max(counts.niche_count, 1)
    own = kind[users.indices]
    users.data = users.data / sums[rows, own] * np.log(1 + mean[own] / everywhere[users.indices])
    return users


def _tested(
    counts: _Counts, niche: int, columns: Sequence[NDArray[np.intp]], parameters: VocabularyParameters
) -> Iterator[tuple[NDArray[np.intp], Floats, Floats, _Contrast, int]]:
    """By kind: columns that enough members use, users inside and outside, their contrast, and the terms that could have been there."""
    rows = counts.rows(niche)
    platforms = counts.cell_platforms[rows]
    members = counts.users[rows]
    size = counts.accounts[rows].sum()
    for own in columns:
        inside = np.asarray(members[:, own].toarray())
        everybody = counts.platform_users[np.ix_(platforms, own)]
        outside = everybody - inside
        inside_all, outside_all = inside.sum(axis=1), outside.sum(axis=1)
        used = inside.sum(axis=0) >= parameters.smallest_term_members
        if not used.any() or not outside_all.any():
            continue
        # A platform where only the niche is has nobody to compare with.
        compared = (inside_all > 0) & (outside_all > 0)
        used &= inside[compared].sum(axis=0) >= parameters.smallest_term_members
        possible = int((everybody[compared].sum(axis=0) >= parameters.smallest_term_members).sum())
        if not used.any():
            continue
        prior_size = parameters.prior_account_count * inside_all.sum() / size
        contrast = _contrast(
            inside[compared][:, used], outside[compared][:, used], inside_all[compared], outside_all[compared], prior_size
        )
        yield own[used], inside[:, used].sum(axis=0), outside[:, used].sum(axis=0), contrast, possible


def distinctive_terms(usage: Usage, parameters: VocabularyParameters | None = None) -> pa.Table:
    """Find, for each niche, the terms that its members use more than the accounts of the same platforms outside of it.

    Users are counted and not uses. A term is kept where enough members use it, its odds are clearly above those outside,
    and it passes Benjamini-Hochberg among all terms that the niche could have used often enough; terms that it did not
    use so often count as tested, with p = 1, so that looking at the used ones only does not flatter them.

    The test takes the niche as given. Where niches were found by the same tags, tags are distinctive by construction, and
    only terms that had no part in finding them, such as words of texts, are evidence that a niche is more than a cluster.

    Args:
        usage: See :class:`Usage`.
        parameters: Defaults when None.

    Returns:
        ``NICHE_TERMS``, ordered by niche and rank; the rank is by z. The same whatever the order of accounts and terms.

    Raises:
        ValueError: If a kind is unknown, or lengths do not fit.
    """
    parameters = parameters or VocabularyParameters()
    _check(usage)
    counts, columns = _counts(usage), _kind_columns(usage.kinds)
    scores = _class_tf_idf(counts, columns, len(usage.terms))
    rows: list[dict[str, Any]] = []
    for niche in np.unique(counts.cells):
        cells = counts.rows(int(niche))
        members = int(counts.accounts[cells].sum())
        outsiders = int(counts.platform_accounts[counts.cell_platforms[cells]].sum()) - members
        score = scores[int(niche)].toarray().ravel()
        tested = list(_tested(counts, int(niche), columns, parameters))
        if not tested:
            continue
        q_values = _q_values(np.concatenate([each[3].p_value for each in tested]), sum(each[4] for each in tested))
        found = []
        for column, inside, outside, contrast, _ in tested:
            own, q_values = q_values[: column.size], q_values[column.size :]
            kept = (own <= parameters.largest_q_value) & (contrast.log_odds >= parameters.smallest_log_odds)
            if usage.kinds[column[0]] == "text":
                kept &= outside <= parameters.largest_word_share * outsiders
            found += [
                {
                    "niche": int(niche),
                    "term_kind": usage.kinds[column[at]],
                    "term": usage.terms[column[at]],
                    "member_count": members,
                    "member_user_count": int(inside[at]),
                    "outsider_count": outsiders,
                    "outsider_user_count": int(outside[at]),
                    "class_tf_idf": round(float(score[column[at]]), 9),
                    "log_odds": round(float(contrast.log_odds[at]), 9),
                    "log_odds_z": round(float(contrast.z[at]), 9),
                    "q_value": float(f"{own[at]:.9g}"),
                }
                for at in np.flatnonzero(kept)
            ]
        found.sort(key=lambda row: (-row["log_odds_z"], -row["log_odds"], KINDS.index(row["term_kind"]), row["term"]))
        rows += [{**row, "term_rank": rank} for rank, row in enumerate(found[: parameters.term_count], 1)]
    return pa.Table.from_pylist(rows, schema=NICHE_TERMS)


def _check(usage: Usage) -> None:
    accounts, terms = usage.uses.shape
    if len(usage.niches) != accounts or len(usage.platforms) != accounts:
        raise ValueError(f"{accounts} accounts, but {len(usage.niches)} niches and {len(usage.platforms)} platforms")
    if len(usage.terms) != terms or len(usage.kinds) != terms:
        raise ValueError(f"{terms} columns, but {len(usage.terms)} terms and {len(usage.kinds)} kinds")


def niche_neighbours(usage: Usage, parameters: VocabularyParameters | None = None) -> pa.Table:
    """Find each niche's nearest niches by the cosine of their class-based TF-IDF vectors (Grootendorst 2022).

    Each kind of term has the same weight in a niche's vector: there are more words than tags, and they say less.

    Args:
        usage: See :class:`Usage`.
        parameters: Defaults when None.

    Returns:
        ``NICHE_NEIGHBOURS``, ordered by niche and rank; niches that share no term are no neighbours.

    Raises:
        ValueError: If a kind is unknown, or lengths do not fit.
    """
    parameters = parameters or VocabularyParameters()
    _check(usage)
    counts, columns = _counts(usage), _kind_columns(usage.kinds)
    scores = _class_tf_idf(counts, columns, len(usage.terms))
    # Sums of floats hang on their order: the columns are put in the order of their terms.
    order = sorted(range(len(usage.terms)), key=lambda column: (usage.kinds[column], usage.terms[column]))
    if not counts.niche_count:
        return NICHE_NEIGHBOURS.empty_table()
    similarity = np.zeros((counts.niche_count, counts.niche_count))
    present = np.zeros((counts.niche_count, 1))
    for own in columns:
        chosen = set(own.tolist())
        block = csr_matrix(scores[:, [column for column in order if column in chosen]])
        block.sort_indices()
        lengths = np.sqrt(np.asarray(block.multiply(block).sum(axis=1)).ravel())
        block = csr_matrix(block.multiply(1 / np.maximum(lengths, 1e-300)[:, None]))
        similarity += (block @ block.T).toarray()
        present += (lengths > 0)[:, None]
    similarity = np.round(similarity / np.sqrt(np.maximum(present @ present.T, 1)), 9)
    np.fill_diagonal(similarity, 0)
    rows = []
    for niche in range(counts.niche_count):
        near = np.argsort(-similarity[niche], kind="stable")[: parameters.neighbour_count]
        rows += [
            {
                "niche": niche,
                "neighbour_rank": rank,
                "neighbour_niche": int(other),
                "cosine_similarity": float(similarity[niche, other]),
            }
            for rank, other in enumerate(near, 1)
            if similarity[niche, other] > 0
        ]
    return pa.Table.from_pylist(rows, schema=NICHE_NEIGHBOURS)
