"""Columns of the prediction table of tagged texts: a row for each token, grouped by its text."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from foursplit.core.arrays import Ragged
from foursplit.core.errors import FoursplitError
from foursplit.core.examples import DataSpec, Examples
from foursplit.data import texts
from foursplit.diagnosis.stats.table_bootstrap import Columns
from foursplit.evaluation import table_statistics
from foursplit.evaluation.units import Units

if TYPE_CHECKING:
    import pandas as pd

METRICS = {"error": "loss", "log_loss": "log_loss"}
"""Name of each metric, and the column whose weighted mean it is."""

DIRECTION = "minimize"

TAGS = "tags"

ABOUT = "The unit is a token: its tag is right or wrong. Intervals draw texts, not tokens."


@dataclass(frozen=True, slots=True, eq=False)
class TokenTags:
    """The true tags of all tokens, text by text."""

    tags: Sequence[Sequence[str]]


def truth(examples: Examples) -> list[Sequence[str]]:
    """Return the tags of each text."""
    stored = examples.further[TAGS]
    assert isinstance(stored, Ragged)
    return [texts.tokens_of(text, "words") for text in texts.to_texts(stored)]


def postprocess(outputs: np.ndarray, _shape: DataSpec) -> list[np.ndarray]:
    """Turn (example, step, tag) logits into each text's (step, tag) log-probabilities."""
    highest = outputs.max(axis=-1, keepdims=True)
    shifted = outputs.astype(np.float64) - highest
    return [*(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))]


def units(
    examples: Examples, answers: list[np.ndarray], known: list[Sequence[str]], _shape: DataSpec
) -> Units:
    """Return the tokens; what was answered behind a text's end is left out."""
    names = examples.metadata["example_id"].tolist()
    for name, answer, tags in zip(names, answers, known, strict=True):
        if len(answer) < len(tags):
            raise FoursplitError(
                f"example {name!r} has {len(tags)} tags, and {len(answer)} tokens were tagged: "
                "the network must answer for each token, and each token needs a tag"
            )
    lengths = [len(tags) for tags in known]
    steps = np.concatenate([np.arange(n) for n in [0, *lengths]])
    owners = np.repeat(np.arange(len(known)), lengths)
    return Units(
        names=[f"{names[owner]}#{step}" for owner, step in zip(owners, steps, strict=True)],
        examples=owners,
        answers=[answer[:n] for answer, n in zip(answers, lengths, strict=True)],
        truth=TokenTags(known),
    )


def score_columns(answers: list[np.ndarray], known: TokenTags, shape: DataSpec) -> "pd.DataFrame":
    """Score each token's tag, and count the events that begin at it."""
    import pandas as pd

    names = np.array(shape.vocabularies[TAGS], dtype=object)
    number = {name: position for position, name in enumerate(names)}
    flat = np.concatenate([np.zeros((0, len(names))), *answers])
    y = np.array([tag for tags in known.tags for tag in tags], dtype=object)
    columns = np.array([number.get(tag, texts.UNKNOWN) for tag in y], dtype=np.int64)
    # Only tags that stand for something can be an answer.
    y_hat = names[flat[:, len(texts.SPECIAL) :].argmax(axis=1) + len(texts.SPECIAL)]
    wrong = y != y_hat
    ends = np.cumsum([len(tags) for tags in known.tags])[:-1]
    return pd.DataFrame(
        {
            "loss": wrong.astype(np.float64),
            "is_error": wrong,
            "weight": 1.0,
            "y": y,
            "y_hat": y_hat,
            "log_loss": -flat[np.arange(len(y)), columns],
            "baseline_loss": (y != _most_frequent(shape)).astype(np.float64),
            **_events(known.tags, np.split(y_hat, ends)),
        }
    )


def _events(
    true: Sequence[Sequence[str]], predicted: Sequence[np.ndarray]
) -> dict[str, np.ndarray]:
    """Mark the tokens at which true, predicted, and rightly predicted events begin."""
    marks = {name: [] for name in ("true", "predicted", "right")}  # type: dict[str, list[np.ndarray]]
    for tags, answer in zip(true, predicted, strict=True):
        events, found = (table_statistics.events_of(side) for side in (tags, answer.tolist()))
        are_right = table_statistics.right_events(found, events)
        right = [event for event, is_right in zip(found, are_right, strict=True) if is_right]
        for name, side in (("true", events), ("predicted", found), ("right", right)):
            begins = np.zeros(len(tags))
            begins[[start for start, _, _ in side]] = 1.0
            marks[name].append(begins)
    return {f"stat.{name}_events": np.concatenate([*found]) for name, found in marks.items()}


def _most_frequent(shape: DataSpec) -> str:
    # Of words the vocabulary has the most frequent first.
    return shape.vocabularies[TAGS][len(texts.SPECIAL)]


def event_f1(columns: Columns) -> float:
    """Compute the F1 of runs of tags, such as names of several words."""
    counts = (
        float(np.asarray(columns[f"stat.{name}_events"]).sum())
        for name in ("right", "predicted", "true")
    )
    return table_statistics.event_f1(*counts)


def perplexity(columns: Columns) -> float:
    """Compute exp of the mean loss of a token."""
    return table_statistics.perplexity(np.asarray(columns["log_loss"]))


TABLE_METRICS = {"event_f1": event_f1, "perplexity": perplexity}
"""Metrics of whole tables."""


def baseline(shape: DataSpec) -> str:
    return f"always {_most_frequent(shape)!r}, the tag most frequent in train"
