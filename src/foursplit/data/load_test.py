"""Load the test split; only foursplit.evaluation.final may import this module."""

from foursplit.config import paths
from foursplit.core.examples import Examples
from foursplit.data import store


def load(dataset: str) -> Examples:
    """Load the test split; the caller records the access."""
    return store.load(paths.split(dataset) / "sealed", "test")
