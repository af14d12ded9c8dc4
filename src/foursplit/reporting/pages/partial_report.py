"""The pages of what a run with targets updated, beside the report of everything.

The report of everything is an output of DVC's, which is made when all it depends on is up to date.
These pages are outside the graph, as `history.html` is.
"""

from collections.abc import Sequence
from pathlib import Path

from foursplit.config import paths
from foursplit.config.schema import Params
from foursplit.evaluation.results import ExperimentResult
from foursplit.io import artifacts
from foursplit.reporting.pages import experiment, index_page
from foursplit.reporting.pages.data_card import card

FOLDER = "latest"


def write(params: Params, entries: Sequence[ExperimentResult]) -> Path:
    """Write the index and a page for each entry; return the index."""
    cards = {name: card(name) for name in dict.fromkeys(e.experiment.dataset for e in entries)}
    for block in cards.values():
        block["page"] = f"../{block['page']}"  # one folder deeper
    reports = paths.reports(params.pipeline) / FOLDER
    with artifacts.atomic_directory(reports) as folder:
        (folder / "experiments").mkdir()
        for entry in entries:
            group = params.group(entry.experiment.group)
            text = experiment.page(
                entry, group, cards[entry.experiment.dataset], params.diagnosis.confidence
            )
            (folder / "experiments" / f"{entry.key}.html").write_text(text, encoding="utf-8")
        text = index_page.page(params, entries, cards, missing=())
        (folder / "index.html").write_text(text, encoding="utf-8")
    return reports / "index.html"
