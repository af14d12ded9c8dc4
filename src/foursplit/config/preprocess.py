"""The schema of `fit.preprocess`: what a table's raw columns become before a model reads them."""

from collections.abc import Mapping
from dataclasses import field
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, PositiveInt
from pydantic.dataclasses import dataclass

FORBID_UNKNOWN = ConfigDict(extra="forbid")

Encoding = Literal["scale", "one_hot", "ordinal", "parts", "calendar", "tfidf", "hashing", "drop"]

ENCODINGS: Mapping[str, tuple[Encoding, ...]] = {
    "number": ("scale", "one_hot", "ordinal", "drop"),
    "category": ("one_hot", "ordinal", "drop"),
    "date": ("parts", "calendar", "drop"),
    "text": ("tfidf", "hashing", "drop"),
}
"""What a column of each kind may become; the first is the default."""


@dataclass(frozen=True, slots=True, kw_only=True, config=FORBID_UNKNOWN)
class PreprocessConfig:
    """How raw columns become inputs; everything is fitted on train."""

    impute: Literal["median", "mean", "most_frequent"] = "median"  # of missing numbers
    indicator: bool = True  # an input that says where a number was missing
    scale: Literal["standard", "robust", "min_max", "none"] = "standard"  # of numbers
    category: Literal["one_hot", "ordinal", "drop"] = "one_hot"
    max_categories: Annotated[int, Field(ge=2)] = 20  # of a column; the rarest are pooled
    # calendar: without days and year, which grow beyond those of train where rows are split by time
    date: Literal["parts", "calendar", "drop"] = "parts"
    text: Literal["tfidf", "hashing", "drop"] = "tfidf"
    text_features: PositiveInt = 100  # of a column of text
    columns: Mapping[str, Encoding] = field(default_factory=dict)  # where a column differs
