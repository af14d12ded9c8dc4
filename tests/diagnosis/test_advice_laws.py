"""The laws of the advice over random tables: a subset each time, ten thousand among the slow."""

import pytest

from benchmarks import laws


@pytest.mark.parametrize("block", range(2))
def test_the_laws_hold_on_fifty_random_data_sets(block):
    failed = {n: laws.check(10_000 + n) for n in range(50 * block, 50 * (block + 1))}
    assert {n: found for n, found in failed.items() if found} == {}


@pytest.mark.slow
def test_the_laws_hold_on_ten_thousand_random_data_sets():
    found = laws.measure(10_000)
    assert found["violations"] == dict.fromkeys(laws.LAWS, 0), found["where"]


def test_a_law_that_does_not_hold_is_reported(monkeypatch):
    def never(tables, settings):
        assert not tables, "a reason"

    monkeypatch.setitem(laws.LAWS, "never", never)
    assert laws.check(1)["never"].startswith("a reason")
