"""Answers to lookups by native id: what was found is read by the platform's own format, what was left out becomes a tombstone.

The intake hands a lookup's page over as ``{"undercurrent_lookup": {"asked_for", "asked", "status"}, "answer": <body or null>}``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Set
from typing import Any, Final

import msgspec

from pipelines.platforms import values
from pipelines.platforms.protocol import BadRecord, FileContext, Framing, NativeFormat, Record, Row, Sample

_ABOUT: Final = "undercurrent_lookup"
_MISSING: Final = "undercurrent_missing"
_GONE: Final = frozenset({404, 410})
_ERRORS: Final = frozenset({"error", "errors", "error_code", "error_message"})


def says_nothing_was_found(answer: Any) -> bool:
    """Whether an answer in which no id was found is one: it holds an empty list where items would be, and speaks of no error.

    A changed or broken answer must not pass for 'all of them are gone'.
    """
    if not isinstance(answer, dict) or any(answer.get(name) for name in _ERRORS):
        return False
    return any(value == [] or (isinstance(value, dict) and [] in value.values()) for value in answer.values())


class LookupFormat:
    """An ordinary JSON format of a platform, read as the answer to a lookup."""

    framing = Framing.JSON

    def __init__(
        self,
        name: str,
        inner: NativeFormat,
        ids_of: Callable[[Any], Set[str]],
        *,
        asked_for: str = "post",
        is_empty: Callable[[Any], bool] = says_nothing_was_found,
    ) -> None:
        """Make the format.

        Args:
            name: of the format, as 'bluesky_posts_lookup'.
            inner: reads the bare answer.
            ids_of: native ids that a bare answer holds, in the form in which they are asked for.
            asked_for: 'post' or 'account'.
            is_empty: whether an answer without any id says that nothing was found; every other one is no answer.
        """
        self.name, self._inner, self._ids_of = name, inner, ids_of
        self._asked_for, self._is_empty = asked_for, is_empty
        self.collection_method = inner.collection_method

    def matches(self, sample: Sample) -> bool:
        """A lookup of this kind whose answer the inner format takes, or which found nothing."""
        document = sample.first_value
        if not isinstance(document, dict) or _ABOUT not in document:
            return False
        about = values.optional_mapping(document[_ABOUT])
        if about.get("asked_for") != self._asked_for:
            return False
        answer = document.get("answer")
        if _is_refusal(about):
            return True
        head = msgspec.json.encode(answer)[: len(sample.head)]
        return self._inner.matches(Sample(sample.file, sample.suffix, head, answer)) or self._found_nothing(answer)

    def split(self, document: Any) -> Iterator[Any]:
        """Items of the answer, then one record for each id that it leaves out.

        Raises BadRecord where the answer cannot say that something is gone.
        """
        whole = values.mapping(document, "document")
        about, answer = values.mapping(whole.get(_ABOUT), _ABOUT), whole.get("answer")
        asked = values.texts(about.get("asked"))
        if _is_refusal(about):
            # A refusal of a whole batch says nothing of each of its ids, unless its status does.
            if about["status"] not in _GONE and len(asked) > 1:
                raise BadRecord("error_response", f"the server answered status {about['status']} to {len(asked)} ids")
            return iter([self._missing(native) for native in asked])
        found = self._found(answer)
        if not found and not self._is_empty(answer):
            raise BadRecord("unexpected_shape", "the answer holds none of what was asked for, and does not say that it is gone")
        items = self._inner.split(answer) if found else ()
        return iter([*items, *(self._missing(native) for native in asked if native not in found)])

    def parse(self, record: Record, context: FileContext) -> Iterable[Row]:
        """Rows of a found item, or the tombstone of a missing one. Raises BadRecord."""
        if isinstance(record.value, dict) and _MISSING in record.value:
            return [self._tombstone(str(record.value[_MISSING]), context)]
        return self._inner.parse(record, context)

    def _found_nothing(self, answer: Any) -> bool:
        try:
            return not self._found(answer) and self._is_empty(answer)
        except BadRecord:
            return False

    def _found(self, answer: Any) -> Set[str]:
        try:
            return self._ids_of(answer)
        except (TypeError, KeyError, AttributeError, IndexError, ValueError) as error:
            raise BadRecord("unexpected_shape", f"no ids can be read from the answer: {type(error).__name__}: {error}") from error

    def _missing(self, native_id: str) -> dict[str, str]:
        return {_MISSING: native_id, "asked_for": self._asked_for}

    def _tombstone(self, native_id: str, context: FileContext) -> Row:
        row = {
            "platform": context.platform,
            "subject_type": self._asked_for,
            "subject_key": context.pseudonyms.key(context.platform, native_id),
            "deleted_at": context.observed_at,
            "reason": "not_found",
            "ts_quality": "collected",  # it was gone by then; since when, nobody says
        }
        return Row("deletions", row)


def _is_refusal(about: dict[str, Any]) -> bool:
    status = about.get("status")
    return isinstance(status, int) and status >= 400
