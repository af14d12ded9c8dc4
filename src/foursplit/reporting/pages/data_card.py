"""What is known of a data source: where it comes from, how it was parted, what holds of it."""

from typing import Any

from foursplit import plugins
from foursplit.config import paths, pipelines
from foursplit.core.dataset_spec import Source
from foursplit.core.splits import SPLITS, TITLES, Split
from foursplit.data.download import catalogue
from foursplit.io import artifacts
from foursplit.reporting.numbers import percent


def card(name: str) -> dict[str, Any]:
    """Gather the source's declaration, the split's report and the validation's result."""
    declared: Source = plugins.dataset(name).SOURCE
    report = artifacts.read_json(paths.split(name) / "report.json")
    result = artifacts.read_json(paths.validation(name) / "result.json")
    page = paths.validation(name) / "index.html"
    return {
        "name": name,
        "source": declared,
        "report": report,
        "splits": [_split(split, report["splits"][split]) for split in SPLITS],
        "detectable": percent(report["splits"]["dev"]["detectable_gain"]),
        "detectable_gain": report["splits"]["dev"]["detectable_gain"],
        "set_aside": _set_aside(report["set_aside"]),
        "n_held": sum(bool(entry["success"]) for entry in result["expectations"]),
        "n_expectations": len(result["expectations"]),
        # From the report's first page, which lies a folder deeper for the pipeline `real`.
        "page": f"{to_root(name)}/{page.relative_to(paths.root()).as_posix()}",
        "licence": catalogue.licence(declared),
        "cite": catalogue.cite(declared),
        "attributions": catalogue.attributions(declared),
    }


def to_root(name: str) -> str:
    """Give the way from the report's folder to the project's root."""
    return "../.." if pipelines.of_source(paths.params_file(), name) else ".."


def _split(split: Split, block: dict[str, Any]) -> dict[str, Any]:
    return {
        "title": TITLES[split],
        "n": block["n"],
        "share": percent(block["share"]),
        "n_groups": block["n_groups"],
        "domains": ", ".join(f"{name} {n:,}" for name, n in block["domains"].items()),
        "detectable": percent(block["detectable_gain"]),
    }


def _set_aside(rows: list[dict[str, str]]) -> str:
    """Say how many rows were set aside, and from which splits."""
    if not rows:
        return "none"
    where = [
        f"{sum(row['split'] == split for row in rows)} of {TITLES[split]}"
        for split in SPLITS
        if any(row["split"] == split for row in rows)
    ]
    return f"{len(rows)} ({', '.join(where)})"
