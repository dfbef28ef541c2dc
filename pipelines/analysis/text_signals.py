"""Posts' texts in, numbers and fixed words out: disclosure, commercial reasons and parasocial counts of each post, without any text.

Nothing that leaves here holds a word of a post: brands are ids of the seed of outlets, reasons and levels are fixed words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from pipelines.analysis.commercial import CommercialRules
from pipelines.analysis.disclosure import DisclosureRules, Fold
from pipelines.analysis.increments import digest
from pipelines.analysis.parasocial import ParasocialLexicon
from pipelines.analysis.text_matching import guess_language, take_apart
from pipelines.platforms.text import links_in

METHOD_VERSION: Final = "text_signals_2"


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


_TEXTS: Final = pa.list_(pa.field("item", pa.string(), nullable=False))
DISCLOSURE: Final = pa.struct(
    [
        _required("ruleset", pa.string()),
        _required("rules_version", pa.int64()),
        _required("level", pa.string()),  # none, ambiguous, clear_text: from the text; the platform's label is joined in dbt
        pa.field("position_char", pa.int32()),
        pa.field("is_before_fold", pa.bool_()),
        pa.field("is_in_hashtag_block", pa.bool_()),
        pa.field("is_standalone", pa.bool_()),
    ]
)
# One row per post x observation with a text.
TEXT_SIGNALS: Final = pa.schema(
    [
        _required("platform", pa.string()),
        _required("post_key", pa.string()),
        pa.field("account_key", pa.string()),
        _required("observed_at", pa.timestamp("us", tz="UTC")),
        _required("landed_night", pa.date32()),
        pa.field("language", pa.string()),  # guessed from the words; NULL: not known
        _required("disclosures", pa.list_(pa.field("item", DISCLOSURE, nullable=False))),
        _required("commercial_reasons", _TEXTS),
        _required("commercial_log_odds", pa.float64()),
        _required("brands", _TEXTS),  # ids of brands in the seed of outlets
        _required("token_count", pa.int32()),
        pa.field("second_person_count", pa.int32()),  # NULL: no lexicon of the language
        pa.field("inclusive_count", pa.int32()),
        pa.field("self_disclosure_count", pa.int32()),
        pa.field("invitation_count", pa.int32()),
        pa.field("intimacy_count", pa.int32()),
        _required("signals_version", pa.string()),
    ]
)
_COUNTS: Final = (
    "token_count",
    "second_person_count",
    "inclusive_count",
    "self_disclosure_count",
    "invitation_count",
    "intimacy_count",
)
_PLACE: Final = ("ruleset", "rules_version", "level", "position_char", "is_before_fold", "is_in_hashtag_block", "is_standalone")


@dataclass(frozen=True, slots=True)
class TextRules:
    """Everything that decides what is read off a text.

    Attributes:
        disclosure: Rule sets of disclosure.
        commercial: Commercial signals.
        lexicon: Words of closeness, and the commonest words of each language.
        folds: By platform, how much of a post is shown before "more"; others show all.
        content_hash: Of the data that the rules were made from.
    """

    disclosure: DisclosureRules
    commercial: CommercialRules
    lexicon: ParasocialLexicon
    folds: dict[str, Fold]
    content_hash: str

    @property
    def signals_version(self) -> str:
        """Changes with the code's version or any rule."""
        return f"{METHOD_VERSION}-{digest(self.content_hash)[:12]}"


def signals_of(text: str, links: list[str], platform: str, rules: TextRules, language: str | None = None) -> dict[str, Any]:
    """Read the signals of one post.

    Args:
        text: As its author wrote it.
        links: Links that the platform lists beside it; those in the text are found.
        platform: By which the fold is known.
        rules: The rules.
        language: ISO 639-1, where it is known; else it is guessed.

    Returns:
        The columns of ``TEXT_SIGNALS`` from ``language`` on, without the version.
    """
    apart = take_apart(text)
    spoken = language or guess_language(apart, rules.lexicon.function_words)
    disclosures = rules.disclosure.judge(apart, spoken, rules.folds.get(platform, Fold()))
    commercial = rules.commercial.judge(
        apart, [*links, *links_in(text)], spoken, disclosures, is_denied=rules.disclosure.denies(apart, spoken)
    )
    counts = rules.lexicon.count(apart, spoken)
    return {
        "language": spoken,
        "disclosures": [{name: getattr(each, name) for name in _PLACE} for each in disclosures],
        "commercial_reasons": list(commercial.reasons),
        "commercial_log_odds": round(commercial.log_odds, 9),
        "brands": list(commercial.brands),
        **{name: getattr(counts, name) for name in _COUNTS},
    }


def text_signals(posts: pa.Table, rules: TextRules) -> pa.Table:
    """Read the signals of a batch of posts.

    Args:
        posts: Rows of the vault's posts with platform, post_key, account_key, observed_at, landed_night, text and links.
        rules: The rules.

    Returns:
        ``TEXT_SIGNALS``, in the order of the posts; posts without a text have no row.
    """
    version, rows = rules.signals_version, []
    kept = ("platform", "post_key", "account_key", "observed_at", "landed_night")
    for post in posts.select([*kept, "text", "links"]).to_pylist():
        if post["text"]:
            signals = signals_of(post["text"], post["links"] or [], post["platform"], rules)
            rows.append({name: post[name] for name in kept} | signals | {"signals_version": version})
    return pa.Table.from_pylist(rows, schema=TEXT_SIGNALS)
