"""The numbers that `dvc metrics diff` compares: errors, gaps and size of every experiment."""

from collections.abc import Sequence
from typing import Any

from foursplit.evaluation.results import Entry

DIGITS = 6
MOST_TAGS = 5


def tree(entries: Sequence[Entry]) -> dict[str, Any]:
    """Give course, experiment, numbers."""
    courses: dict[str, Any] = {}
    for entry in entries:
        courses.setdefault(entry.course, {})[entry.key] = _numbers(entry)
    return courses


def _numbers(entry: Entry) -> dict[str, Any]:
    measured = {"human": entry.human, **entry.errors()}
    return {
        **{name: round(value, DIGITS) for name, value in measured.items() if value is not None},
        **_tested(entry),
        "gaps": _gaps(entry),
        **_tags(entry),
        "n_parameters": entry.manifest["n_parameters"],
    }


def _tested(entry: Entry) -> dict[str, float]:
    """Give how sure a winner's test error is, and what the trivial predictor errs there."""
    found = entry.diagnosis["splits"].get("test")
    if not found:
        return {}
    # Learnt from train alone, so the same for every seed.
    trivial = next(iter(entry.summaries.values()))["baseline"]["test"]["error"]
    numbers = {"test_lo": found["lo"], "test_hi": found["hi"], "test_baseline": trivial}
    counts = {"n_test": found["n"], "n_seeds": len(entry.summaries)}
    return {**{name: round(value, DIGITS) for name, value in numbers.items()}, **counts}


def _gaps(entry: Entry) -> dict[str, float]:
    return {row["gap"]: round(row["value"], DIGITS) for row in entry.diagnosis["ledger"]}


def _tags(entry: Entry) -> dict[str, Any]:
    """Give the largest tags; nothing where no error was read."""
    tags = entry.diagnosis["tags"]["tags"][:MOST_TAGS]
    if not tags:
        return {}
    shown = ("share", "ceiling", "lift", "lift_lo", "lift_hi")
    return {
        "tags": {
            tag["tag"]: {n: round(tag[n], DIGITS) for n in shown if tag[n] is not None}
            for tag in tags
        }
    }
