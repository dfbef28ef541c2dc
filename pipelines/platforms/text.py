"""Text conventions that all platforms share: tags, links and mentions as comparable units. No platform's own quirks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit


def _mark_ranges() -> Iterator[str]:
    """Combining marks, as ranges of a character class: they are parts of words in Thai, Hindi and Arabic, but no word characters to ``re``."""
    begins: int | None = None
    for code in range(0x300, 0x1F000):
        is_mark = unicodedata.category(chr(code))[0] == "M"
        if is_mark and begins is None:
            begins = code
        elif not is_mark and begins is not None:
            yield f"\\U{begins:08x}-\\U{code - 1:08x}"
            begins = None


COMBINING_MARKS: Final = "".join(_mark_ranges())
# One '#' or more, then letters, digits, marks or '_'; at least one letter, so that '#1' is no tag.
_NAME: Final = rf"[\w{COMBINING_MARKS}\u200c\u200d]*[^\W\d_][\w{COMBINING_MARKS}\u200c\u200d]*"
# Captions also write tags without a space between them: '#one#two' holds two, 'C#' and a link's fragment none.
# What stands before is looked at after the '#' itself, by which a search finds its place fast.
_TAGS: Final = re.compile(rf"[#\uff03](?<![\w{COMBINING_MARKS}&/#\uff03][#\uff03])[#\uff03]*{_NAME}(?:[#\uff03]+{_NAME})*")
_TAG: Final = re.compile(_NAME)
_URL: Final = re.compile(r"https?://[^\s<>\"'\]\)\u3000]+", re.IGNORECASE)
_ZERO_WIDTH: Final = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\ufe0f"))
_TRACKING: Final = re.compile(r"^(utm_.*|fbclid|gclid|igshid|igsh|ref|ref_src|ref_url|si|feature|mc_cid|mc_eid|spm|share_id)$")
_WORD: Final = re.compile(rf"(?:[^\W_][{COMBINING_MARKS}]*)+(?:'(?:[^\W_][{COMBINING_MARKS}]*)+)?")
_APOSTROPHES: Final = str.maketrans("\u2019\u02bc", "''")
MAX_TAG_LENGTH: Final = 100


def normalise_tag(tag: str) -> str | None:
    """The comparable form of a hashtag: NFKC, casefolded, no '#', no zero-width characters; None if nothing is left."""
    folded = unicodedata.normalize("NFKC", tag).translate(_ZERO_WIDTH).strip().lstrip("#").casefold().strip()
    return folded[:MAX_TAG_LENGTH] or None


def normalise_tags(tags: list[str]) -> list[str]:
    """Distinct normalised tags in order of appearance."""
    return list(dict.fromkeys(filter(None, map(normalise_tag, tags))))


def tags_in(text: str) -> list[str]:
    """Distinct normalised hashtags in a text, in order of appearance."""
    if "#" not in text and "\uff03" not in text:
        return []
    return normalise_tags([tag for run in _TAGS.findall(text) for tag in _TAG.findall(run)])


def without_accents(tag: str) -> str:
    """A normalised tag as servers that know ASCII only write it: 'flächen' gives 'flachen'."""
    return "".join(letter for letter in unicodedata.normalize("NFKD", tag) if not unicodedata.combining(letter))


def links_in(text: str) -> list[str]:
    """Distinct http(s) links in a text, as written but for trailing punctuation."""
    if "http" not in text and "HTTP" not in text:
        return []
    return list(dict.fromkeys(found.rstrip(".,;:!?*_") for found in _URL.findall(text)))


def canonical_url(url: str) -> str | None:
    """A URL without tracking parameters, fragment, 'www.' or trailing slash, host in lower case; None if it is no web URL."""
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").removeprefix("www.")
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or "." not in host:
        return None
    query = urlencode(sorted((k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if not _TRACKING.match(k.lower())))
    netloc = host if port in {None, 80, 443} else f"{host}:{port}"
    return urlunsplit(("https", netloc, parts.path.rstrip("/"), query, ""))


def link_domain(url: str) -> str | None:
    """The host of a web URL in lower case without 'www.', or None."""
    canonical = canonical_url(url)
    return urlsplit(canonical).netloc if canonical else None


def primary_language(written: str | None) -> str | None:
    """The language of a BCP 47 tag without script and region, in lower case: 'pt-BR' gives 'pt'; None if it names none."""
    first = written.strip().replace("_", "-").split("-")[0].lower() if written else ""
    return first if first.isalpha() and first != "und" else None


def title_terms(title: str, longest: int = 3) -> list[str]:
    """Words of a headline and its joined runs of up to ``longest`` words, normalised as tags are.

    'Clean Beauty is here' gives 'clean', 'beauty', ..., 'cleanbeauty', 'beautyis', ...: what a tag can be met by.
    """
    words = [
        word.replace("'", "") for word in _WORD.findall(unicodedata.normalize("NFKC", title).casefold().translate(_APOSTROPHES))
    ]
    runs = ["".join(words[start : start + size]) for size in range(1, longest + 1) for start in range(len(words) - size + 1)]
    return list(dict.fromkeys(runs))
