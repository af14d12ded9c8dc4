"""Examples and groups that are in two splits, and the error without them.

It comes before the ledger: what leaks from train into train-dev makes variance vanish and passes
for mismatch.

Source: Kaufman, Rosset, Perlich and Stitelman (2012), Leakage in Data Mining.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from foursplit.diagnosis.prediction_table import META, PROBA, SPLITS, PredictionTable
from foursplit.diagnosis.stats.bootstrap import Estimate, estimate

HASHES = ("content_hash", META + "content_hash")

COMMON = (
    5  # times in one split beyond which a content identifies no example, such as certain answers
)

HASH_FACTOR = np.uint64(0x9E3779B97F4A7C15)  # 2 ** 64 / golden ratio: mixes columns' hashes

DISTINCT = 0.5  # share of a split's contents that must differ for content to identify at all


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Examples of the later split that are in the earlier one too."""

    first: str
    second: str
    by: str  # content or group
    n: int
    rate: float  # of the later split's examples

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanError:
    """A split's error with and without what leaked into it from earlier splits."""

    split: str
    n_leaked: int
    error: float
    clean_error: Estimate | None  # None: nothing would be left

    def as_json(self) -> dict[str, Any]:
        clean = self.clean_error
        return {
            "split": self.split,
            "n_leaked": self.n_leaked,
            "error": self.error,
            "clean_error": None if clean is None else clean.as_json(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Leakage:
    """Every pair of splits, and every split that is judged on."""

    overlaps: tuple[Overlap, ...]
    splits: tuple[CleanError, ...]
    content: tuple[str, ...]  # columns that identify examples
    insufficient: tuple[str, ...]

    @property
    def found(self) -> bool:
        return any(overlap.n for overlap in self.overlaps)

    def as_json(self) -> dict[str, Any]:
        return {
            "overlaps": [overlap.as_json() for overlap in self.overlaps],
            "splits": [split.as_json() for split in self.splits],
            "content": list(self.content),
            "insufficient": list(self.insufficient),
        }


def check_leakage(
    tables: Mapping[str, PredictionTable],
    rng: np.random.Generator,
    *,
    n_resamples: int = 2000,
    confidence: float = 0.95,
) -> Leakage:
    """Compare every two splits by content and by group, and judge each without what leaked."""
    named = [split for split in SPLITS if split in tables]
    content, keys, lacking = _keys(tables, named)
    overlaps = []
    leaked = {split: np.zeros(len(tables[split]), dtype=bool) for split in named}
    for first, second in combinations(named, 2):
        for by, shared in _shared(tables[first], tables[second], keys, (first, second)).items():
            leaked[second] |= shared
            overlaps.append(
                Overlap(
                    first=first,
                    second=second,
                    by=by,
                    n=int(shared.sum()),
                    rate=float(shared.mean()),
                )
            )
    splits = [
        CleanError(
            split=split,
            n_leaked=int(leaked[split].sum()),
            error=tables[split].error,
            clean_error=_error(tables[split], ~leaked[split], rng, n_resamples, confidence),
        )
        for split in named[1:]
    ]
    return Leakage(
        overlaps=tuple(overlaps), splits=tuple(splits), content=content, insufficient=lacking
    )


def _keys(
    tables: Mapping[str, PredictionTable], named: list[str]
) -> tuple[tuple[str, ...], dict[str, pd.Series], tuple[str, ...]]:
    """Return each split's contents as numbers, or say why they tell nothing."""
    frames = [tables[split].frame for split in named]
    lacking = [] if any("group_id" in f for f in frames) else ["group_id, to compare groups"]
    columns = tuple(_columns(frames))
    if not columns:
        return (), {}, (*lacking, "content_hash, or meta or proba columns, to compare contents")
    numbers = set.intersection(*(_numeric_columns(f) for f in frames)).intersection(columns)
    keys = {split: _hash(tables[split].frame, columns, numbers) for split in named}
    if columns[0] not in HASHES:
        largest = max(keys.values(), key=len)
        if largest.nunique() < DISTINCT * len(largest):
            why = f"content_hash: {', '.join(columns)} are alike for too many examples"
            return (), {}, (*lacking, why)
        keys = {split: _rare(key, list(keys.values())) for split, key in keys.items()}
    return columns, keys, tuple(lacking)


def _columns(frames: list[pd.DataFrame]) -> list[str]:
    """Name what every split has and what tells contents apart: a hash alone where there is one."""
    shared = [str(n) for n in frames[0].columns if all(n in f for f in frames)] if frames else []
    for name in HASHES:
        if name in shared:
            return [name]
    found = [name for name in shared if name.startswith((META, PROBA))]
    return ["y", *found] if found and "y" in shared else found


def _numeric_columns(frame: pd.DataFrame) -> set[str]:
    return {
        str(name) for name, dtype in frame.dtypes.items() if pd.api.types.is_numeric_dtype(dtype)
    }


def _hash(frame: pd.DataFrame, columns: tuple[str, ...], numbers: set[str]) -> pd.Series:
    """Number the contents; 1 in one file and 1.0 in another are the same."""
    hashed = np.zeros(len(frame), dtype=np.uint64)
    for name, values in frame[list(columns)].items():
        if name in numbers:
            is_numpy = isinstance(values.dtype, np.dtype)  # to_numpy with na_value takes far longer
            column = pd.util.hash_array(
                np.asarray(values, dtype=np.float64)
                if is_numpy
                else values.to_numpy(np.float64, na_value=np.nan)
            )
        else:
            column = pd.util.hash_array(values.astype(str).to_numpy(object))
        hashed = hashed * HASH_FACTOR + column  # modulo 2 ** 64
    return pd.Series(hashed, index=frame.index).astype("UInt64")  # has room for a missing value


def _rare(key: pd.Series, others: list[pd.Series]) -> pd.Series:
    """Blank out contents that are common within any split."""
    counts = [other.value_counts() for other in others]
    common = {value for count in counts for value in count.index[count > COMMON]}
    return key.where(~key.isin(common))


def _shared(
    first: PredictionTable,
    second: PredictionTable,
    keys: Mapping[str, pd.Series],
    names: tuple[str, str],
) -> dict[str, np.ndarray]:
    """Describe of each example of the later split whether the earlier one has its like."""
    found = {}
    if keys:
        earlier, later = keys[names[0]].dropna(), keys[names[1]]
        found["content"] = (later.isin(earlier) & later.notna()).to_numpy(bool)
    if first.has("group_id") and second.has("group_id"):
        within = first.has("domain") and second.has("domain")
        earlier, later = _groups(first, within=within), _groups(second, within=within)
        # Distinct names: pandas takes each of a column of text apart, which is slow.
        found["group"] = later.isin(earlier.unique()).to_numpy(bool)
    return found


def _groups(table: PredictionTable, *, within: bool) -> pd.Series:
    """Name groups; they are assigned by domain, so that one name in two domains is two groups."""
    names = table.frame["group_id"].astype(str)
    return table.frame["domain"].astype(str) + "/" + names if within else names


def _error(
    table: PredictionTable,
    kept: np.ndarray,
    rng: np.random.Generator,
    n_resamples: int,
    confidence: float,
) -> Estimate | None:
    if not kept.any():
        return None
    names = table.frame["group_id" if table.has("group_id") else "example_id"].to_numpy(str)
    places = np.flatnonzero(kept)
    places = places[np.argsort(table.frame["example_id"].to_numpy(str)[places], kind="stable")]
    return estimate(
        table.loss[places],
        table.weight[places],
        names[places],
        rng,
        n_resamples=n_resamples,
        confidence=confidence,
    )
