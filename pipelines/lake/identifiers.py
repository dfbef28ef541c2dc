"""Finds what names somebody (keys, native ids, handles, links, names) in bytes and texts, and takes it out. Opens no file."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from typing import Final
from urllib.parse import quote

SHORTEST_IN_TEXT: Final = 6
"""Shorter identifiers turn up in other text by chance: they are found as whole values only."""
REPLACEMENT: Final = "[erased]"
# Runs of four: in compressed bytes they are rare, which makes those fast to look through.
_WORD: Final = re.compile(rb"[0-9a-z_]{4,}")
_PART: Final = re.compile(rb"[0-9a-z_\x80-\xff]")
_GOES_ON: Final = re.compile(rb"[.-]?[0-9a-z_\x80-\xff]")
_CAME_BEFORE: Final = re.compile(rb"[0-9a-z_\x80-\xff][.-]?\Z")
_PERCENT: Final = re.compile(rb"%[0-9a-f]{2}\Z")
_MENTIONED_BY: Final = ("@{}", "/{}", '"{}"')


class Identifiers:
    """A set of identifiers, found in one pass over the words of any bytes, however many identifiers there are.

    An identifier is looked up by its longest word and compared in full where that word stands. ASCII case does not matter. It counts only
    where no name goes on beside it: ``ann.lee`` holds no ``ann``. It is also found as JSON escapes it and as a URL does.

    Args:
        names: what names nobody else, wherever it stands: keys, native ids, addresses.
        mentions: what may be an ordinary word, such as a handle: found behind '@' or '/' and between quotes, or as a whole value.
    """

    def __init__(self, names: Collection[str], mentions: Collection[str] = ()) -> None:
        sure = {folded for each in names if len(folded := _folded(each)) >= SHORTEST_IN_TEXT}
        unsure = {folded for each in mentions if (folded := _folded(each))}
        self._whole = frozenset(sure | unsure | {folded for each in names if (folded := _folded(each))})
        self._by_word: dict[bytes, list[tuple[int, bytes, re.Pattern[bytes]]]] = {}
        self._without_word: list[tuple[bytes, re.Pattern[bytes]]] = []
        # An id may stand before the ending of a file's name; a name with dots goes on with a dot, and so may a handle.
        forms = {(form, _GOES_ON if "." in each.rpartition("/")[2] else _PART) for each in sure for form in _forms(each)}
        forms |= {(form, _GOES_ON) for each in unsure for how in _MENTIONED_BY for form in _forms(each, how)}
        for form, goes_on in sorted(forms, key=lambda each: each[0]):
            words = list(_WORD.finditer(form))
            if not words:
                self._without_word.append((form, goes_on))
            else:
                longest = max(words, key=lambda word: (len(word[0]), -word.start()))
                self._by_word.setdefault(longest[0], []).append((longest.start(), form, goes_on))

    def __bool__(self) -> bool:
        return bool(self._whole)

    def _places(self, content: bytes) -> Iterator[tuple[int, int]]:
        lowered = content.lower()
        by_word = self._by_word
        for word in _WORD.finditer(lowered) if by_word else ():
            for offset, form, goes_on in by_word.get(word[0], ()):
                start = word.start() - offset
                if start >= 0 and lowered.startswith(form, start) and _stands_alone(lowered, start, start + len(form), goes_on):
                    yield start, start + len(form)
        for form, goes_on in self._without_word:
            start = lowered.find(form)
            while start >= 0:
                if _stands_alone(lowered, start, start + len(form), goes_on):
                    yield start, start + len(form)
                start = lowered.find(form, start + 1)

    def in_bytes(self, content: bytes) -> bytes | None:
        """The first identifier that the bytes hold, as it stands there; None if they hold none."""
        for start, end in self._places(content):
            return content[start:end]
        return None

    def is_one(self, text: str) -> bool:
        """Whether a text is an identifier."""
        return _folded(text) in self._whole

    def in_text(self, text: str) -> bool:
        """Whether a text is an identifier or holds one."""
        return self.is_one(text) or self.in_bytes(text.encode("utf-8", "surrogatepass")) is not None

    def taken_out(self, content: bytes) -> bytes:
        """The bytes with each identifier replaced."""
        pieces, last = [], 0
        for start, end in sorted(set(self._places(content)), key=lambda place: (place[0], -place[1])):
            if start >= last:
                pieces += [content[last:start], REPLACEMENT.encode()]
                last = end
        return b"".join([*pieces, content[last:]]) if pieces else content

    def taken_out_of_text(self, text: str) -> str:
        """The text with each identifier replaced."""
        if self.is_one(text):
            return REPLACEMENT
        return self.taken_out(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")


def _folded(text: str) -> str:
    return "".join(letter.lower() if letter.isascii() else letter for letter in text.strip().lstrip("@"))


def _forms(identifier: str, how: str = "{}") -> Iterator[bytes]:
    yield how.format(identifier).encode("utf-8", "surrogatepass")
    escaped = json.dumps(identifier)[1:-1].lower()
    for written in (escaped, escaped.replace("/", "\\/")):
        yield how.format(written).encode()
    for safe in ("", "/", "/:", "@"):
        yield how.format(quote(identifier.encode("utf-8", "surrogatepass"), safe=safe).lower()).encode()


def _stands_alone(content: bytes, start: int, end: int, goes_on: re.Pattern[bytes]) -> bool:
    """Whether no name goes on beside a place: ``ann.lee`` is another name than ``ann``, and the end of a sentence is none."""
    if _PART.match(content[end - 1 : end]) and goes_on.match(content[end : end + 2]):
        return False
    before = content[max(0, start - 3) : start]
    return not _PART.match(content[start : start + 1]) or bool(_PERCENT.search(before)) or not _CAME_BEFORE.search(before)
