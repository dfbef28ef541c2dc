"""Words of texts, in any script, counted per account and term; knows no niches and no hashtags, links or mentions."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.platforms.text import COMBINING_MARKS

METHOD_VERSION: Final = "terms_1"
_CODED: Final = pa.dictionary(pa.int32(), pa.string())
# account x term; texts are coded, since each account and term has many rows
TERM_COUNTS: Final = pa.schema(
    [
        pa.field("account_key", _CODED, nullable=False),
        pa.field("term", _CODED, nullable=False),
        pa.field("post_count", pa.int64(), nullable=False),
    ]
)
_Codes = NDArray[np.int64]
_BATCH_ROWS: Final = 50_000
_PENDING_PAIRS: Final = 4_000_000
_CODE_BITS: Final = 32


@dataclass(frozen=True)
class TermParameters:
    """Parameters of the counting of terms.

    Attributes:
        smallest_term_accounts: Terms used by fewer accounts are dropped: nobody's own words are kept (k-anonymity).
        longest_term: Characters above which a term is dropped.
    """

    smallest_term_accounts: int = 5
    longest_term: int = 40


_KATAKANA: Final = "\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"
_HAN_HIRAGANA: Final = "\u3005-\u3007\u3021-\u3029\u3038-\u303c\u3041-\u3096\u309d-\u309f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U0001aff0-\U0001b16f\U00020000-\U000323af"
_HANGUL: Final = "\u1100-\u11ff\u3131-\u318e\ua960-\ua97c\uac00-\ud7a3\ud7b0-\ud7fb"
# Thai, Lao, Myanmar and Khmer, letters and marks, without digits and signs.
_UNSPACED: Final = (
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0eb9\u0ebb-\u0ece\u0edc-\u0edf\u1000-\u103f\u1050-\u108f\u109a-\u109d\u1780-\u17d3\u17dd"
    "\ua9e0-\ua9ef\uaa60-\uaa7f"
)
_CYRILLIC: Final = "\u0400-\u052f"
# Deleted: joiners, byte order mark, variation selectors, soft hyphen and the Arabic stroke that only stretches a word.
_DELETED: Final = ("\u200c", "\u200d", "\u2060", "\ufeff", "\ufe0e", "\ufe0f", "\u00ad", "\u0640")
# A zero-width space stands between words where a script writes none.
_SPACE: Final = "\u200b"
_APOSTROPHES: Final = ("\u2019", "\u02bc", "\uff07")

# All start where nothing of their own kind stands before and are bounded: a hostile text costs linear time.
_LINK: Final = r"(?:https?|ftp)://[^\s<>\"'\])\u3001\u3002\u300c\u300d]+"
_BARE_LINK: Final = (
    r"(?<![\w.-])(?:www\.[^\s<>\"'\])]+"
    r"|(?:[\w-]{1,63}\.){1,8}(?:[a-z]{2,24}/[^\s<>\"'\])]*|(?:com|org|net|info|io|ly|eu|uk|jp|cn|kr)(?![\w.-]*\w)))"
)
_ADDRESS: Final = rf"(?<![a-z0-9.+%_-])[a-z0-9.+%_-]{{0,64}}@[\w.{COMBINING_MARKS}-]+(?:@[\w.-]+)?"
_HASHTAG: Final = rf"(?<!#)#+[\w{COMBINING_MARKS}]+"
_DROPPED: Final = re.compile(f"{_LINK}|{_BARE_LINK}|{_ADDRESS}|{_HASHTAG}")
_RUN: Final = re.compile(
    rf"(?P<bigrams>[{_HAN_HIRAGANA}]+)|(?P<clusters>[{_UNSPACED}]+)|(?P<whole>[{_KATAKANA}]{{2,}}|[{_HANGUL}]+)"
    rf"|(?P<word>(?:(?![{_HAN_HIRAGANA}{_UNSPACED}{_KATAKANA}{_HANGUL}])[^\W_][{COMBINING_MARKS}]*"
    rf"(?:(?<=[{_CYRILLIC}])'(?=[{_CYRILLIC}]))?)+)"
)
# A letter with what is written around it: a vowel before it, marks and vowels behind it, a consonant stacked below it.
_CLUSTER: Final = re.compile(
    rf"[\u0e40-\u0e44\u0ec0-\u0ec4]?[^{COMBINING_MARKS}](?:[{COMBINING_MARKS}\u0e30\u0e32\u0e33\u0e45\u0eb0\u0eb2\u0eb3]|(?<=[\u17d2\u1039])[^{COMBINING_MARKS}])*|[{COMBINING_MARKS}]+"
)


def _normalised(text: str) -> str:
    """NFKC and casefolded, without characters of no width; closed under both, so that equal words are equal texts."""
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    for character in _DELETED:
        text = text.replace(character, "")
    for character in _APOSTROPHES:
        text = text.replace(character, "'")
    return unicodedata.normalize("NFC", text.replace(_SPACE, " "))


def _bigrams(units: list[str] | str) -> list[str]:
    return [units[0]] if len(units) == 1 else [left + right for left, right in itertools.pairwise(units)]


def _is_word(term: str) -> bool:
    """Neither a number nor a single Latin letter."""
    if len(term) == 1 or all(unicodedata.category(character)[0] == "M" for character in term[1:]):
        return term[0].isalpha() and not (term[0] < "\u0250" or "\u1e00" <= term[0] < "\u1f00")
    return any(character.isalpha() for character in term)


def _chunk_terms(chunk: str) -> list[str]:
    """Terms of a normalised text without white space: links, addresses and tags hold none, so that no chunk needs another."""
    if chunk.isascii() and chunk.isalpha():
        return [chunk] if len(chunk) > 1 else []
    found: list[str] = []
    for run in _RUN.finditer(_DROPPED.sub(" ", chunk)):
        text = run.group()
        if run.lastgroup == "bigrams":
            found += _bigrams(text)
        elif run.lastgroup == "clusters":
            found += _bigrams(_CLUSTER.findall(text))
        elif run.lastgroup == "whole" or _is_word(text):
            found.append(text)
    return found


def terms_in(text: str) -> list[str]:
    """Distinct terms of a text, in order of appearance.

    A term is a run of letters and marks of any script with the digits inside it, after NFKC and case folding. Links, e-mail
    addresses, mentions, hashtags (sign and word: tags are counted elsewhere), numbers and single Latin letters are none; an
    apostrophe parts words ("l'amour" gives "amour") but in Cyrillic, where it is a letter.

    Scripts without spaces: a run of Han and Hiragana gives its overlapping pairs of characters, and Thai, Lao, Khmer and
    Burmese the pairs of their letters with marks. A run is a phrase, which few people share, and cutting it into words needs
    a dictionary for each language; most Chinese words have two characters, and retrieval by pairs is about as good as by words
    (Nie and Ren 1999). Katakana is whole, since loan words end where the script changes; Hangul has spaces.

    There is no list of stop words: no such list is whole for all languages and slang. What everybody says is not distinctive
    (:mod:`pipelines.analysis.vocabulary`).

    Args:
        text: A post's text, plain.
    """
    return list(dict.fromkeys(term for chunk in _normalised(text).split() for term in _chunk_terms(chunk)))


class _Codebook(dict[str, int]):
    """Gives each new text the next number."""

    def __missing__(self, text: str) -> int:
        code = self[text] = len(self)
        return code


class _Counter:
    """Posts by account and term, from batches; holds the distinct pairs and no text."""

    def __init__(self, parameters: TermParameters) -> None:
        self.parameters = parameters
        self.accounts = _Codebook()
        self.terms = _Codebook()
        self._pairs: list[_Codes] = []
        self._counts: list[_Codes] = []
        self._merged_size = 0

    def add(self, account_keys: list[str], texts: list[str]) -> None:
        """Count a batch: each distinct chunk of it is taken apart once."""
        chunks = _Codebook()
        lengths, chunk_codes = [], []
        for text in texts:
            parts = _normalised(text).split()
            lengths.append(len(parts))
            chunk_codes += [chunks[part] for part in parts]
        term_codes: list[int] = []
        ends = [0]
        longest = self.parameters.longest_term
        for chunk in chunks:
            term_codes += [self.terms[term] for term in _chunk_terms(chunk) if len(term) <= longest]
            ends.append(len(term_codes))
        offsets, flat = np.array(ends, dtype=np.int64), np.array(term_codes, dtype=np.int64)
        codes = np.array(chunk_codes, dtype=np.int64)
        sizes = offsets[codes + 1] - offsets[codes]
        rows = np.repeat(np.repeat(np.arange(len(texts)), lengths), sizes)
        starts = np.repeat(offsets[codes] - (np.cumsum(sizes) - sizes), sizes)
        terms = flat[starts + np.arange(rows.size)]
        once = np.unique(rows << _CODE_BITS | terms)
        account = np.array([self.accounts[key] for key in account_keys], dtype=np.int64)
        pairs, counts = np.unique(
            account[once >> _CODE_BITS] << _CODE_BITS | (once & ((1 << _CODE_BITS) - 1)), return_counts=True
        )
        self._pairs.append(pairs)
        self._counts.append(counts.astype(np.int64))
        if sum(part.size for part in self._pairs) > 2 * self._merged_size + _PENDING_PAIRS:
            self._merge()

    def _merge(self) -> None:
        pairs, counts = np.concatenate(self._pairs), np.concatenate(self._counts)
        order = np.argsort(pairs, kind="stable")
        pairs = pairs[order]
        starts = np.flatnonzero(np.diff(pairs, prepend=-1))
        self._pairs, self._counts = [pairs[starts]], [np.add.reduceat(counts[order], starts)] if starts.size else [counts]
        self._merged_size = starts.size

    def table(self) -> pa.Table:
        """The counts of the terms that enough accounts use, ordered by account and term."""
        if not self._pairs:
            return TERM_COUNTS.empty_table()
        self._merge()
        pairs, counts = self._pairs[0], self._counts[0]
        account, term = pairs >> _CODE_BITS, pairs & ((1 << _CODE_BITS) - 1)
        kept = np.bincount(term, minlength=len(self.terms))[term] >= self.parameters.smallest_term_accounts
        account, term, counts = account[kept], term[kept], counts[kept]
        (account_names, account), (term_names, term) = _ranked(self.accounts, account), _ranked(self.terms, term)
        order = np.lexsort((term, account))
        columns = [
            pa.DictionaryArray.from_arrays(pa.array(codes[order], pa.int32()), pa.array(names, pa.string()))
            for codes, names in ((account, account_names), (term, term_names))
        ]
        return pa.Table.from_arrays([*columns, pa.array(counts[order], pa.int64())], schema=TERM_COUNTS)


def _ranked(codebook: _Codebook, codes: _Codes) -> tuple[list[str], _Codes]:
    """The texts that are used, in order, and for each code the place of its text among them."""
    texts = list(codebook)
    used = np.unique(codes)
    order = sorted(range(used.size), key=lambda place: texts[used[place]])
    place = np.empty(len(texts), dtype=np.int64)
    place[used[order]] = np.arange(used.size)
    return [texts[used[index]] for index in order], place[codes]


def _batches(texts: pa.Table | Iterable[pa.Table | pa.RecordBatch]) -> Iterator[Any]:
    for part in [texts] if isinstance(texts, pa.Table) else texts:
        table = part if isinstance(part, pa.Table) else pa.Table.from_batches([part])
        yield from table.select(["account_key", "text"]).to_batches(max_chunksize=_BATCH_ROWS)


def count_terms(texts: pa.Table | Iterable[pa.Table | pa.RecordBatch], parameters: TermParameters | None = None) -> pa.Table:
    """Count, for each account and term, the posts with the term.

    Texts are held a batch at a time; what stays between batches are the distinct terms and pairs of account and term.

    Args:
        texts: ``account_key`` and ``text``, one row a post, whole or in parts; rows with a NULL in either are not read.
        parameters: Defaults when None.

    Returns:
        ``TERM_COUNTS``, ordered by account and term; only terms that ``smallest_term_accounts`` accounts use. The same
        whatever the order of the rows and the size of the parts.
    """
    counter = _Counter(parameters or TermParameters())
    for batch in _batches(texts):
        pairs = zip(batch.column(0).to_pylist(), batch.column(1).to_pylist(), strict=True)
        known = [(key, text) for key, text in pairs if key is not None and text]
        if known:
            counter.add([key for key, _ in known], [text for _, text in known])
    return counter.table()
