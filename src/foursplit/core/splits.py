"""The four splits and what each is for."""

from typing import Literal

Split = Literal["train", "train_dev", "dev", "test"]

SEEN: tuple[Split, ...] = ("train", "train_dev", "dev")
"""What training and tuning may open."""

SPLITS: tuple[Split, ...] = (*SEEN, "test")

TITLES: dict[Split, str] = {
    "train": "train",
    "train_dev": "train-dev",
    "dev": "dev",
    "test": "test",
}
"""How people write them."""
