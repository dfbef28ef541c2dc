"""Text conventions that all platforms share: tags, links and mentions as comparable units. No platform's own quirks."""

from __future__ import annotations

import re
import unicodedata
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

# '#' at a word start, then letters, digits, marks or '_'; at least one letter, so that '#1' is no tag.
_TAG: Final = re.compile(r"(?<![\w&/#])[#\uff03](\w*[^\W\d_]\w*)")
_URL: Final = re.compile(r"https?://[^\s<>\"'\]\)\u3000]+", re.IGNORECASE)
_ZERO_WIDTH: Final = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\ufe0f"))
_TRACKING: Final = re.compile(r"^(utm_.*|fbclid|gclid|igshid|igsh|ref|ref_src|ref_url|si|feature|mc_cid|mc_eid|spm|share_id)$")
_WORD: Final = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
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
    return normalise_tags(_TAG.findall(text)) if "#" in text or "\uff03" in text else []


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


def title_terms(title: str, longest: int = 3) -> list[str]:
    """Words of a headline and its joined runs of up to ``longest`` words, normalised as tags are.

    'Clean Beauty is here' gives 'clean', 'beauty', ..., 'cleanbeauty', 'beautyis', ...: what a tag can be met by.
    """
    words = [word.replace("'", "") for word in _WORD.findall(unicodedata.normalize("NFKC", title).casefold())]
    runs = ["".join(words[start : start + size]) for size in range(1, longest + 1) for start in range(len(words) - size + 1)]
    return list(dict.fromkeys(runs))
