"""Parameters of the niche tables: of how steps are put together, and those of each step. No estimator."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipelines.analysis.communities import NicheParameters
from pipelines.analysis.culture import CultureParameters
from pipelines.analysis.insiders import InsiderParameters
from pipelines.analysis.lineage_parameters import LineageParameters
from pipelines.analysis.memberships import MembershipParameters
from pipelines.analysis.terms import TermParameters
from pipelines.analysis.vocabulary import VocabularyParameters


@dataclass(frozen=True)
class NicheMonthParameters:
    """Parameters of the niche tables.

    Attributes:
        smallest_home_share: Who was found in a community that is no niche belongs to the niche that it is in in this share of resamples.
        same_vocabulary: Groups whose words are this alike (cosine of class-based TF-IDF) are one niche: splinters share the words of
            what they come off; niches of the planted worlds are below .2, daughters of a split at first below .5.
        smallest_vocabulary: Distinctive terms that a niche has: a group that one term holds together is a trend or a place.
        smallest_strength: An account is in all niches that explain at least this share of what it uses.
        regrouping_count: How often members go to the niche that explains most of what they use.
        discovery: Of communities.
        memberships: Of strengths.
        lineage: Of ids and events.
        words: Of vocabulary and names.
        texts: Of the words of texts, as they were counted.
        culture: Of distinctness, overlap and diversity.
        insiders: Of how far inside a niche its members are.
    """

    smallest_home_share: float = 0.6
    same_vocabulary: float = 0.5
    smallest_vocabulary: int = 3
    smallest_strength: float = 0.15
    regrouping_count: int = 2
    discovery: NicheParameters = field(default_factory=NicheParameters)
    memberships: MembershipParameters = field(default_factory=MembershipParameters)
    lineage: LineageParameters = field(default_factory=LineageParameters)
    words: VocabularyParameters = field(default_factory=VocabularyParameters)
    texts: TermParameters = field(default_factory=TermParameters)
    culture: CultureParameters = field(default_factory=CultureParameters)
    insiders: InsiderParameters = field(default_factory=InsiderParameters)
