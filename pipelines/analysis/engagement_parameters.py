"""Parameters of engagement, which shrinkage, peers and tables share. No estimator."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class EngagementParameters:
    """Parameters of engagement.

    Attributes:
        age_bands: Name and age in days of the bands that ``int_account_engagement_months`` rates posts in; its SQL holds the tolerances.
        reference_band: The band that rates are compared in wherever it rates enough posts.
        reference_share: So many are enough, as a share of the posts that the best band of the platform, month and basis rates.
        smallest_stratum: Accounts with a rated post that a tier needs to be a stratum of its own.
        smallest_pool: Accounts that a platform needs, below which nothing is shrunk.
        smallest_bin: Accounts that a bin of sizes needs.
        bin_width: Of sizes, in decimal logarithms of followers.
        post_variance: Squared coefficient of variation of a post's engagement about its account's mean, where too few posts tell it.
        smallest_post_freedom: Posts, less one an account, that are needed to tell it.
        interval_level: Of intervals of rates and ranks.
        draw_count: Posterior draws that ranks are counted on.
        largest_round_count: Rounds in which prior and variances are fitted to each other.
        seed: Of the draws.
    """

    age_bands: tuple[tuple[str, float], ...] = (("day_1", 1.0), ("day_3", 3.0), ("day_7", 7.0), ("settled", 28.0))
    reference_band: str = "day_7"
    reference_share: float = 0.5
    smallest_stratum: int = 30
    smallest_pool: int = 10
    smallest_bin: int = 10
    bin_width: float = 0.1
    post_variance: float = 1.0
    smallest_post_freedom: int = 20
    interval_level: float = 0.9
    draw_count: int = 200
    largest_round_count: int = 60
    seed: int = 20_260_801
