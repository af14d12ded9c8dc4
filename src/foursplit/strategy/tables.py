"""Prediction tables as anybody may bring them: read, checked, refused by file, column and row.

A table is a Parquet or CSV file named after its split.  It needs `example_id` and `loss`, or
`example_id`, `y` and `y_hat` where the answers are classes; everything else is optional.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.errors import Refusal, unknown

SPLITS = ("train", "train_dev", "dev", "test")
SUFFIXES = (".parquet", ".csv")
META, PROBA = "meta.", "proba_"
FIXED, FIXED_TYPE = "fixed.", "fixed_type."  # losses with a part perfect, or a type mended
HUMAN = "human_loss."  # one annotator's
SCORES = ("score_truth", "score_output")
AUDITS = ("ok", "wrong", "ambiguous")
TAG_SEPARATOR = ";"


@dataclass(frozen=True, kw_only=True)
class Table:
    """The scored examples of one split.

    `frame` has, in this order of need: `example_id` (text, unique), `loss` (0 or more), `weight`
    (above 0), `is_error`; where they were given: `group_id`, `domain`, `y`, `y_hat`, `score`,
    `proba_<class>`, `human_loss` (0 or more), `label_audit` (ok, wrong, ambiguous), `tags` (tuples
    of text), `fixed.<part>`, `fixed_type.<type>` and `human_loss.<who>` (0 or more, the last may be
    missing), `score_truth` and `score_output` (both or neither of an error) and `meta.*`.
    """

    split: str
    frame: pd.DataFrame
    path: str = ""

    def __len__(self) -> int:
        return len(self.frame)

    @cached_property
    def loss(self) -> np.ndarray:
        """Give (example,) losses."""
        return self.frame["loss"].to_numpy(np.float64)

    @cached_property
    def weight(self) -> np.ndarray:
        """Give (example,) weights of the metric."""
        return self.frame["weight"].to_numpy(np.float64)

    @cached_property
    def is_error(self) -> np.ndarray:
        """Say of each example whether its answer counts as wrong."""
        return self.frame["is_error"].to_numpy(bool)

    @cached_property
    def groups(self) -> np.ndarray:
        """Number the groups that are drawn as one, 0, 1, …; each example its own without any."""
        if "group_id" not in self.frame:
            return np.arange(len(self))
        return np.asarray(pd.factorize(self.frame["group_id"])[0])

    @cached_property
    def error(self) -> float:
        """Give the weighted mean loss."""
        return float(np.average(self.loss, weights=self.weight))

    @property
    def meta(self) -> list[str]:
        """Name the columns worth slicing on."""
        return self.starting(META)

    def starting(self, prefix: str) -> list[str]:
        """Name the columns that start with `prefix`, in their order."""
        return [name for name in self.frame.columns if name.startswith(prefix)]

    @property
    def classes(self) -> list[str]:
        """Name the classes whose probabilities were given."""
        return [name.removeprefix(PROBA) for name in self.starting(PROBA)]

    def has(self, column: str) -> bool:
        return column in self.frame

    def take(self, chosen: np.ndarray) -> "Table":
        """Keep the examples that `chosen` (a mask or positions) names."""
        kept = self.frame.iloc[chosen if chosen.dtype != bool else np.flatnonzero(chosen)]
        return Table(split=self.split, frame=kept.reset_index(drop=True), path=self.path)

    def by_name(self) -> "Table":
        """Put rows in an order of their own, so that the file's is no input."""
        return self.take(np.argsort(self.frame["example_id"].to_numpy(str), kind="stable"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model's tables by split; several seeds of a model are several of these."""

    tables: Mapping[str, Table]
    name: str = ""


def read(folder: Path) -> list[Model]:
    """Read a folder of tables, or one of `seed_*` folders, which are one model's seeds."""
    if not folder.is_dir():
        raise Refusal(f"{folder}: no such folder")
    seeds = sorted(path for path in folder.glob("seed_*") if path.is_dir())
    return [_model(path) for path in seeds or [folder]]


def _model(folder: Path) -> Model:
    found = sorted(p for p in folder.iterdir() if p.suffix in SUFFIXES and p.is_file())
    files: dict[str, Path] = {}
    for path in found:
        if path.stem not in SPLITS:
            raise unknown("split", path.stem, SPLITS, str(path))
        if path.stem in files:
            raise Refusal(f"{path}: split {path.stem!r} is in {files[path.stem].name} too")
        files[path.stem] = path
    if not files:
        wanted = ", ".join(f"{split}.parquet or .csv" for split in SPLITS)
        raise Refusal(f"{folder}: no table; it may have {wanted}")
    tables = {split: read_table(files[split]) for split in SPLITS if split in files}
    _refuse_shared_ids(tables.values())
    return Model(tables=tables, name=folder.name)


def read_table(path: Path) -> Table:
    """Read and check one file, named after its split."""
    try:
        frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    except FileNotFoundError as error:
        raise Refusal(f"{path}: no such file") from error
    except (OSError, ValueError, UnicodeDecodeError) as error:  # what is no table, or no text
        kind = "Parquet" if path.suffix == ".parquet" else "CSV"
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise Refusal(f"{path}: not readable as {kind} ({reason})") from error
    return check(frame, path.stem, str(path))


def check(frame: pd.DataFrame, split: str, path: str = "") -> Table:
    """Hold a table's columns against what they must be, and fill in what follows from them."""
    frame = frame.reset_index(drop=True)
    at = path or f"table {split!r}"
    if split not in SPLITS:
        raise unknown("split", split, SPLITS, at)
    _require_columns(frame, at)
    if frame.empty:
        raise Refusal(f"{at}: no rows")
    made = pd.DataFrame({"example_id": frame["example_id"].astype(str)})
    _refuse(frame["example_id"].isna(), "example_id", "is missing", at)
    _refuse(made["example_id"].duplicated(), "example_id", "stands here a second time", at, made)
    if "split" in frame:
        _refuse(frame["split"].astype(str) != split, "split", f"is not {split!r}", at, frame)
    made["loss"] = _loss(frame, at)
    made["weight"] = _numbers(frame, "weight", at, above=0.0) if "weight" in frame else 1.0
    made["is_error"] = _flags(frame, at) if "is_error" in frame else made["loss"] > 0
    _copy_words(frame, made, at)
    _optional_numbers(frame, made, at)
    meta = [name for name in frame.columns if str(name).startswith(META)]
    return Table(split=split, frame=pd.concat([made, frame[meta]], axis=1), path=path)


def _copy_words(frame: pd.DataFrame, made: pd.DataFrame, at: str) -> None:
    for name in ("group_id", "domain", "content_hash"):
        if name in frame:
            _refuse(frame[name].isna(), name, "is missing", at)
            made[name] = frame[name].astype(str)
    for name in ("y", "y_hat"):
        if name in frame:
            made[name] = frame[name]
    if "label_audit" in frame:
        made["label_audit"] = _audits(frame, at)
    if "tags" in frame:
        made["tags"] = [tags(value) for value in frame["tags"]]


def tags(value: Any) -> tuple[str, ...]:
    """Read an example's tags: a list, or text parted by semicolons."""
    if isinstance(value, str):
        parts: Iterable[Any] = value.split(TAG_SEPARATOR)
    elif isinstance(value, list | tuple | set | frozenset | np.ndarray):
        parts = value
    else:
        parts = ()  # missing
    return tuple(dict.fromkeys(part for part in (str(p).strip() for p in parts) if part))


def _require_columns(frame: pd.DataFrame, at: str) -> None:
    if "example_id" not in frame:
        raise Refusal(f"{at}: no column 'example_id'; it has {_columns(frame)}")
    if "loss" not in frame and not {"y", "y_hat"} <= {*frame.columns}:
        raise Refusal(f"{at}: needs 'loss', or 'y' and 'y_hat'; it has {_columns(frame)}")


def _columns(frame: pd.DataFrame) -> str:
    names = [repr(str(name)[:40]) for name in frame.columns]  # of no CSV a name may be a megabyte
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return ", ".join(names[:20]) + more


def _loss(frame: pd.DataFrame, at: str) -> pd.Series:
    if "loss" in frame:
        return _numbers(frame, "loss", at, least=0.0)
    for name in ("y", "y_hat"):
        _refuse(frame[name].isna(), name, "is missing", at)
        values = frame[name]
        if pd.api.types.is_float_dtype(values) and (values % 1 != 0).any():
            raise Refusal(
                f"{at}: column {name!r} holds quantities, of which equal or not says little: give "
                "'loss', such as the absolute residual over the target's interquartile range"
            )
    return (frame["y"].astype(str) != frame["y_hat"].astype(str)).astype(np.float64)


def _numbers(
    frame: pd.DataFrame, name: str, at: str, *, least: float = -np.inf, above: float = -np.inf,
    gaps: bool = False,
) -> pd.Series:  # fmt: skip
    """Read a column of numbers; with `gaps`, some may be missing."""
    values = frame[name]
    empty = values.isna() & gaps
    if pd.api.types.is_bool_dtype(values) or not pd.api.types.is_numeric_dtype(values):
        found = pd.to_numeric(values, errors="coerce")
        _refuse(found.isna() & ~empty, name, "is no number", at, frame)
        values = found
    values = values.astype(np.float64)
    _refuse(~(np.isfinite(values) | empty), name, "is missing or not finite", at, frame)
    _refuse(values < least, name, f"is below {least:g}", at, frame)
    _refuse(values <= above, name, f"is not above {above:g}", at, frame)
    return values


def _optional_numbers(frame: pd.DataFrame, made: pd.DataFrame, at: str) -> None:
    if "score" in frame:
        made["score"] = _numbers(frame, "score", at)
    if "human_loss" in frame:
        made["human_loss"] = _numbers(frame, "human_loss", at, least=0.0)
    for name in [str(n) for n in frame.columns if str(n).startswith(PROBA)]:
        made[name] = _numbers(frame, name, at, least=0.0)
        _refuse(made[name] > 1 + 1e-6, name, "is above 1", at, frame)
    for name in [str(n) for n in frame.columns if str(n).startswith((FIXED, FIXED_TYPE))]:
        made[name] = _numbers(frame, name, at, least=0.0)
    for name in [str(n) for n in frame.columns if str(n).startswith(HUMAN)]:
        made[name] = _numbers(frame, name, at, least=0.0, gaps=True)
    _scores(frame, made, at)


def _scores(frame: pd.DataFrame, made: pd.DataFrame, at: str) -> None:
    """Read what the system's own score says of the truth and of its output, where both are told."""
    given = [name for name in SCORES if name in frame]
    if len(given) == 1:
        lacking = next(name for name in SCORES if name not in given)
        raise Refusal(f"{at}: column {given[0]!r} needs {lacking!r} beside it")
    for name in given:
        made[name] = _numbers(frame, name, at, gaps=True)
    for name, other in (SCORES, SCORES[::-1]) if given else ():
        lone = made["is_error"] & made[name].isna() & made[other].notna()
        _refuse(lone, name, f"is missing where {other!r} is given", at)


def _flags(frame: pd.DataFrame, at: str) -> pd.Series:
    values = frame["is_error"]
    if not pd.api.types.is_bool_dtype(values):
        known = {"true": True, "false": False, "1": True, "0": False, "1.0": True, "0.0": False}
        found = values.astype(str).str.lower().map(known)
        _refuse(found.isna(), "is_error", "is neither true nor false", at, frame)
        values = found.astype(bool)
    return values


def _audits(frame: pd.DataFrame, at: str) -> pd.Series:
    values = frame["label_audit"].astype(object).where(frame["label_audit"].notna(), None)
    wrong = values.notna() & ~values.isin(AUDITS)
    _refuse(wrong, "label_audit", f"is none of {', '.join(AUDITS)} or empty", at, frame)
    return values


def _refuse(bad: Any, column: str, what: str, at: str, shown: pd.DataFrame | None = None) -> None:
    """Refuse the first row where `bad` holds; rows count from 1, without a CSV's heading."""
    places = np.flatnonzero(np.asarray(bad))
    if len(places) == 0:
        return
    row = int(places[0])
    value = "" if shown is None else f": {_plain(shown[column].iloc[row])}"
    more = f" ({len(places):,} such rows)" if len(places) > 1 else ""
    raise Refusal(f"{at}: column {column!r}, row {row + 1}{value} {what}{more}")


def _plain(value: Any) -> str:
    """Write a value as it stands in a file; text in quotes."""
    return repr(value) if isinstance(value, str) else f"{value}"


def _refuse_shared_ids(tables: Iterable[Table]) -> None:
    """Refuse an example that stands in two splits: what was learnt cannot be judged on."""
    tables = list(tables)
    everything = pd.concat([table.frame["example_id"] for table in tables], ignore_index=True)
    again = everything.duplicated()
    if not again.any():
        return
    shared = everything[again].iloc[0]
    named = [t for t in tables if t.frame["example_id"].eq(shared).any()]
    first, second = named[0], named[1]
    row = int(np.flatnonzero(second.frame["example_id"].eq(shared))[0]) + 1
    raise Refusal(
        f"{second.path or second.split}: column 'example_id', row {row}: {shared!r} is in "
        f"{first.split!r} too ({int(again.sum()):,} such rows): an example belongs to one split"
    )
