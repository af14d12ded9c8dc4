"""The panel of a task whose answers are no class and no quantity."""

from collections.abc import Callable

import pandas as pd
from markupsafe import Markup

from foursplit.core.dataset_spec import DatasetSpec
from foursplit.core.examples import Examples
from foursplit.evaluation.kept_answers import Explanations
from foursplit.reporting.panels import boxes, texts

Panel = Callable[[pd.DataFrame, Examples, DatasetSpec, Explanations], Markup]
"""Renders the dev answers of a table, given the examples and what the network said besides."""

PANELS: dict[str, Panel] = {"detect": boxes.panel, "sequence_to_sequence": texts.panel}
