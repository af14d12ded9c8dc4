"""Prediction tables as anybody may bring them: read, checked, refused by file, column and row.

A table is a Parquet or CSV file named after its split.  It needs `example_id` and `loss`, or
`example_id`, `y` and `y_hat` where the answers are classes; everything else is optional.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.errors import FoursplitError, unknown_name
from foursplit.core.examples import SHOW, TIME
from foursplit.diagnosis.cell_values import flags, numbers, refuse, same_types, text

SPLITS = ("train", "train_dev", "dev", "test")
META, PROBA = "meta.", "proba_"
MOST_SEARCHED = 100  # columns of META: pairs of more take minutes, and confirm less each
ORACLE, ORACLE_TYPE = "oracle.", "oracle_type."  # losses with a part perfect, or a type fixed
HUMAN = "human_loss."  # one annotator's
SCORES = ("score_y", "score_y_hat")
AUDITS = ("ok", "wrong", "ambiguous")
TAG_SEPARATOR = ";"


@dataclass(frozen=True, kw_only=True)
class PredictionTable:
    """The scored examples of one split.

    `frame` has, in this order of need: `example_id` (text, unique), `loss` (0 or more), `weight`
    (above 0), `is_error`; where they were given: `group_id`, `domain`, `y`, `y_hat`, `score`,
    `proba_<class>`, `human_loss` and `baseline_loss` (0 or more), `label_audit` (ok, wrong,
    ambiguous), `tags` (tuples of text), `oracle.<component>`, `oracle_type.<type>` and
    `human_loss.<who>` (0 or more, the last may be missing), `score_y` and `score_y_hat` (both or
    neither of an error) and `meta.*`.  Where `loss` is a mean over seeds, `seed_losses` has those
    of each, as (seed, example).
    """

    split: str
    frame: pd.DataFrame
    path: str = ""
    seed_losses: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.frame)

    @cached_property
    def loss(self) -> np.ndarray:
        """Return (example,) losses."""
        return self.frame["loss"].to_numpy(np.float64)

    @cached_property
    def weight(self) -> np.ndarray:
        """Return (example,) weights of the metric."""
        return self.frame["weight"].to_numpy(np.float64)

    @cached_property
    def is_error(self) -> np.ndarray:
        """Check for each example whether its answer counts as wrong."""
        return self.frame["is_error"].to_numpy(bool)

    @cached_property
    def groups(self) -> np.ndarray:
        """Number the groups that are drawn as one, 0, 1, …; each example its own without any."""
        if "group_id" not in self.frame:
            return np.arange(len(self))
        return np.asarray(pd.factorize(self.frame["group_id"])[0])

    @cached_property
    def error(self) -> float:
        """Return the weighted mean loss."""
        return float(np.average(self.loss, weights=self.weight))

    @property
    def shown(self) -> list[str]:
        """Name the columns that people recognise an example by."""
        return self.starting(SHOW)

    @property
    def meta(self) -> list[str]:
        """Name the columns worth slicing on."""
        return self.starting(META)

    @cached_property
    def searched(self) -> list[str]:
        """Name the columns that are searched for slices: the first that part the examples.

        Losses play no part in the choice, so that it looks at nothing to be judged.
        """
        if len(self.meta) <= MOST_SEARCHED:
            return self.meta
        parting = (name for name in self.meta if _parts(self.frame[name]))
        return list(islice(parting, MOST_SEARCHED))

    def starting(self, prefix: str) -> list[str]:
        """Name the columns that start with `prefix`, in their order."""
        return [name for name in self.frame.columns if name.startswith(prefix)]

    @property
    def classes(self) -> list[str]:
        """Name the classes whose probabilities were given."""
        return [name.removeprefix(PROBA) for name in self.starting(PROBA)]

    def has(self, column: str) -> bool:
        return column in self.frame

    def take(self, chosen: np.ndarray) -> "PredictionTable":
        """Keep the examples that `chosen` (a mask or positions) names."""
        kept = self.frame.iloc[chosen if chosen.dtype != bool else np.flatnonzero(chosen)]
        return PredictionTable(
            split=self.split,
            frame=kept.reset_index(drop=True),
            path=self.path,
            seed_losses=None if self.seed_losses is None else self.seed_losses[:, chosen],
        )

    def by_name(self) -> "PredictionTable":
        """Put rows in an order of their own, so that the file's is no input."""
        return self.take(np.argsort(self.frame["example_id"].to_numpy(str), kind="stable"))


def _parts(values: pd.Series) -> bool:
    text_ = values.astype(str) if values.dtype == object else values
    return bool((text_ != text_.iloc[0]).any())


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model's tables by split; several seeds of a model are several of these."""

    tables: Mapping[str, PredictionTable]
    name: str = ""


def validate(frame: pd.DataFrame, split: str, path: str = "") -> PredictionTable:
    """Hold a table's columns against what they must be, and fill in what follows from them."""
    at = path or f"table {split!r}"
    require_columns(frame, at)
    return validate_typed(same_types({at: frame})[at], split, path)


def validate_typed(frame: pd.DataFrame, split: str, path: str = "") -> PredictionTable:
    """Check a table whose columns are of one type already (see `cells.same_types`)."""
    at = path or f"table {split!r}"
    if split not in SPLITS:
        raise unknown_name("split", split, SPLITS, at)
    if frame.empty:
        raise FoursplitError(f"{at}: no rows")
    made = pd.DataFrame({"example_id": frame["example_id"]})
    refuse(frame["example_id"].isna(), "example_id", "is missing", at)
    refuse(made["example_id"].duplicated(), "example_id", "stands here a second time", at, made)
    if "split" in frame:
        refuse(text(frame["split"]) != split, "split", f"is not {split!r}", at, frame)
    made["loss"] = _loss(frame, at)
    made["weight"] = numbers(frame, "weight", at, above=0.0) if "weight" in frame else 1.0
    made["is_error"] = flags(frame, "is_error", at) if "is_error" in frame else made["loss"] > 0
    _copy_words(frame, made, at)
    more = pd.DataFrame(_optional_numbers(frame, made, at), index=made.index)
    carried = (META, SHOW)
    meta = [n for n in frame.columns if str(n).startswith(carried) or n == TIME]
    return PredictionTable(
        split=split, frame=pd.concat([made, more, frame[meta]], axis=1), path=path
    )


def _copy_words(frame: pd.DataFrame, made: pd.DataFrame, at: str) -> None:
    for name in ("group_id", "domain", "content_hash"):
        if name in frame:
            refuse(frame[name].isna(), name, "is missing", at)
            made[name] = frame[name]
    for name in ("y", "y_hat"):
        if name in frame:
            made[name] = frame[name]
    if "label_audit" in frame:
        made["label_audit"] = _audits(frame, at)
    if "tags" in frame:
        made["tags"] = [tags(value) for value in frame["tags"]]


def tags(value: Any) -> tuple[str, ...]:
    """Read an example's tags: a list, or text separated by semicolons."""
    if isinstance(value, str):
        parts: Iterable[Any] = value.split(TAG_SEPARATOR)
    elif isinstance(value, list | tuple | set | frozenset | np.ndarray):
        parts = value
    else:
        parts = ()  # missing
    return tuple(dict.fromkeys(part for part in (str(p).strip() for p in parts) if part))


def require_columns(frame: pd.DataFrame, at: str) -> None:
    """Raise for a table without what it takes at least, or with a column twice."""
    doubled = frame.columns[frame.columns.duplicated()]
    if len(doubled):
        raise FoursplitError(
            f"{at}: column {doubled[0]!r} is there twice; nothing says which is meant"
        )
    if "example_id" not in frame:
        raise FoursplitError(
            f"{at}: no column 'example_id'; it has {_columns(frame)}. Add one that names each "
            "example, the same in every model's table: a number in the file before the split will "
            "do"
        )
    if "loss" not in frame and not {"y", "y_hat"} <= {*frame.columns}:
        raise FoursplitError(f"{at}: needs 'loss', or 'y' and 'y_hat'; it has {_columns(frame)}")


def _columns(frame: pd.DataFrame) -> str:
    names = [repr(str(name)[:40]) for name in frame.columns]  # of no CSV a name may be a megabyte
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return ", ".join(names[:20]) + more


def _loss(frame: pd.DataFrame, at: str) -> pd.Series:
    if "loss" in frame:
        return numbers(frame, "loss", at, least=0.0)
    for name in ("y", "y_hat"):
        refuse(frame[name].isna(), name, "is missing", at)
        values = frame[name]
        if pd.api.types.is_float_dtype(values) and (values % 1 != 0).any():
            raise FoursplitError(
                f"{at}: column {name!r} holds quantities, of which equal or not says little: give "
                "'loss', such as the absolute residual over the target's interquartile range"
            )
    return (frame["y"].astype(str) != frame["y_hat"].astype(str)).astype(np.float64)


def _optional_numbers(
    frame: pd.DataFrame, made: pd.DataFrame, at: str
) -> dict[str, "pd.Series[float]"]:
    found = {}
    if "score" in frame:
        found["score"] = numbers(frame, "score", at)
    for name in ("human_loss", "baseline_loss"):
        if name in frame:
            found[name] = numbers(frame, name, at, least=0.0)
    for name in [str(n) for n in frame.columns if str(n).startswith(PROBA)]:
        found[name] = numbers(frame, name, at, least=0.0)
        refuse(found[name] > 1 + 1e-6, name, "is above 1", at, frame)
    for name in [str(n) for n in frame.columns if str(n).startswith((ORACLE, ORACLE_TYPE))]:
        found[name] = numbers(frame, name, at, least=0.0)
    for name in [str(n) for n in frame.columns if str(n).startswith(HUMAN)]:
        found[name] = numbers(frame, name, at, least=0.0, gaps=True)
    return found | _scores(frame, made["is_error"], at)


def _scores(frame: pd.DataFrame, is_error: pd.Series, at: str) -> dict[str, "pd.Series[float]"]:
    """Read the system's own score of the truth and of its output, where both are given."""
    given = [name for name in SCORES if name in frame]
    if len(given) == 1:
        lacking = next(name for name in SCORES if name not in given)
        raise FoursplitError(f"{at}: column {given[0]!r} needs {lacking!r} beside it")
    found = {name: numbers(frame, name, at, gaps=True) for name in given}
    for name, other in (SCORES, SCORES[::-1]) if given else ():
        lone = is_error & found[name].isna() & found[other].notna()
        refuse(lone, name, f"is missing where {other!r} is given", at)
    return found


def _audits(frame: pd.DataFrame, at: str) -> pd.Series:
    values = frame["label_audit"].astype(object).where(frame["label_audit"].notna(), None)
    values = values.map(lambda v: v.strip().lower() if isinstance(v, str) else v)
    wrong = values.notna() & ~values.isin(AUDITS)
    refuse(wrong, "label_audit", f"is none of {', '.join(AUDITS)} or empty", at, frame)
    return values
