"""The scorer: published tables judged against a world's truth. No estimator of the pipeline and no reading of its lake belongs here."""

from pipelines.world.scoring.report import last_lines, printed
from pipelines.world.scoring.scorer import score_tables
from pipelines.world.scoring.seeds import over_seeds

__all__ = ["last_lines", "over_seeds", "printed", "score_tables"]
