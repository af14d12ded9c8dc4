"""Split a dataset's examples into seen (train, train-dev, dev) and sealed (test)."""

from pathlib import Path
from typing import Any

import numpy as np

from foursplit.config.schema import SplitConfig
from foursplit.core.arrays import Ragged
from foursplit.core.dataset_spec import DatasetSpec
from foursplit.core.errors import FoursplitError
from foursplit.core.examples import OFFICIAL, PUBLISHED, TIME, Examples
from foursplit.core.splits import SEEN, SPLITS
from foursplit.data import assign, duplicates, raw_examples, store, texts
from foursplit.data.assign_by_time import TimeSplit, assign_by_time
from foursplit.diagnosis.stats.normal_power import detectable_gain
from foursplit.diagnosis.stats.proportions import wilson_interval
from foursplit.io import artifacts

MIN_GROUPS = 30  # fewer are too few for an interval
MIN_DISTINCT_FRACTION = 0.5  # of the rows; below, a warning says that equal rows are one group


TYPICAL_ERROR = 0.1
"""The error at which the report of a split gives a half width: the usual example of the courses."""


def split_examples(
    examples: Examples, dataset: DatasetSpec, rule: SplitConfig
) -> tuple[np.ndarray, np.ndarray]:
    """Return the split of every row, and a mask of the duplicates to remove."""
    rows = examples.metadata
    by_time = time_split(examples, dataset, rule)
    splits = assigned_splits(examples, dataset, rule) if by_time is None else by_time.splits
    exact = duplicates.mark_exact(rows["content"].to_numpy(), splits)
    near = _mark_near(examples, splits, dataset, rule.near_duplicate_distance)
    # The official split may split a group: as with a duplicate, the evaluation split keeps it.
    divided = duplicates.mark_exact((rows["domain"] + "\0" + rows["group_id"]).to_numpy(), splits)
    removed = exact | near | divided
    if by_time is not None:
        removed |= by_time.removed
    assign.require_non_empty(splits[~removed], "; ".join(equal_row_warnings(examples, dataset)))
    require_whole_groups(examples.take(~removed), splits[~removed])
    return splits, removed


def assigned_splits(examples: Examples, dataset: DatasetSpec, rule: SplitConfig) -> np.ndarray:
    """Return the split of every row, before duplicates are removed."""
    by_time = time_split(examples, dataset, rule)
    if by_time is not None:
        return by_time.splits
    rows = examples.metadata
    splits = assign.assign(
        rows["group_id"].to_numpy(), rows["domain"].to_numpy(), dataset.domains, rule
    )
    if rule.official:
        splits = assign.apply_official_split(splits, _official_split(examples, dataset))
    return splits


def time_split(examples: Examples, dataset: DatasetSpec, rule: SplitConfig) -> TimeSplit | None:
    """Return the split by time; None for another protocol."""
    if rule.protocol != "time":
        return None
    rows = examples.metadata
    if TIME not in rows.columns:
        raise FoursplitError(
            f"split.protocol is time, but the SPEC of {dataset.title!r} names no column `time`. "
            "Name the one with dates or numbers, or use `protocol: hash`."
        )
    groups = rows["group_id"].to_numpy() if dataset.group else None
    return assign_by_time(rows[TIME].to_numpy(), groups, rule.domains.source, rule.gap)


def _mark_near(
    examples: Examples, splits: np.ndarray, dataset: DatasetSpec, limit: float
) -> np.ndarray:
    """Return a mask of near duplicates: by distance, or of texts by their words alone."""
    if isinstance(examples.x, Ragged):
        if not dataset.text or limit == 0:
            return np.zeros(len(examples), dtype=bool)
        folded = [" ".join(text.casefold().split()) for text in texts.to_texts(examples.x)]
        return duplicates.mark_exact(np.array(folded, dtype=object), splits)
    if dataset.columns:
        return raw_examples.mark_near(examples, dataset.columns, splits, limit)
    if dataset.dtype == "int32":  # numbers of things: between them is no distance
        return np.zeros(len(examples), dtype=bool)
    return duplicates.mark_near(examples.x, splits, limit)


def _official_split(examples: Examples, dataset: DatasetSpec) -> np.ndarray:
    if OFFICIAL not in examples.metadata.columns:
        raise FoursplitError(
            f"split.protocol is official, but read() of {dataset.title!r} returns no column "
            f"{OFFICIAL!r} ({', '.join(PUBLISHED)}). Add it, or use `protocol: hash`."
        )
    return examples.metadata[OFFICIAL].to_numpy(object)


def require_whole_groups(examples: Examples, splits: np.ndarray) -> None:
    """Raise if a group is in two splits."""
    rows = examples.metadata
    split_of: dict[tuple[str, str], str] = {}
    pairs = zip(rows["domain"].tolist(), rows["group_id"].tolist(), splits.tolist(), strict=True)
    for domain, group, split in pairs:
        first = split_of.setdefault((domain, group), split)
        if first != split:
            raise FoursplitError(
                f"group {group!r} of domain {domain!r} is in {first} and in {split}; a group must "
                "stay in one split."
            )


def equal_row_warnings(examples: Examples, dataset: DatasetSpec) -> list[str]:
    """Return a warning for each domain in which equal inputs leave few groups.

    Without a group column, rows with equal inputs are one group: split, they would be in train and
    in an evaluation split.
    """
    if dataset.group:
        return []
    warnings = []
    for name, block in examples.metadata.groupby("domain"):
        n, n_groups = len(block), int(block["group_id"].nunique())
        if n_groups < min(n, max(MIN_GROUPS, MIN_DISTINCT_FRACTION * n)):
            warnings.append(
                f"the {n:,} rows of domain {name!r} have {n_groups:,} distinct inputs, and equal "
                f"rows form one group, so all estimates rest on {n_groups:,} groups; add inputs "
                "that distinguish rows, or declare a group column"
            )
    return warnings


def write_splits(folder: Path, examples: Examples, splits: np.ndarray, removed: np.ndarray) -> None:
    """Write the four splits to `folder`/seen and `folder`/sealed."""
    with artifacts.atomic_directory(folder / "seen") as seen:
        for split in SEEN:
            store.save(seen, split, examples.take((splits == split) & ~removed))
    with artifacts.atomic_directory(folder / "sealed") as sealed:
        store.save(sealed, "test", examples.take((splits == "test") & ~removed))


def split_report(
    examples: Examples,
    splits: np.ndarray,
    removed: np.ndarray,
    dataset: DatasetSpec,
    by_time: TimeSplit | None = None,
) -> dict[str, Any]:
    """Return the split report: counts, shares, duplicates removed, and detectable differences."""
    rows = examples.metadata
    remaining = rows[~removed]
    duplicate = removed if by_time is None else removed & ~by_time.removed
    few = sorted(
        str(name)
        for name, block in rows.groupby("domain")
        if block["group_id"].nunique() < MIN_GROUPS
    )
    return {
        "title": dataset.title,
        "n_examples": len(rows),
        "unit": dataset.group or f"row ({dataset.row_is_unit})",
        "domains": {
            name: {"role": role, "n": int((rows["domain"] == name).sum())}
            for name, role in dataset.domains.items()
        },
        "shifted": dataset.shifted,
        "few_groups": few,
        # Only if there is a warning.
        **(
            {"equal_rows": equal}
            if few and (equal := equal_row_warnings(examples, dataset))
            else {}
        ),
        "splits": {
            split: _describe_split(remaining[splits[~removed] == split], len(rows))
            for split in SPLITS
        },
        "removed_duplicates": [
            {"example_id": name, "split": split}
            for name, split in zip(rows["example_id"][duplicate], splits[duplicate], strict=True)
        ],
        **(
            {}
            if by_time is None
            else {"time": _describe_time(remaining, splits[~removed], by_time)}
        ),
    }


def _describe_time(remaining: Any, splits: np.ndarray, by_time: TimeSplit) -> dict[str, Any]:
    """Return the first and last time of each split, and how many rows the protocol left out."""
    times = remaining[TIME]
    return {
        "removed_by_group": int(by_time.by_group.sum()),
        "removed_by_gap": int((by_time.by_gap & ~by_time.by_group).sum()),
        "windows": {
            split: [str(times[splits == split].min()), str(times[splits == split].max())]
            for split in SPLITS
        },
    }


def _describe_split(rows: Any, n_all: int) -> dict[str, Any]:
    n = len(rows)
    lowest, highest = wilson_interval(TYPICAL_ERROR, n, confidence=0.95)
    return {
        "n": n,
        "share": round(n / n_all, 6),
        "n_groups": int(rows["group_id"].nunique()),
        "domains": {str(k): int(v) for k, v in sorted(rows["domain"].value_counts().items())},
        # At an error of 10 %: the course's usual example.
        "half_width_at_10_percent": round((highest - lowest) / 2, 6),
        "detectable_gain": round(detectable_gain(n), 6),
    }
