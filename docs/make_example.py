"""Write the tables of `foursplit diagnose --example` from the pipeline's own predictions.

They are those of the winner of `c4w2_digits`: scanned digits in train and train-dev, photos of
digits in dev and test.  Run it after `make repro`.
"""

import pandas as pd

from foursplit.api import example
from foursplit.config import paths
from foursplit.core.splits import SPLITS

GROUP = "c4w2_digits"
COLUMNS = ["example_id", "domain", "y", "y_hat", "meta.turn_band", "meta.shade_band"]


def main() -> None:
    """Write one CSV file a split."""
    folder = paths.final(GROUP) / "seed_1"
    for split in SPLITS:
        frame = pd.read_parquet(folder / f"{split}.parquet")[COLUMNS]
        frame.to_csv(example.TABLES / f"{split}.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
