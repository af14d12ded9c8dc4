"""Prediction tables to try the diagnosis on: digits read by a network of this project's pipeline.

Train and train-dev are scanned digits (UCI, Optical Recognition of Handwritten Digits, CC BY 4.0),
dev and test photos of digits.  `docs/make_example.py` writes them.
"""

from pathlib import Path

from foursplit.core.errors import FoursplitError
from foursplit.core.splits import SPLITS
from foursplit.io import artifacts

TABLES = Path(__file__).parent

FOLDER = Path("foursplit-example")
"""Where the command writes them, in the folder that it is called in."""

HUMAN_ERROR = 0.01  # assumed, to show what a human level adds

MEANING = """\
What the lines mean
  train ... test    the error of each split; the true one is in the brackets with 95 % confidence
  human             the error of people, which is close to the least possible one (here assumed)
  variance ...      a gap: how much worse a split is than the one above. If 0 is in the brackets,
                    the gap may be chance. "primary" is the one to work on first
  P(largest)        how likely it is that this gap is the largest one
  ST...             a finding; its meaning is in docs/findings.md
  Next              what to try, the most promising first, with the most that it can gain
"""


def write(folder: Path = FOLDER) -> Path:
    """Write a copy of the four tables; raise rather than change a file that differs."""
    texts = {f"{split}.csv": (TABLES / f"{split}.csv").read_text() for split in SPLITS}
    for name, text in texts.items():
        if (folder / name).exists() and (folder / name).read_text() != text:
            raise FoursplitError(
                f"{folder / name}: exists and differs from the example. Move it, or call the "
                "command in another folder"
            )
    for name, text in texts.items():
        if not (folder / name).exists():
            artifacts.write_text(folder / name, text)
    return folder
