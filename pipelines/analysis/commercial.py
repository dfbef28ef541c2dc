"""How probably one post is commercial, from reasons with fixed, published weights. Fits nothing and reads no file."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from pipelines.analysis.disclosure import AMBIGUOUS, CLEAR_TEXT, Disclosure
from pipelines.analysis.text_matching import Hashtags, Phrases, Text, fold, is_looked_for

INTERCEPT: Final = "intercept"
REASONS: Final = (
    "platform_label", "clear_disclosure", "ambiguous_disclosure", "affiliate_link", "coupon_code", "brand_mention", "account_mention",
    "call_to_action", "brand_call", "mention_call", "gifting", "giveaway", "promotion", "brand_promotion", "purchase_invitation", "not_paid",
)  # fmt: skip
"""All reasons, in the order in which they are listed."""
PHRASE_KINDS: Final = ("call_to_action", "gifting", "giveaway", "promotion", "purchase_invitation")
PATTERN_KINDS: Final = {"call_pattern": "call_to_action", "purchase_pattern": "purchase_invitation"}
"""Kinds of regular expressions on the folded text, with the kind of phrase that each counts as."""
KINDS: Final = ("affiliate_domain", "affiliate_parameter", "coupon", *PATTERN_KINDS, *PHRASE_KINDS)
_MENTION: Final = re.compile(r"(?<![\w@/.])@[\w][\w.]+")
_CODE_WORDS: Final = ("code", "cód", "codi", "cup", "coup", "\u30b3\u30fc\u30c9", "\u30af\u30fc\u30dd\u30f3", "\ucf54\ub4dc")
_LEAST_BRAND_LETTERS: Final = 3


@dataclass(frozen=True, slots=True)
class CommercialRule:
    """One term of one kind of signal.

    Attributes:
        kind: Of ``KINDS``.
        language: ISO 639-1, or '*'.
        term: A host, ``parameter@host``, a regular expression (coupon, and the kinds of patterns), words in a row, or a hashtag with its '#'.
    """

    kind: str
    language: str
    term: str


@dataclass(frozen=True, slots=True)
class CommercialSignals:
    """What speaks for a post being commercial.

    Attributes:
        reasons: Of ``REASONS``, in their order.
        log_odds: Sum of the intercept and the weights of the reasons, without the platform's label.
        brands: Ids of the brands that are named, sorted.
    """

    reasons: tuple[str, ...]
    log_odds: float
    brands: tuple[str, ...]

    @property
    def probability(self) -> float:
        """Of being commercial, from the text alone."""
        return 1.0 / (1.0 + math.exp(-self.log_odds))


class CommercialRules:
    """All signals, made ready to read many texts.

    Args of the constructor: the rules; the weights by reason (log odds), ``intercept`` among them; the names and handles of brands
    with the brand's id each.

    Raises:
        ValueError: a reason has no weight, or a rule is of no known kind.
    """

    def __init__(self, rules: Iterable[CommercialRule], weights: Mapping[str, float], brands: Iterable[tuple[str, str]]) -> None:
        if set(weights) != {INTERCEPT, *REASONS}:
            raise ValueError(f"weights are needed for exactly: {', '.join((INTERCEPT, *REASONS))}")
        self.weights = dict(weights)
        terms = sorted(rules, key=lambda rule: (rule.kind, rule.language, rule.term))
        if unknown := {rule.kind for rule in terms} - set(KINDS):
            raise ValueError(f"no such kinds of signals: {', '.join(sorted(unknown))}")
        self._domains = frozenset(rule.term for rule in terms if rule.kind == "affiliate_domain")
        self._parameters = [_parameter(rule.term) for rule in terms if rule.kind == "affiliate_parameter"]
        self._coupons = [re.compile(rule.term) for rule in terms if rule.kind == "coupon"]
        self._patterns = [(re.compile(rule.term), PATTERN_KINDS[rule.kind]) for rule in terms if rule.kind in PATTERN_KINDS]
        spoken = [rule for rule in terms if rule.kind in PHRASE_KINDS]
        self._phrases = Phrases((rule.term, rule) for rule in spoken if not rule.term.startswith("#"))
        self._tags = Hashtags((rule.term, rule) for rule in spoken if rule.term.startswith("#"))
        named = sorted({(name, brand) for name, brand in brands if len(name) >= _LEAST_BRAND_LETTERS})
        self.brand_ids = frozenset(brand for _, brand in named)
        self._brand_words = Phrases(named)
        self._brand_tags = Hashtags(sorted({("".join(filter(str.isalnum, fold(name))), brand) for name, brand in named}))

    def judge(
        self, text: Text, links: Iterable[str], language: str | None, disclosures: Iterable[Disclosure], *, is_denied: bool
    ) -> CommercialSignals:
        """Collect the reasons of one post and weigh them.

        Args:
            text: The post's text.
            links: Its links, those in the text among them.
            language: Of the post, ISO 639-1; None where it is not known.
            disclosures: What each rule set found in the text; the plainest counts.
            is_denied: Whether the text says that it is not paid for.
        """
        levels = {each.level for each in disclosures}
        brands = sorted({match.meaning for finder in (self._brand_words, self._brand_tags) for match in finder.found_in(text)})
        kinds = {
            match.meaning.kind
            for finder in (self._phrases, self._tags)
            for match in finder.found_in(text)
            if is_looked_for(match.meaning.term, match.meaning.language, language)
        }
        kinds |= {kind for pattern, kind in self._patterns if pattern.search(text.folded)}
        has_mention = bool(_MENTION.search(text.folded))
        has_call = "call_to_action" in kinds
        holds = {
            "clear_disclosure": CLEAR_TEXT in levels,
            "ambiguous_disclosure": AMBIGUOUS in levels and CLEAR_TEXT not in levels,
            "affiliate_link": any(map(self._is_affiliate, links)),
            "coupon_code": self._has_coupon(text),
            "brand_mention": bool(brands),
            "account_mention": has_mention and not brands,
            "call_to_action": has_call,
            "brand_call": has_call and bool(brands),
            "mention_call": has_call and has_mention and not brands,
            "gifting": "gifting" in kinds,
            "giveaway": "giveaway" in kinds,
            "promotion": "promotion" in kinds,
            "brand_promotion": "promotion" in kinds and bool(brands),
            "purchase_invitation": "purchase_invitation" in kinds,
            "not_paid": is_denied,
        }
        reasons = tuple(reason for reason in REASONS if holds.get(reason, False))
        return CommercialSignals(
            reasons, self.weights[INTERCEPT] + sum(self.weights[reason] for reason in reasons), tuple(brands)
        )

    def _is_affiliate(self, link: str) -> bool:
        try:
            parts = urlsplit(link)
            host = (parts.hostname or "").removeprefix("www.")
        except ValueError:
            return False
        labels = host.split(".")
        if any(".".join(labels[place:]) in self._domains for place in range(len(labels) - 1)):
            return True
        if not parts.query:
            return False
        given = {(name.casefold(), value.casefold()) for name, value in parse_qsl(parts.query, keep_blank_values=True)}
        return any(
            (of == "*" or of in labels) and any(name == wanted and value in {None, stated} for wanted, stated in given)
            for name, value, of in self._parameters
        )

    def _has_coupon(self, text: Text) -> bool:
        return any(word in text.folded for word in _CODE_WORDS) and any(pattern.search(text.written) for pattern in self._coupons)


def _parameter(term: str) -> tuple[str, str | None, str]:
    named, _, of = term.partition("@")
    name, separator, value = named.partition("=")
    return name, value if separator else None, of
