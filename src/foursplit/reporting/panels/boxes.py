"""Boxes over pictures: the worst pictures, and a fair sample of all."""

import pandas as pd
from markupsafe import Markup

from foursplit.core.dataset_spec import DatasetSpec
from foursplit.core.examples import Examples
from foursplit.evaluation import shown_examples
from foursplit.evaluation.kept_answers import Explanations
from foursplit.reporting.render import render
from foursplit.reporting.tables.examples import example_rows


def panel(
    table: pd.DataFrame, dev: Examples, dataset: DatasetSpec, _explanations: Explanations
) -> Markup:
    """Render pictures with their true boxes and those that the model found."""
    content = {
        "n": len(table),
        "n_wrong": int(table["is_error"].sum()),
        "worst": example_rows(shown_examples.worst(table), dev, dataset),
        "sample": example_rows(shown_examples.fair_sample(table), dev, dataset),
    }
    return Markup(render("panels/boxes.html", content))
