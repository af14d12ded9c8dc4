"""Load the splits that training and tuning may use: train, train-dev and dev."""

from foursplit.config import paths
from foursplit.core.errors import unknown_name
from foursplit.core.examples import Examples
from foursplit.core.splits import SEEN, Split
from foursplit.data import store


def load(dataset: str, split: Split) -> Examples:
    """Load train, train-dev or dev; raise for any other split."""
    if split not in SEEN:
        raise unknown_name("split", split, SEEN)
    return store.load(paths.split(dataset) / "seen", split)
