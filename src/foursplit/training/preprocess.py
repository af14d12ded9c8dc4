"""Preprocessing of raw columns by scikit-learn's transformers, fitted on train.

Stored with skops beside the model's weights: a model answers raw rows with what it learnt of train.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foursplit.config.preprocess import ENCODINGS, PreprocessConfig
from foursplit.core.column import Column
from foursplit.core.errors import FoursplitError, unknown_name
from foursplit.core.examples import Examples
from foursplit.data import raw_examples
from foursplit.io import artifacts
from foursplit.training import sklearn_estimator

NAME = "preprocess.skops"

MISSING = "(missing)"
"""The category of a cell without one."""

TRUSTED = ["numpy.dtype"]
"""Which scikit-learn's imputer holds: a type of numbers, which runs no code when it is read."""

PARTS = ("days", "year", "month", "day", "weekday", "hour")
"""Numbers that a date becomes: days since 1970, and those of calendar and clock."""

CALENDAR = PARTS[2:]
"""Those that come again each year."""


@dataclass(frozen=True, slots=True)
class Preprocessor:
    """Fitted transformers, and the raw columns that they read."""

    columns: Mapping[str, Column]
    transformer: Any  # sklearn.compose.ColumnTransformer

    def transform(self, raw: pd.DataFrame) -> np.ndarray:
        """Return (example, input) float32 of parsed columns."""
        values = self.transformer.transform(_prepared(raw, self.columns))
        return np.ascontiguousarray(values, dtype=np.float32)

    def apply(self, examples: Examples) -> Examples:
        """Return the examples with what a model reads in `x`."""
        return replace(examples, x=self.transform(raw_examples.frame_of(examples)))

    @property
    def names(self) -> list[str]:
        """Return the names of the inputs: `plan_basic`, `age`, `joined.month`."""
        return [str(name) for name in self.transformer.get_feature_names_out()]

    def unknown_categories(self, raw: pd.DataFrame) -> dict[str, dict[str, int]]:
        """Count the categories that train did not have, by column."""
        found = {}
        for names, encoder in self._encoders():
            for name, known in zip(names, encoder.categories_, strict=True):
                cells = _category(raw[name])
                counts = cells[~cells.isin({*known.tolist()})].value_counts()
                if len(counts):
                    found[name] = {str(value): int(n) for value, n in counts.items()}
        return found

    def _encoders(self) -> list[tuple[Sequence[str], Any]]:
        return [
            (names, transformer)
            for name, transformer, names in self.transformer.transformers_
            if name in ("one_hot", "ordinal")
        ]


def fit(train: Examples, columns: Mapping[str, Column], config: PreprocessConfig) -> Preprocessor:
    """Fit the transformers on train's raw columns."""
    from sklearn.compose import ColumnTransformer

    groups = _groups(columns, config)
    transformer = ColumnTransformer(
        _transformers(groups, config), sparse_threshold=0, verbose_feature_names_out=False
    )
    frame = _prepared(raw_examples.frame_of(train), columns)
    try:
        transformer.fit(frame)
    except ValueError as error:
        raise FoursplitError(f"fit.preprocess: {error}") from error
    found = Preprocessor(columns=columns, transformer=transformer)
    if not found.transform(raw_examples.frame_of(train).iloc[:1]).shape[1]:
        raise FoursplitError("fit.preprocess leaves no input: drop fewer columns")
    return found


def save(folder: Path, preprocessor: Preprocessor) -> str:
    """Write the transformers, and return the file's sha256; equal ones have equal bytes."""
    sklearn_estimator.save(folder / NAME, preprocessor.transformer)
    return artifacts.sha256_file(folder / NAME)


def load(folder: Path, columns: Mapping[str, Column], sha256: str) -> Preprocessor:
    """Load the transformers beside a model; raise if they are not those of its manifest."""
    path = folder / NAME
    if not path.is_file() or artifacts.sha256_file(path) != sha256:
        raise FoursplitError(
            f"{path}: not the file its manifest describes. `foursplit verify --here` lists what "
            "is damaged and the command that repairs it."
        )
    return Preprocessor(columns, sklearn_estimator.load(path, trusted=TRUSTED))


def _groups(columns: Mapping[str, Column], config: PreprocessConfig) -> dict[str, list[str]]:
    """Return the columns by what they become."""
    defaults = {"category": config.category, "date": config.date, "text": config.text}
    for name in config.columns:
        if name not in columns:
            raise unknown_name("column", name, columns, "fit.preprocess.columns")
    groups: dict[str, list[str]] = {}
    for name, column in columns.items():
        valid = ENCODINGS[column.kind]
        encoding = config.columns.get(name, defaults.get(column.kind, valid[0]))
        if encoding not in valid:
            raise unknown_name(
                "encoding", encoding, valid, f"fit.preprocess.columns.{name}, a {column.kind}"
            )
        groups.setdefault(encoding, []).append(name)
    return groups


def _transformers(groups: Mapping[str, list[str]], config: PreprocessConfig) -> list[Any]:
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

    found: list[Any] = []
    if names := groups.get("scale"):
        found.append(("scale", _numbers(config, indicator=config.indicator), names))
    if names := groups.get("parts"):
        first = [f"{name}.{PARTS[0]}" for name in names]
        others = [f"{name}.{part}" for name in names for part in PARTS[1:]]
        found.append(("days", _numbers(config, indicator=config.indicator), first))
        found.append(("parts", _numbers(config, indicator=False), others))
    if names := groups.get("calendar"):
        first = [f"{name}.{CALENDAR[0]}" for name in names]
        others = [f"{name}.{part}" for name in names for part in CALENDAR[1:]]
        found.append(("month", _numbers(config, indicator=config.indicator), first))
        found.append(("calendar", _numbers(config, indicator=False), others))
    if names := groups.get("one_hot"):
        encoder = OneHotEncoder(
            handle_unknown="infrequent_if_exist",
            max_categories=config.max_categories,
            sparse_output=False,
        )
        found.append(("one_hot", encoder, names))
    if names := groups.get("ordinal"):
        encoder = OrdinalEncoder(
            handle_unknown="use_encoded_value",
            unknown_value=-1,
            max_categories=config.max_categories,
        )
        found.append(("ordinal", encoder, names))
    for kind in ("tfidf", "hashing"):
        found += [(f"{kind} {name}", _text(kind, config), name) for name in groups.get(kind, ())]
    return found


def _numbers(config: PreprocessConfig, *, indicator: bool) -> Any:
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

    imputer = SimpleImputer(
        strategy=config.impute, add_indicator=indicator, keep_empty_features=True
    )
    scalers = {"standard": StandardScaler, "robust": RobustScaler, "min_max": MinMaxScaler}
    steps = [imputer] if config.scale == "none" else [imputer, scalers[config.scale]()]
    return make_pipeline(*steps)


def _text(kind: str, config: PreprocessConfig) -> Any:
    from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer

    if kind == "hashing":
        return HashingVectorizer(n_features=config.text_features)
    return TfidfVectorizer(max_features=config.text_features, sublinear_tf=True)


def _prepared(raw: pd.DataFrame, columns: Mapping[str, Column]) -> pd.DataFrame:
    """Return the columns that the transformers read: dates as numbers, no cell of text missing."""
    found: dict[str, Any] = {}
    for name, column in columns.items():
        if column.kind == "date":
            found |= {f"{name}.{part}": values for part, values in _parts(raw[name]).items()}
        elif column.kind == "number":
            found[name] = raw[name].to_numpy(np.float64)
        elif column.kind == "category":
            found[name] = _category(raw[name])
        else:
            found[name] = raw[name].astype(object).where(raw[name].notna(), "")
    return pd.DataFrame(found, index=raw.index)


def _category(values: pd.Series) -> pd.Series:
    return values.astype(object).where(values.notna(), MISSING)


def _parts(values: pd.Series) -> dict[str, np.ndarray]:
    """Return the numbers of dates, NaN where one is missing."""
    dates = pd.to_datetime(values)
    parts: dict[str, pd.Series] = {
        "days": (dates - pd.Timestamp(0)) / pd.Timedelta(days=1),
        "year": dates.dt.year,
        "month": dates.dt.month,
        "day": dates.dt.day,
        "weekday": dates.dt.day_of_week,
        "hour": dates.dt.hour,
    }
    return {name: parts[name].to_numpy(np.float64) for name in PARTS}
