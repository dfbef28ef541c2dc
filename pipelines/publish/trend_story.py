"""The whole story of one trend, read from the published snapshot: what is known, beside its null, and what is not. Prints and draws nothing, estimates nothing."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from typing import Final

import numpy as np

from pipelines.platforms.text import normalise_tag
from pipelines.publish.reader import Ask, Row, quoted
from pipelines.publish.trend_unknowns import NO_CREATORS, unknown_of

TIERS: Final = ("micro", "mid", "macro", "mega", "unknown")
OUTSIDE: Final = "in no niche"
_CONTROLS: Final = 20
_CONTROL_SPAN_DAYS: Final = 45
_CONTROL_FACTOR: Final = 2.0
_ORIGIN_SIZE: Final = 5
_SEVERAL: Final = 10
_SHOWN: Final = 8
_NAMES_SHOWN: Final = 8
_TIER: Final = "case when {0} in ('micro_sub1k', 'micro_1k_10k') then 'micro' else coalesce({0}, 'unknown') end"
_STEPS: Final = f"""
    select case when actor_class in {NO_CREATORS} then actor_class else {_TIER.format("tier")} end as step,
        count(*) as adopter_count, min(adopted_at) as first_at,
        case when count(*) >= {_SEVERAL} then list_sort(list(adopted_at))[{_SEVERAL}] end as tenth_at,
        median(epoch(adopted_at)) as middle_seconds, count(*) filter (where ts_quality <> 'exact') as inexact_count
    from trend_adoptions where trend_key = '{{key}}' group by 1 order by first_at, 1
"""
_ORIGIN: Final = f"""
    select adoptions.account_key, adoptions.adopted_at, adoptions.platform, {_TIER.format("adoptions.tier_at_birth")} as tier, adoptions.ts_quality,
        adoptions.niche_id, names.name as niche, accounts.public_name
    from trend_adoptions as adoptions
    left join niches as names using (niche_id)
    left join creator_accounts as accounts using (account_key)
    where adoptions.trend_key = '{{key}}' and adoptions.actor_class not in {NO_CREATORS}
    qualify rank() over (order by adoptions.adopted_at) <= {_ORIGIN_SIZE}
    order by adoptions.adopted_at, adoptions.account_key limit 25
"""
_CREDIBILITY: Final = "select account_key, credibility, credibility_null_reason from trend_origins where trend_key = '{key}'"
_FACETS: Final = {
    "size, as of each adoption": f"""
        select case when actor_class in {NO_CREATORS} then actor_class else {_TIER.format("tier")} end as part, adopted_at::date as day, count(*) as adopter_count
        from trend_adoptions where trend_key = '{{key}}' group by all order by all
    """,
    "platform": f"""
        select platform as part, adopted_at::date as day, count(*) as adopter_count
        from trend_adoptions where trend_key = '{{key}}' and actor_class not in {NO_CREATORS} group by all order by all
    """,
    "niche, as of the month before": f"""
        select coalesce(names.name, '{OUTSIDE}') as part, adopted_at::date as day, count(*) as adopter_count
        from trend_adoptions left join niches as names using (niche_id)
        where trend_key = '{{key}}' and actor_class not in {NO_CREATORS} group by all order by all
    """,
}
# What a trend and the trends like it are compared by; creators only, outlets apart.
_MEASURES: Final = f"""
    with wanted as (select trend_key, born_at from trends where trend_key in ({{keys}})),
    adoptions as (
        select adoptions.*, {_TIER.format("adoptions.tier_at_birth")} as size, wanted.born_at, adoptions.actor_class in {NO_CREATORS} as is_outlet
        from trend_adoptions as adoptions inner join wanted using (trend_key)
    ),
    ranked as (
        select *, rank() over (partition by trend_key order by adopted_at) as place
        from adoptions where not is_outlet
    ),
    creators as (
        select trend_key,
            avg((size = 'micro')::integer) filter (where size <> 'unknown') as micro_share,
            avg((size = 'micro')::integer) filter (where size <> 'unknown' and place <= {_ORIGIN_SIZE}) as first_micro_share,
            count(distinct platform) as platform_count,
            count(distinct niche_id) as niche_count
        from ranked group by 1
    ),
    outlets as (
        select trend_key, count(distinct account_key) as outlet_count, epoch(min(adopted_at) - any_value(born_at)) / 86400 as outlet_lag_days
        from adoptions where is_outlet group by 1
    ),
    effects as (
        select trend_key, max(precedence_probability) filter (where target_class = 'large_creators') as precedence_probability
        from {{effects}} group by 1
    )
    select wanted.trend_key, creators.micro_share, creators.first_micro_share, creators.platform_count, creators.niche_count,
        coalesce(outlets.outlet_count, 0) as outlet_count, outlets.outlet_lag_days, effects.precedence_probability
    from wanted left join creators using (trend_key) left join outlets using (trend_key) left join effects using (trend_key)
    order by wanted.trend_key
"""
_NO_EFFECTS: Final = (
    "(select null::varchar as trend_key, null::varchar as target_class, null::double as precedence_probability limit 0)"
)
MEASURES: Final = {
    "micro_share": "micro creators among its adopters",
    "first_micro_share": f"micro creators among its first {_ORIGIN_SIZE}",
    "precedence_probability": "P(micro earlier than large), at equal posting rate",
    "platform_count": "platforms that took it up",
    "niche_count": "niches that took it up",
    "outlet_count": "outlets and brands that took it up",
    "outlet_lag_days": "days from the birth to the first of them",
}
SHARES: Final = frozenset({"micro_share", "first_micro_share", "precedence_probability"})
_REASONS: Final = {
    "left_censored": "in use when the collection began",
    "in_use_before": "in use before its onset",
    "shock": "most of it on one day, as after a common event",
    "coordinated": "a coordinated beginning: first uses closer together than an event or chance brings them",
    "too_few_adopters": "too few adopters on one of the sides",
    "too_few_intervals": "too few adopters whose post before the adoption is known",
    "no_rate_overlap": "the two sides do not post at comparable rates",
    "no_decidable_pairs": "no two adoptions can be put in order",
}


_TOGETHER, _SPELLED_OUT = "co_adopted", "spelled_out"


class NoSuchTrendError(LookupError):
    """No trend of that name is published; says what is near it."""


@dataclass(frozen=True, slots=True)
class Facet:
    """Adopters by day and part.

    Attributes:
        title: What the parts are.
        parts: Name and adopters a day, from the first day of the story to its last; larger parts first.
    """

    title: str
    parts: list[tuple[str, list[int]]]


@dataclass(frozen=True, slots=True)
class Measure:
    """One number of a trend beside those of trends like it.

    Attributes:
        name: As people read it.
        is_share: Whether it is written in percent.
        value: Of the trend; None where it is not known.
        middle: Median of the controls that have one; None where none has.
        low: Their lower quartile.
        high: Their upper quartile.
        at_or_above_count: Controls whose value is at least the trend's; None where one side is not known.
        control_count: Controls with a value.
    """

    name: str
    is_share: bool
    value: float | None
    middle: float | None
    low: float | None
    high: float | None
    at_or_above_count: int | None
    control_count: int

    def written(self, value: float | None) -> str:
        """A number of this measure as people read it; nothing where it is not known."""
        return "" if value is None else f"{value:.0%}" if self.is_share else f"{value:.3g}"


@dataclass(frozen=True, slots=True)
class Story:
    """What the published tables say of one trend.

    Attributes:
        trend: Its row of ``trends``.
        aliases: Rows of ``trend_aliases``: what is joined to it, and what was taken up together with it.
        event: Rows of ``trends`` that are of its event, without itself: names of one thing, which pooled numbers count once.
        days: First and last day of the story.
        facets: Its adopters by day, by size, platform and niche.
        origin: Its first creators, ties included: rows with ``adopted_at``, ``platform``, ``tier`` (as of the birth), ``niche``, ``public_name``
            and ``credibility`` of being the true first one, NULL where nobody can say.
        verdict: Its row of ``trend_origin_verdicts``; None where there is none. So are the next two.
        shape: Its row of ``trend_shapes``.
        cascade: Its row of ``trend_cascades``.
        bursts: Rows of ``trend_bursts``.
        mainstream: Rows of ``mainstream_adoptions``.
        steps: Its way up: by size and class of outlet, adopters and when the first, the tenth and the middle one came.
        effects: Rows of ``ripple_effects``.
        platform_pairs: Rows of ``platform_precedence``.
        evidence: Rows of ``ripple_evidence``.
        controls: Labels of the trends it is compared with.
        measures: It beside them.
        commercial: Its row of ``commercial_trends``; None where there is none.
        attention: Series of search interest and page views: name and (period, value, adopters).
        unknown: What is not known, in sentences.
    """

    trend: Row
    aliases: list[Row]
    event: list[Row]
    days: tuple[date, date]
    facets: list[Facet]
    origin: list[Row]
    verdict: Row | None
    shape: Row | None
    cascade: Row | None
    bursts: list[Row]
    mainstream: list[Row]
    steps: list[Row]
    effects: list[Row]
    platform_pairs: list[Row]
    evidence: list[Row]
    controls: list[str]
    measures: list[Measure]
    commercial: Row | None
    attention: list[tuple[str, list[tuple[datetime, float | None, int]]]]
    unknown: list[str] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """Its other names, and what belongs to it, in sentences."""

        def of(*kinds: str, others: bool = False) -> str:
            return ", ".join(
                named(row["alias_type"], row["alias_label"]) for row in self.aliases if (row["alias_kind"] in kinds) is not others
            )

        sentences = (
            ("Also written {}: counted with it.", of(_TOGETHER, _SPELLED_OUT, others=True)),
            ("Also spelled out as {}: not counted with it.", of(_SPELLED_OUT)),
            ("Taken up by the same accounts: {}.", of(_TOGETHER)),
            ("Of one event with {}: most adopters are the same, and pooled numbers count it once.", self._of_one_event),
        )
        return [sentence.format(told) for sentence, told in sentences if told]

    @property
    def _of_one_event(self) -> str:
        shown = [named(row["unit_type"], row["label"]) for row in self.event[:_NAMES_SHOWN]]
        left = len(self.event) - len(shown)
        return ", ".join(shown) + (f" and {left} more" if left else "")

    @property
    def set_off(self) -> list[str]:
        """What set it off, whether its beginning was coordinated, its season and its bursts, in sentences."""
        said, shape = [], self.shape
        if shape is not None:
            told = f"{shape['exogeneity_class'].capitalize()} ({_words(shape['exogeneity_reason'])})"
            if shape["peak_day_share"] is not None:
                told += f": {shape['peak_day_share']:.0%} of it on the busiest day, {shape['peak_on']}"
            if shape["half_adoption_days"] is not None:
                told += f"; half of its adopters within {shape['half_adoption_days']:.1f} days"
            said.append(f"{told}.")
            if shape["is_coordinated"] is not None and shape["coordination_q_value"] is not None:
                flag = "Its beginning looks coordinated" if shape["is_coordinated"] else "No sign of a coordinated beginning"
                said.append(
                    f"{flag}: {shape['simultaneous_count']} of {shape['nearby_count']} neighbouring first adopters came within moments of each other;"
                    f" q {shape['coordination_q_value']:.2g} against what a common event brings."
                )
            season = f" ({shape['season_event']})" if shape["season_event"] else ""
            said.append(f"Season: {_words(shape['seasonality_class'])}{season}, {_words(shape['seasonality_reason'])}.")
        said += [
            f"It burst from {row['began_on']} to {row['ended_on']}: {row['ratio_to_base']:.1f} times its base, q {row['q_value']:.2g}."
            for row in self.bursts
        ]
        return said

    @property
    def verdict_sentence(self) -> str:
        """Where it came from, with how sure that is; or why nobody can say. Nothing where nobody looked."""
        row = self.verdict
        if row is None:
            return ""
        if row["abstain_reason"] or row["origin_confidence"] is None or row["seen_ratio"] is None:
            return f"No origin: {reason(row['abstain_reason'] or 'coverage is not known')}."
        parts = [
            f"{row[f'origin_{what}']} ({row[f'origin_{what}_credibility']:.0%})"
            for what in ("tier", "platform")
            if row[f"origin_{what}"] and row[f"origin_{what}_credibility"] is not None
        ]
        return (
            f"Origin: {', '.join(parts) or 'neither size nor platform is known'}; that the true first one is in this set: {row['origin_confidence']:.0%},"
            f" with {row['seen_ratio']:.0%} of posts seen."
        )

    @property
    def passing_on(self) -> list[str]:
        """How it was passed on along known ties, in sentences."""
        row = self.cascade
        if row is None:
            return []
        if row["null_reason"]:
            return [f"Who had it from whom is not known: {_words(row['null_reason'])}."]
        tree = (
            ""
            if not row["tree_count"]
            else f"; the largest of {row['tree_count']} trees has {row['largest_size_count']}, {row['largest_depth']} deep"
        )
        shape = "" if row["structural_virality"] is None else f", structural virality {row['structural_virality']:.2f}"
        tied = f"{row['parented_adopter_count']} of {row['adopter_count']} adopters had a known tie to an earlier one"
        said = [f"{tied} ({row['explicit_adopter_count']} said so themselves){tree}{shape}."]
        passed = [
            f"{group} {row[f'reproduction_{group}']:.2f} ({row[f'reproduction_{group}_low']:.2f} to {row[f'reproduction_{group}_high']:.2f})"
            for group in ("micro", "mid", "large", "brand", "media")
            if row[f"reproduction_{group}"] is not None and row[f"reproduction_{group}_low"] is not None
        ]
        if passed:
            said.append(f"Further adopters credited to each: {', '.join(passed)}.")
        return said

    @property
    def money(self) -> str:
        """What is known of paid adopters, in a sentence; nothing where nobody looked."""
        row = self.commercial
        if row is None:
            return ""
        share = row["commercial_share_first100"]
        if share is None:
            return "Not known: no text of its first adopters could be judged."
        flag = (
            "flagged as seeded"
            if row["is_astroturf"]
            else "not flagged as seeded"
            if row["is_astroturf"] is not None
            else "not judged"
        )
        chance = "" if row["astroturf_probability"] is None else f", probability {row['astroturf_probability']:.2f}"
        expected = (
            ""
            if row["expected_commercial_share"] is None
            else f" where {row['expected_commercial_share']:.0%} was to be expected of these accounts"
        )
        return f"{share:.0%} of its first {row['judged_first_count']} adopters took it up in a commercial post{expected}; {flag}{chance}."


def _words(code: str) -> str:
    return code.replace("_", " ")


def reason(code: str) -> str:
    """A reason to abstain, for a person, in a few words."""
    return _REASONS.get(code, _words(code))


def named(unit_type: str, label: str) -> str:
    """A unit as people name it: a hashtag with its sign, everything else with what it is."""
    return f"#{label}" if unit_type == "hashtag" else f"{label} ({unit_type})"


def tell(ask: Ask, name: str) -> Story:
    """Gather what is published about a trend.

    Args:
        ask: Answers one SELECT on the snapshot.
        name: The trend as people write it: with or without ``#``, in any case, with or without spaces; or one of its aliases.

    Raises:
        NoSuchTrendError: No trend of that name is published.
    """
    tables = set(ask("select table_name from information_schema.tables")["table_name"].to_pylist())
    aliases = list(ask("select * from trend_aliases order by all").to_pylist()) if "trend_aliases" in tables else []
    trend = _find(ask, name, aliases)
    key = trend["trend_key"]

    def rows(sql: str) -> list[Row]:
        return list(ask(sql).to_pylist())

    def of_trend(table: str, order: str = "all") -> list[Row]:
        return rows(f"select * from {table} where trend_key = '{key}' order by {order}") if table in tables else []

    def one(table: str) -> Row | None:
        return next(iter(of_trend(table)), None)

    days = trend["born_at"].date(), (trend["window_ends_at"] - timedelta(microseconds=1)).date()
    effects = of_trend("ripple_effects", "target_class")
    controls = [] if trend["is_left_censored"] or trend["is_in_use_before"] else _controls(ask, trend)
    pairs = (
        rows(
            f"select * from platform_precedence where tag = {quoted(trend['label'])} order by q_value nulls last, platform_a, platform_b"
        )
        if "platform_precedence" in tables
        else []
    )
    # NULL equals nothing: a trend without an event has no other names.
    event = rows(f"""
        select others.* from trends as own inner join trends as others using (event_key)
        where own.trend_key = '{key}' and others.trend_key <> '{key}' order by others.adopter_count desc, others.label
    """)
    story = Story(
        trend=trend,
        aliases=[row for row in aliases if row["trend_key"] == key],
        event=event,
        days=days,
        facets=[_facet(title, rows(sql.format(key=key)), days) for title, sql in _FACETS.items()],
        origin=_origin(rows(_ORIGIN.format(key=key)), rows(_CREDIBILITY.format(key=key)) if "trend_origins" in tables else []),
        verdict=one("trend_origin_verdicts"),
        shape=one("trend_shapes"),
        cascade=one("trend_cascades"),
        bursts=of_trend("trend_bursts", "began_on"),
        mainstream=of_trend("mainstream_adoptions", "target_class"),
        steps=rows(_STEPS.format(key=key)),
        effects=effects,
        platform_pairs=pairs,
        evidence=of_trend("ripple_evidence", "target_class, evidence_level desc, observed_at, evidence_key"),
        controls=[row["label"] for row in controls],
        measures=_measures(ask, key, [row["trend_key"] for row in controls], has_effects="ripple_effects" in tables),
        commercial=one("commercial_trends"),
        attention=_attention(of_trend("trend_attention", "platform, series_key, period_starts_at")),
    )
    story.unknown.extend(unknown_of(ask, trend, days, story.origin, tables))
    return story


def _find(ask: Ask, name: str, aliases: list[Row]) -> Row:
    wanted = normalise_tag(name) or ""
    # Of two units of one name the hashtag is meant unless the type is named, and a trend's own name goes before another's alias.
    trends = ask("select trend_key, unit_type, label from trends order by unit_type = 'hashtag', label, trend_key").to_pylist()
    called = {row["alias_label"]: row["trend_key"] for row in aliases}
    called |= {row["label"]: row["trend_key"] for row in trends}
    called |= {named(row["unit_type"], row["label"]): row["trend_key"] for row in trends if row["unit_type"] != "hashtag"}
    joined = {_letters(label): label for label in called}
    label = wanted if wanted in called else joined.get(_letters(wanted))
    if label is None:
        near = [joined[each] for each in get_close_matches(_letters(wanted), joined, n=3, cutoff=0.75)]
        hint = f"; near it: {', '.join(near)}" if near else ""
        raise NoSuchTrendError(f"no trend named {name!r} is published: it needs 20 accounts that take it up within 60 days{hint}")
    return dict(ask(f"select * from trends where trend_key = {quoted(called[label])}").to_pylist()[0])


def _letters(text: str) -> str:
    # Letters, their marks and numbers, as in trend_attention.
    return "".join(letter for letter in text if unicodedata.category(letter)[0] in "LMN")


def _origin(first: list[Row], known: list[Row]) -> list[Row]:
    credibility = {row["account_key"]: row["credibility"] for row in known}
    return [row | {"credibility": credibility.get(row["account_key"])} for row in first]


def _facet(title: str, rows: list[Row], days: tuple[date, date]) -> Facet:
    length = (days[1] - days[0]).days + 1
    parts: dict[str, list[int]] = {}
    for row in rows:
        # A date-only stamp may lie on the day before the moment of the birth.
        place = min(max((row["day"] - days[0]).days, 0), length - 1)
        parts.setdefault(row["part"], [0] * length)[place] += row["adopter_count"]
    return Facet(title, sorted(parts.items(), key=lambda part: (-sum(part[1]), part[0])))


def _controls(ask: Ask, trend: Row) -> list[Row]:
    born, count = trend["born_at"], trend["adopter_count"]
    # Another name of the same event is no control.
    other_event = f"event_key is distinct from '{trend['event_key']}'" if trend["event_key"] else "true"
    found = ask(f"""
        select trend_key, label from trends
        where trend_key <> '{trend["trend_key"]}' and not is_left_censored and not is_in_use_before and unit_type = '{trend["unit_type"]}'
            and abs(epoch(born_at) - {born.timestamp()}) <= {_CONTROL_SPAN_DAYS * 86_400}
            and adopter_count between {count / _CONTROL_FACTOR} and {count * _CONTROL_FACTOR} and {other_event}
        order by abs(ln(adopter_count / {count})), trend_key limit {_CONTROLS}
    """)
    return list(found.to_pylist())


def _measures(ask: Ask, key: str, controls: list[str], *, has_effects: bool) -> list[Measure]:
    keys = ", ".join(f"'{each}'" for each in [key, *controls])
    found = {
        row["trend_key"]: row
        for row in ask(_MEASURES.format(keys=keys, effects="ripple_effects" if has_effects else _NO_EFFECTS)).to_pylist()
    }
    measures = []
    for column, name in MEASURES.items():
        value = found[key][column]
        others = np.array([found[each][column] for each in controls if found[each][column] is not None], dtype=np.float64)
        low, middle, high = np.quantile(others, [0.25, 0.5, 0.75]).tolist() if others.size else (None, None, None)
        above = int((others >= value).sum()) if others.size and value is not None else None
        measures.append(Measure(name, column in SHARES, value, middle, low, high, above, int(others.size)))
    return measures


def _attention(rows: list[Row]) -> list[tuple[str, list[tuple[datetime, float | None, int]]]]:
    series: dict[str, list[tuple[datetime, float | None, int]]] = {}
    for row in rows:
        what = "page views of" if row["platform"] == "wikipedia" else "search interest in"
        place = f", {row['region']}" if row["region"] else ""
        name = f"{what} {row['term']!r} ({row['unit']}, by {row['granularity']}{place})"
        series.setdefault(name, []).append((row["period_starts_at"], row["interest_value"], row["adopter_count"]))
    return list(series.items())


def shown_parts(facet: Facet) -> list[tuple[str, list[int]]]:
    """The largest parts of a facet, and all others as one; sizes and outlets in their order where the parts are these."""
    order = [*TIERS, "brand", "media"]
    parts = facet.parts
    if {name for name, _ in parts} <= set(order):
        return sorted(parts, key=lambda part: order.index(part[0]))
    if len(parts) <= _SHOWN:
        return parts
    rest = [sum(days) for days in zip(*(days for _, days in parts[_SHOWN - 1 :]), strict=True)]
    return [*parts[: _SHOWN - 1], (f"{len(parts) - _SHOWN + 1} others", rest)]
