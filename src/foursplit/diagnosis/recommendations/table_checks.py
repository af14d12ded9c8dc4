"""What a table itself says against its numbers: repeated contents, and one example's loss."""

from collections.abc import Mapping

import numpy as np

from foursplit.diagnosis.error_analysis.leakage import HASHES
from foursplit.diagnosis.prediction_table import PredictionTable
from foursplit.diagnosis.recommendations.finding import Finding

REPEATED = 0.05  # of a split's independent units may repeat a content without a finding

OUTLIER = 0.5  # of the loss: one example that has more decides the error

MIN_EXAMPLES = 10  # below, one example has a large share of the loss anyway


def findings(tables: Mapping[str, PredictionTable]) -> list[Finding]:
    """List contents that repeat within a split, and an example with most of dev's loss."""
    found = [_repeated(split, table) for split, table in tables.items()]
    found += [_outlier(tables["dev"])] if "dev" in tables else []
    return [finding for finding in found if finding is not None]


def _repeated(split: str, table: PredictionTable) -> Finding | None:
    """Report equal contents that count as independent examples."""
    column = next((name for name in HASHES if table.has(name)), None)
    if column is None:
        return None
    contents = table.frame[column]
    n_contents = int(contents.nunique()) + int(contents.isna().sum())
    n_units = int(table.groups.max()) + 1
    if n_contents >= (1 - REPEATED) * n_units:
        return None
    return Finding(
        code="ST032",
        severity="issue",
        missing="group_id, equal for equal contents",
        title=f"the {n_units:,} {'groups' if table.has('group_id') else 'examples'} of {split} "
        f"have only {n_contents:,} different contents: its interval is too narrow",
    )


def _outlier(dev: PredictionTable) -> Finding | None:
    """Report one example that has most of dev's loss, where losses are quantities."""
    loss = dev.weight * dev.loss
    if len(dev) < MIN_EXAMPLES or not loss.any() or np.isin(dev.loss, (0.0, 1.0)).all():
        return None
    place = int(loss.argmax())
    share = float(loss[place] / loss.sum())
    if share <= OUTLIER:
        return None
    return Finding(
        code="ST017",
        severity="issue",
        title=f"one example, {dev.frame['example_id'].iloc[place]}, has {share:.0%} of the dev "
        "error: check it first, and compare models without it",
    )
