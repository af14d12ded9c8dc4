"""The one door to the test split; only foursplit.evaluation.final may import it."""

from foursplit.config import paths
from foursplit.core.examples import Examples
from foursplit.data import store


def load(source: str) -> Examples:
    """Open the test split: a look, which the caller counts."""
    return store.load(paths.split(source) / "sealed", "test")
