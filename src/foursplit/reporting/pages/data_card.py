"""The data card: provenance, splits, validation and licence of a data set."""

from typing import Any

from foursplit import plugins
from foursplit.config import paths, pipelines
from foursplit.core.dataset_spec import DatasetSpec
from foursplit.core.splits import SPLITS, TITLES, Split
from foursplit.data.download import catalogue
from foursplit.data.run_expectations import entries
from foursplit.io import artifacts
from foursplit.reporting.numbers import percent


def card(name: str) -> dict[str, Any]:
    """Collect the declaration of the data set, its split report and its validation result."""
    spec: DatasetSpec = plugins.dataset(name).SPEC
    report = artifacts.read_json(paths.split(name) / "report.json")
    result = artifacts.read_json(paths.validation(name) / "result.json")
    page = paths.validation(name) / "index.html"
    return {
        "name": name,
        "dataset": spec,
        "report": report,
        "splits": [_split(split, report["splits"][split]) for split in SPLITS],
        "detectable": percent(report["splits"]["dev"]["detectable_gain"]),
        "detectable_gain": report["splits"]["dev"]["detectable_gain"],
        "removed_duplicates": _removed_duplicates(report["removed_duplicates"]),
        "n_passed": sum(bool(entry["success"]) for entry in entries(result)),
        "n_expectations": len(entries(result)),
        # Relative to the index page, which is one folder deeper for the pipeline `full`.
        "page": f"{path_to_root(name)}/{page.relative_to(paths.root()).as_posix()}",
        "licence": catalogue.licences(spec),
        "cite": catalogue.citations(spec),
        "attributions": catalogue.attributions(spec),
    }


def path_to_root(name: str) -> str:
    """Return the relative path from the report's folder to the project's root."""
    return "../.." if pipelines.of_dataset(paths.params_file(), name) else ".."


def _split(split: Split, block: dict[str, Any]) -> dict[str, Any]:
    return {
        "title": TITLES[split],
        "n": block["n"],
        "share": percent(block["share"]),
        "n_groups": block["n_groups"],
        "domains": ", ".join(f"{name} {n:,}" for name, n in block["domains"].items()),
        "detectable": percent(block["detectable_gain"]),
    }


def _removed_duplicates(rows: list[dict[str, str]]) -> str:
    """Count the removed duplicates by split."""
    if not rows:
        return "none"
    counts = [
        f"{sum(row['split'] == split for row in rows)} of {TITLES[split]}"
        for split in SPLITS
        if any(row["split"] == split for row in rows)
    ]
    return f"{len(rows)} ({', '.join(counts)})"
