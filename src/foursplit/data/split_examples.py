"""Part a source's examples into seen (train, train-dev, dev) and sealed (test)."""

from pathlib import Path
from typing import Any

import numpy as np

from foursplit.config.schema import SplitRule
from foursplit.core.dataset_spec import Source
from foursplit.core.errors import FoursplitError
from foursplit.core.examples import OFFICIAL, PUBLISHED, Examples
from foursplit.core.splits import SEEN, SPLITS
from foursplit.data import assign, duplicates, store
from foursplit.diagnosis.error_analysis.tags import wilson
from foursplit.diagnosis.stats.power import detectable_gain
from foursplit.io import artifacts

MIN_GROUPS = 30  # fewer cannot carry an interval
SAME = 0.5  # share of rows that must differ, else it is said that equal ones are a group
TYPICAL_ERROR = 0.1  # error at which the half width of an interval is stated


def part(examples: Examples, source: Source, rule: SplitRule) -> tuple[np.ndarray, np.ndarray]:
    """Name every row's split, and mark the rows set aside as duplicates."""
    rows = examples.rows
    splits = assign.assign(
        rows["group_id"].to_numpy(), rows["domain"].to_numpy(), source.domains, rule
    )
    if rule.official:
        splits = assign.honour(splits, _published(examples, source))
    exact = duplicates.exact(rows["content"].to_numpy(), splits)
    near = duplicates.near(examples.x, splits, rule.near_duplicate)
    # A publisher may have parted a group: what judges keeps it, as with a duplicate.
    parted = duplicates.exact((rows["domain"] + "\0" + rows["group_id"]).to_numpy(), splits)
    aside = exact | near | parted
    assign.check_filled(splits[~aside], "; ".join(equal_rows(examples, source)))
    check_groups(examples.take(~aside), splits[~aside])
    return splits, aside


def _published(examples: Examples, source: Source) -> np.ndarray:
    if OFFICIAL not in examples.rows.columns:
        raise FoursplitError(
            f"split.protocol: official, but read() of {source.title!r} gives no column "
            f"{OFFICIAL!r} ({', '.join(PUBLISHED)}); without one: protocol: hash"
        )
    return examples.rows[OFFICIAL].to_numpy(object)


def check_groups(examples: Examples, splits: np.ndarray) -> None:
    """Refuse a group that lies in two splits."""
    rows = examples.rows
    seen: dict[tuple[str, str], str] = {}
    pairs = zip(rows["domain"].tolist(), rows["group_id"].tolist(), splits.tolist(), strict=True)
    for domain, group, split in pairs:
        first = seen.setdefault((domain, group), split)
        if first != split:
            raise FoursplitError(
                f"group {group!r} of domain {domain!r} lies in {first} and in {split}: a group is "
                "never parted."
            )


def equal_rows(examples: Examples, source: Source) -> list[str]:
    """Say of each domain where rows with equal inputs, as one group each, leave few groups.

    They are one group where the source names none: parted, they would be learnt and judged on.
    """
    if source.group:
        return []
    said = []
    for name, block in examples.rows.groupby("domain"):
        n, n_groups = len(block), int(block["group_id"].nunique())
        if n_groups < min(n, max(MIN_GROUPS, SAME * n)):
            said.append(
                f"the {n:,} rows of domain {name!r} have {n_groups:,} distinct inputs, and rows "
                "with equal inputs are one group, for the source names no other: what is measured "
                f"rests on {n_groups:,} groups; add inputs that tell rows apart, or name a group"
            )
    return said


def write(folder: Path, examples: Examples, splits: np.ndarray, aside: np.ndarray) -> None:
    """Write the four splits under `folder`, seen and sealed apart."""
    with artifacts.replacing_folder(folder / "seen") as seen:
        for split in SEEN:
            store.save(seen, split, examples.take((splits == split) & ~aside))
    with artifacts.replacing_folder(folder / "sealed") as sealed:
        store.save(sealed, "test", examples.take((splits == "test") & ~aside))


def describe(
    examples: Examples, splits: np.ndarray, aside: np.ndarray, source: Source
) -> dict[str, Any]:
    """Say what was done: counts, shares, rows set aside, and what each split can tell apart."""
    rows = examples.rows
    kept = rows[~aside]
    few = sorted(
        str(name)
        for name, block in rows.groupby("domain")
        if block["group_id"].nunique() < MIN_GROUPS
    )
    return {
        "title": source.title,
        "n_examples": len(rows),
        "unit": source.group or f"row ({source.row_is_unit})",
        "domains": {
            name: {"role": role, "n": int((rows["domain"] == name).sum())}
            for name, role in source.domains.items()
        },
        "shifted": source.shifted,
        "few_groups": few,
        # Only where there is something to say.
        **({"equal_rows": equal} if few and (equal := equal_rows(examples, source)) else {}),
        "splits": {
            split: _describe_split(kept[splits[~aside] == split], len(rows)) for split in SPLITS
        },
        "set_aside": [
            {"example_id": name, "split": split}
            for name, split in zip(rows["example_id"][aside], splits[aside], strict=True)
        ],
    }


def _describe_split(rows: Any, n_all: int) -> dict[str, Any]:
    n = len(rows)
    lowest, highest = wilson(TYPICAL_ERROR, n, confidence=0.95)
    return {
        "n": n,
        "share": round(n / n_all, 6),
        "n_groups": int(rows["group_id"].nunique()),
        "domains": {str(k): int(v) for k, v in sorted(rows["domain"].value_counts().items())},
        "half_width_at_10_percent": round((highest - lowest) / 2, 6),
        "detectable_gain": round(detectable_gain(n), 6),
    }
