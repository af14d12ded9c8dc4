"""Answers in text: where they differ from the truth, and what the network attended to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from markupsafe import Markup

from foursplit.core.arrays import Ragged
from foursplit.core.dataset_spec import DatasetSpec
from foursplit.core.examples import META, SHOW, Examples
from foursplit.data import texts
from foursplit.evaluation import shown_examples
from foursplit.evaluation.kept_answers import Explanations
from foursplit.reporting.plots.attention import attention
from foursplit.reporting.render import render
from foursplit.reporting.tables.differences import Part, differences

N_DRAWN = 3  # maps of the worst examples, and as many of the sample

END = "end"  # what the axis calls the token that ends an answer


@dataclass(frozen=True, slots=True, kw_only=True)
class TextRow:
    """An answer beside what was read and what would have been right."""

    example_id: str
    read: str
    true: str
    parts: tuple[Part, ...]
    is_error: bool
    metadata: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttentionMap:
    """The attention of one answer, drawn."""

    read: str
    true: str
    answer: str
    is_error: bool
    drawing: Markup


def panel(
    table: pd.DataFrame, dev: Examples, dataset: DatasetSpec, explanations: Explanations
) -> Markup:
    """Render the worst answers and a fair sample of all, with maps of attention if kept."""
    assert isinstance(dev.x, Ragged)
    read = dict(zip(dev.metadata["example_id"], texts.to_texts(dev.x), strict=True))
    worst, sample = shown_examples.worst(table), shown_examples.fair_sample(table)
    content = {
        "n": len(table),
        "n_wrong": int(table["is_error"].sum()),
        "worst": [*_rows(worst, read, dataset)],
        "sample": [*_rows(sample, read, dataset)],
        "maps": {
            "Highest loss": [*_maps(worst, read, dataset, explanations)][:N_DRAWN],
            "Fair sample": [*_maps(sample, read, dataset, explanations)][:N_DRAWN],
        },
    }
    return Markup(render("panels/texts.html", content))


def _rows(table: pd.DataFrame, read: dict[str, str], dataset: DatasetSpec) -> Iterator[TextRow]:
    joint = " " if dataset.tokenizer == "words" else ""
    for row in table.to_dict("records"):
        true, answer = (texts.tokens_of(row[name], dataset.tokenizer) for name in ("y", "y_hat"))
        metadata = (
            f"{name.partition('.')[2]} {value}"
            for name, value in row.items()
            if isinstance(name, str) and name.startswith((META, SHOW))
        )
        yield TextRow(
            example_id=row["example_id"],
            read=read[row["example_id"]],
            true=row["y"],
            parts=differences(true, answer, joint),
            is_error=bool(row["is_error"]),
            metadata=", ".join(metadata),
        )


def _maps(
    table: pd.DataFrame, read: dict[str, str], dataset: DatasetSpec, explanations: Explanations
) -> Iterator[AttentionMap]:
    for row in table.to_dict("records"):
        weights = explanations.get(row["example_id"], {}).get("attention")
        if weights is None:
            continue
        text = read[row["example_id"]]
        written = [*texts.tokens_of(row["y_hat"], dataset.tokenizer), END]
        yield AttentionMap(
            read=text,
            true=row["y"],
            answer=row["y_hat"],
            is_error=bool(row["is_error"]),
            drawing=_draw(weights, texts.tokens_of(text, dataset.tokenizer), written),
        )


def _draw(weights: np.ndarray, read: Sequence[str], written: Sequence[str]) -> Markup:
    """Draw the steps up to the answer's end; an answer without an end has no row for it."""
    n_written, n_read = min(len(written), weights.shape[0]), min(len(read), weights.shape[1])
    return attention(weights[:n_written, :n_read], read[:n_read], written[:n_written])
