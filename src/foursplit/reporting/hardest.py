"""The dev examples that the model answers worst: what a person should read first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.examples import META, Examples
from foursplit.core.source import Source
from foursplit.reporting import pictures
from foursplit.reporting.numbers import percent, quantity

MOST = 24
LEAST = 8  # shown even where fewer answers are wrong: what is barely right tells something too


@dataclass(frozen=True, slots=True, kw_only=True)
class Hard:
    """An example with the model's answer."""

    example_id: str
    truth: str
    guess: str
    sure: str  # probability of the guess; empty for a quantity
    sure_of_truth: str
    loss: str
    wrong: bool
    about: str  # its metadata
    picture: str  # data URI; empty where the source has no pictures
    inputs: tuple[str, ...]  # of the source's features


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardest:
    """The worst answers, worst first."""

    ranked_by: str
    n_wrong: int  # among all of dev
    n: int  # of dev
    features: tuple[str, ...]
    examples: tuple[Hard, ...]

    @property
    def pictured(self) -> bool:
        return any(example.picture for example in self.examples)


def hardest(table: pd.DataFrame, dev: Examples, source: Source) -> Hardest:
    """Pick the examples with the largest loss: log-loss where there are probabilities."""
    ranked_by = "log_loss" if "log_loss" in table else "loss"
    n_wrong = int(table["is_error"].sum())
    worst = table.sort_values([ranked_by, "example_id"], ascending=[False, True], kind="stable")
    chosen = worst.head(min(MOST, max(LEAST, n_wrong)))
    place = {name: number for number, name in enumerate(dev.rows["example_id"])}
    ends = pictures.brightness(dev.x) if source.picture else None
    features = source.features if dev.x.ndim == 2 else ()
    return Hardest(
        ranked_by=ranked_by.replace("_", "-"),
        n_wrong=n_wrong,
        n=len(table),
        features=features,
        examples=tuple(
            _hard(row, ranked_by, dev.x[place[row["example_id"]]], features, ends)
            for row in chosen.to_dict("records")
        ),
    )


def _hard(
    row: dict[Any, Any],
    ranked_by: str,
    x: np.ndarray,
    features: Sequence[str],
    ends: tuple[float, float] | None,
) -> Hard:
    about = ", ".join(
        f"{name.removeprefix(META)} {value}" for name, value in row.items() if name.startswith(META)
    )
    return Hard(
        example_id=row["example_id"],
        truth=_answer(row["y"]),
        guess=_answer(row["y_hat"]),
        sure=_probability(row, row["y_hat"]),
        sure_of_truth=_probability(row, row["y"]),
        loss=quantity(row[ranked_by]),
        wrong=bool(row["is_error"]),
        about=about,
        picture=pictures.data_uri(x, *ends) if ends else "",
        inputs=tuple(quantity(float(value)) for value in x) if features else (),
    )


def _answer(value: Any) -> str:
    return value if isinstance(value, str) else quantity(float(value))


def _probability(row: dict[Any, Any], answer: Any) -> str:
    value = row.get(f"proba_{answer}")
    return "" if value is None else percent(float(value))
