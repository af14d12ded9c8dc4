"""A study's page: a lesson worked through on numbers."""

from collections.abc import Mapping
from typing import Any

from foursplit.core import artifacts, paths
from foursplit.core.experiment import Params
from foursplit.reporting.render import render


def studies(params: Params) -> list[dict[str, Any]]:
    """Read what the studies of params.yaml wrote, in its order; what has not run is left out."""
    keys = [key for block in params.studies.values() for key in block]
    return [artifacts.read_json(paths.study(key)) for key in keys if paths.study(key).is_file()]


def page(study: Mapping[str, Any]) -> str:
    """Write the page."""
    return render("study.html", {"study": study})
