"""What changed is said from what to what."""

import pytest

from foursplit.runner.rerun_reasons import Change, listing_changes, parameter_changes


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (Change(kind="lock"), "no entry in dvc.lock: it never ran, or the entry was lost"),
        (Change(kind="command", before="a", after="b"), "command: a → b"),
        (Change(kind="output", name="x", status="deleted"), "output x is missing"),
        (Change(kind="output", name="x"), "output x is not what the run wrote"),
        (Change(kind="dependency", name="x", status="deleted"), "dependency x is missing"),
        (
            Change(kind="dependency", name="x", before="0123456789abcdef", after="f"),
            "dependency x: 0123456789ab → f",
        ),
        (
            Change(kind="dependency", name="d", files=tuple(f"{n} changed" for n in range(8))),
            "dependency d: 0 changed, 1 changed, 2 changed, 3 changed, 4 changed, 5 changed and 2 "
            "more",
        ),
        (Change(kind="parameter", name="p", before=None, after=3), "parameter p: (none) → 3"),
    ],
)
def test_a_change_is_one_sentence(change, sentence):
    assert change.describe() == sentence


def test_a_changed_block_is_told_value_by_value():
    before = {"rate": 0.1, "seeds": [1], "gone": 1, "deep": {"a": 1}}
    after = {"rate": 0.2, "seeds": [1], "deep": {"a": 2}}
    assert [c.describe() for c in parameter_changes("fit", before, after)] == [
        "parameter fit.rate: 0.1 → 0.2",
        "parameter fit.gone: 1 → (none)",
        "parameter fit.deep.a: 1 → 2",
    ]
    assert parameter_changes("fit", after, after) == []


def test_two_listings_tell_which_files_differ():
    before, after = {"a": "1", "b": "2", "c": "3"}, {"a": "1", "b": "9", "d": "4"}
    assert listing_changes(before, after) == ("b changed", "c is gone", "d is new")
