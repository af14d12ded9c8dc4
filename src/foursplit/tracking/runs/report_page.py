"""The report's page of an experiment, as an artifact of its runs."""

from collections.abc import Mapping
from typing import Any

from foursplit.config import paths
from foursplit.evaluation.results import ExperimentResult
from foursplit.io import artifacts

FOLDER = "report"

DIGEST = "foursplit.report"
"""Tag: sha256 of the page, which changes more often than the run."""


def log_report(client: Any, run_id: str, entry: ExperimentResult, tags: Mapping[str, str]) -> None:
    """Write the page to a run, unless it is there or the report has not been written yet."""
    page = paths.reports(entry.pipeline) / "experiments" / f"{entry.key}.html"
    if not page.is_file():
        return
    digest = artifacts.sha256_file(page)
    if tags.get(DIGEST) != digest:
        client.log_artifact(run_id, str(page), FOLDER)
        client.set_tag(run_id, DIGEST, digest)
