"""Examples as a page shows them: truth, answer, how sure, and a picture where there is one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.dataset_spec import Source
from foursplit.core.examples import META, Examples
from foursplit.reporting import png
from foursplit.reporting.numbers import percent, quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
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


def ranked_by(table: pd.DataFrame) -> str:
    """Name the column that says how badly an example is answered."""
    return "log_loss" if "log_loss" in table else "loss"


def features(dev: Examples, source: Source) -> tuple[str, ...]:
    """Name the inputs that a page shows: those of a table, none of a picture."""
    return source.features if dev.x.ndim == 2 else ()


def shown(rows: pd.DataFrame, dev: Examples, source: Source) -> tuple[Shown, ...]:
    """Show rows of a prediction table, in their order; `dev` holds the inputs."""
    place = {name: number for number, name in enumerate(dev.rows["example_id"])}
    ends = png.brightness(dev.x) if source.picture else None
    named, by = features(dev, source), ranked_by(rows)
    return tuple(
        _shown(row, by, dev.x[place[row["example_id"]]], named, ends)
        for row in rows.to_dict("records")
    )


def _shown(
    row: dict[Any, Any],
    by: str,
    x: np.ndarray,
    named: Sequence[str],
    ends: tuple[float, float] | None,
) -> Shown:
    about = ", ".join(
        f"{name.removeprefix(META)} {value}" for name, value in row.items() if name.startswith(META)
    )
    return Shown(
        example_id=row["example_id"],
        truth=_answer(row["y"]),
        guess=_answer(row["y_hat"]),
        sure=_probability(row, row["y_hat"]),
        sure_of_truth=_probability(row, row["y"]),
        loss=quantity(row[by]),
        wrong=bool(row["is_error"]),
        about=about,
        picture=png.data_uri(x, *ends) if ends else "",
        inputs=tuple(quantity(float(value)) for value in x) if named else (),
    )


def _answer(value: Any) -> str:
    return value if isinstance(value, str) else quantity(float(value))


def _probability(row: dict[Any, Any], answer: Any) -> str:
    value = row.get(f"proba_{answer}")
    return "" if value is None else percent(float(value))
