"""Metrics for `dvc metrics diff`: errors, gaps and size of every experiment."""

from collections.abc import Sequence
from typing import Any

from foursplit.evaluation.results import ExperimentResult
from foursplit.reporting.tables import findings, table_metrics

DIGITS = 6
MAX_TAGS = 5


def tree(entries: Sequence[ExperimentResult]) -> dict[str, Any]:
    """Return the metrics by course and experiment."""
    courses: dict[str, Any] = {}
    for entry in entries:
        courses.setdefault(entry.course, {})[entry.key] = _metrics(entry)
    return courses


def _metrics(entry: ExperimentResult) -> dict[str, Any]:
    errors = {"human": entry.human, **entry.errors()}
    return {
        **{name: round(value, DIGITS) for name, value in errors.items() if value is not None},
        **_test_metrics(entry),
        **table_metrics.for_metrics_file(entry),
        "gaps": _gaps(entry),
        **({"tied_with": entry.tied_with} if entry.tied_with else {}),
        "verdict": findings.short_verdict(entry.diagnosis),
        **_tags(entry),
        "n_parameters": entry.manifest["n_parameters"],
    }


def _test_metrics(entry: ExperimentResult) -> dict[str, float]:
    """Return the interval of a winner's test error, and the baseline's test error."""
    error = entry.diagnosis["splits"].get("test")
    if not error:
        return {}
    # The baseline is fitted to train alone, so it is the same for every seed.
    baseline = next(iter(entry.summaries.values()))["baseline"]["test"]["error"]
    numbers = {"test_lo": error["lo"], "test_hi": error["hi"], "test_baseline": baseline}
    counts = {"n_test": error["n"], "n_seeds": len(entry.summaries)}
    return {**{name: round(value, DIGITS) for name, value in numbers.items()}, **counts}


def _gaps(entry: ExperimentResult) -> dict[str, float]:
    return {row["gap"]: round(row["value"], DIGITS) for row in entry.diagnosis["ledger"]}


def _tags(entry: ExperimentResult) -> dict[str, Any]:
    """Return the largest tags; empty if no error was annotated."""
    tags = entry.diagnosis["tags"]["tags"][:MAX_TAGS]
    if not tags:
        return {}
    fields = ("share", "ceiling", "lift", "lift_lo", "lift_hi")
    return {
        "tags": {
            tag["tag"]: {name: round(tag[name], DIGITS) for name in fields if tag[name] is not None}
            for tag in tags
        }
    }
