"""Names, tags and sentences of an invented world, shared by every platform's writer. Pure functions of the world's arrays; no ids of platforms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from pipelines.world.drawn import (
    AMBIGUOUS,
    BRAND,
    CLEAR_TEXT,
    HASHTAG,
    MEDIA,
    NOBODY,
    PLATFORMS,
    REPLY,
    REPOST,
    Accounts,
    Niche,
    Outlet,
    Posts,
    Trend,
)

_FIRST: Final = (
    "wren", "odile", "bram", "saffi", "juno", "tamsin", "ravi", "mirek", "noor", "lotte", "ines", "kofi", "hana", "piet",
)  # fmt: skip
_NOUNS: Final = ("makes", "writes", "cooks", "walks", "daily", "studio", "corner", "notes", "shelf", "garden", "loft", "press")
_GENERAL_TAGS: Final = ("mood", "weekend", "daily", "photooftheday", "fyp")
_SENTENCES: Final = {
    "en": (
        "Spent the morning on this and I am not sorry.", "Anyone else doing this lately?", "Small update from the kitchen table.",
        "Third try, finally happy with it.", "Found this at the market on Saturday.", "A few of you asked how it is done.",
        "Quick notes before I forget.", "Still thinking about this one.",
    ),
    "de": (
        "Den ganzen Morgen daran gesessen, keine Reue.", "Macht das gerade noch jemand?", "Kleiner Stand vom Küchentisch.",
        "Dritter Versuch, endlich zufrieden.", "Am Samstag auf dem Markt gefunden.", "Einige haben gefragt, wie das geht.",
        "Kurz notiert, bevor ich es vergesse.", "Lässt mich noch nicht los.",
    ),
    "fr": (
        "Toute la matinée dessus, sans regret.", "Quelqu'un d'autre fait ça en ce moment ?", "Petites nouvelles de la table de cuisine.",
        "Troisième essai, enfin contente.", "Trouvé au marché samedi.", "On m'a demandé comment c'est fait.",
        "Quelques notes avant d'oublier.", "J'y pense encore.",
    ),
    "es": (
        "Toda la mañana con esto y sin pena.", "¿Alguien más lo hace últimamente?", "Noticias breves desde la mesa de la cocina.",
        "Tercer intento, por fin contenta.", "Lo encontré el sábado en el mercado.", "Algunos preguntaron cómo se hace.",
        "Notas rápidas antes de olvidarlo.", "Sigo pensando en esto.",
    ),
}  # fmt: skip
_REPLIES: Final = {
    "en": ("Love this.", "Where did you find it?", "Trying it tonight.", "So good, thank you.", "Tell me more?", "Same here!"),
    "de": ("Sehr schön.", "Wo gibt es das?", "Probiere ich heute.", "So gut, danke.", "Erzähl mehr?", "Hier auch!"),
    "fr": ("J'adore.", "Trouvé où ?", "J'essaie ce soir.", "Très beau, merci.", "Dis-m'en plus ?", "Pareil ici !"),
    "es": ("Me encanta.", "¿Dónde lo encontraste?", "Lo pruebo hoy.", "Qué bueno, gracias.", "¿Cuentas más?", "¡Aquí igual!"),
}
ACTIVITYPUB_SERVER: Final = "lantern.example"
"""Where all accounts of ActivityPub live."""
_VIA: Final = {"en": "via", "de": "entdeckt bei", "fr": "vu chez", "es": "visto en"}
_CLEAR: Final = {"en": "#ad", "de": "#werbung", "fr": "#publicité", "es": "#publicidad"}
_VAGUE: Final = {"en": "#sp", "de": "#kooperation", "fr": "#collab", "es": "#colaboración"}
_PAID: Final = {
    "en": "Code {code} gives you 15% off at {brand}.", "de": "Mit dem Code {code} 15 % Rabatt bei {brand}.",
    "fr": "Code {code} : -15 % chez {brand}.", "es": "Código {code}: 15 % de descuento en {brand}.",
}  # fmt: skip


@dataclass(frozen=True)
class Names:
    """What things are called in one world.

    Attributes:
        seed: Of the world; part of every id.
        accounts: All accounts.
        niches: All niches.
        trends: All planted trends.
        outlets: All outlets.
        handles: Handle of each account, unique in the world; brands and media have their outlet's name in it.
    """

    seed: int
    accounts: Accounts
    niches: Sequence[Niche]
    trends: Sequence[Trend]
    outlets: Sequence[Outlet]
    handles: list[str] = field(default_factory=list)

    @classmethod
    def of(
        cls, seed: int, accounts: Accounts, niches: Sequence[Niche], trends: Sequence[Trend], outlets: Sequence[Outlet]
    ) -> Names:
        """Make the names of a world."""
        mixed = (accounts.person * 2_654_435_761 + seed * 97) % (1 << 31)
        firsts, nouns = mixed % len(_FIRST), mixed // 97 % len(_NOUNS)
        joints = ["-" if PLATFORMS[p] == "bluesky" else "_" for p in accounts.platform.tolist()]
        rows = zip(firsts.tolist(), nouns.tolist(), joints, accounts.actor_class.tolist(), accounts.person.tolist(), strict=True)
        handles = [
            f"{_slug(outlets[person % len(outlets)].name)}{joint}{account}"
            if outlets and actor_class in (BRAND, MEDIA)
            else f"{_FIRST[first]}{joint}{_NOUNS[noun]}{account}"
            for account, (first, noun, joint, actor_class, person) in enumerate(rows)
        ]
        return cls(seed, accounts, niches, trends, outlets, handles)

    def display_name(self, account: int) -> str:
        """Display name of an account."""
        return self.handles[account].replace("_", " ").replace("-", " ").title()

    def tags(self, posts: Posts, *, has_perennials: bool = True) -> list[list[str]]:
        """Hashtags of posts, without the sign and without doubles: the trend's, perennial ones of the niche, a general one at times.

        Reposts have none of their own. Replies have at most one perennial tag.

        Args:
            posts: The posts.
            has_perennials: False leaves all but the trends' away.
        """
        spelled = [(trend.tag, trend.alias or trend.tag) if trend.unit_type == HASHTAG else None for trend in self.trends]
        vocabularies = [niche.tags for niche in self.niches]
        pick = posts.pick
        first = (pick & np.uint64(0xFF)).tolist()
        second = (pick >> np.uint64(8) & np.uint64(0xFF)).tolist()
        third = (pick >> np.uint64(16) & np.uint64(0xFF)).tolist()
        rows = zip(
            posts.kind.tolist(),
            posts.niche.tolist(),
            posts.trend.tolist(),
            posts.second_trend.tolist(),
            posts.uses_alias.tolist(),
            first,
            second,
            third,
            strict=True,
        )
        found: list[list[str]] = []
        for kind, niche, trend, other, is_alias, one, two, three in rows:
            if kind == REPOST:
                found.append([])
                continue
            words = vocabularies[niche]
            tags = [told[is_alias] for used in (trend, other) if used != NOBODY and (told := spelled[used])]
            if not has_perennials:
                found.append(tags)
                continue
            if kind != REPLY:
                tags += [words[one % len(words)], words[two % len(words)]]
                if three % 4 == 0:
                    tags.append(_GENERAL_TAGS[three // 4 % len(_GENERAL_TAGS)])
            elif three % 2:
                tags.append(words[one % len(words)])
            found.append(list(dict.fromkeys(tags)))
        return found

    def sentences(self, posts: Posts) -> list[str]:
        """Text of posts without hashtags of trends and niches: a sentence, the niche's slang at times, credit and paid partnership.

        A credit is ``via @handle``; the words of a disclosure, a ``#`` among them, belong to the sentence.
        """
        languages = ("en", "de", "fr", "es")
        slangs = [niche.slang for niche in self.niches]
        fourth = (posts.pick >> np.uint64(24) & np.uint64(0xFF)).tolist()
        fifth = (posts.pick >> np.uint64(32) & np.uint64(0xFF)).tolist()
        rows = zip(
            posts.kind.tolist(), posts.niche.tolist(), posts.language.tolist(), posts.credit.tolist(), posts.sponsor.tolist(),
            posts.disclosure.tolist(), fourth, fifth, strict=True,
        )  # fmt: skip
        found = []
        for kind, niche, language_number, credit, sponsor, disclosure, one, two in rows:
            language = languages[language_number]
            lines = _REPLIES[language] if kind == REPLY else _SENTENCES[language]
            text = lines[one % len(lines)]
            if two % 3 == 0 and slangs[niche]:
                text += f" {slangs[niche][two // 3 % len(slangs[niche])]}"
            if credit != NOBODY:
                text += f" {_VIA[language]} @{self.handles[credit]}"
            if sponsor != NOBODY:
                brand = self.outlets[sponsor].name
                text += " " + _PAID[language].format(code=f"{_slug(brand)[:6].upper()}15", brand=brand)
                if disclosure == CLEAR_TEXT:
                    text = f"{_CLEAR[language]} {text}"
                elif disclosure == AMBIGUOUS:
                    text += f" {_VAGUE[language]}"
            found.append(text)
        return found

    def biography(self, account: int) -> str:
        """Profile text; names the linked account by its address where there is one."""
        linked = int(self.accounts.links_to[account])
        if linked != NOBODY:
            return f"also {profile_address(PLATFORMS[int(self.accounts.platform[linked])], self.handles[linked])}"
        return "notes on " + self.niches[int(self.accounts.niche[account])].name


_PROFILES: Final = {
    "bluesky": "https://bsky.app/profile/{}.bsky.social", "tiktok": "https://www.tiktok.com/@{}",
    "instagram": "https://www.instagram.com/{}", "youtube": "https://www.youtube.com/@{}", "threads": "https://www.threads.net/@{}",
    "x": "https://x.com/{}", "reddit": "https://www.reddit.com/user/{}", "bereal": "https://bere.al/{}",
    "activitypub": f"https://{ACTIVITYPUB_SERVER}/@{{}}", "mastodon": "https://meadow.example/@{}",
}  # fmt: skip


def profile_address(platform: str, handle: str) -> str:
    """Address of a profile, as people write it into another one."""
    if platform == "tumblr":
        return f"https://{handle.replace('_', '-')}.tumblr.com/"
    return _PROFILES[platform].format(handle)


def _slug(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
