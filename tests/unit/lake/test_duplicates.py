"""The set of records already seen."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipelines.lake.duplicates import SeenRecords

FEW = st.integers(0, 40) | st.just(2**64 - 1)


@given(st.lists(st.lists(FEW, max_size=30), max_size=30))
def test_a_record_is_new_once(batches: list[list[int]]) -> None:
    seen, known = SeenRecords(), set[int]()
    for batch in batches:
        expected = []
        for record in batch:
            expected.append(record not in known)
            known.add(record)
        assert seen.add(np.array(batch, np.uint64)).tolist() == expected
    assert len(seen) == len(known)


def test_it_holds_eight_bytes_a_record_in_a_few_runs() -> None:
    seen = SeenRecords()
    generator = np.random.default_rng(1)
    for _ in range(200):
        seen.add(generator.integers(0, 2**64, 1_000, np.uint64))
    assert seen.byte_count == 8 * len(seen) == 1_600_000
    assert len(seen._runs) <= 4
