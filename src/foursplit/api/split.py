"""`foursplit.split`: divide a data frame into train, train-dev, dev and test."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from foursplit.config.schema import SplitConfig, SplitDomains
from foursplit.core.dataset_spec import Role
from foursplit.core.errors import FoursplitError, unknown_name
from foursplit.core.splits import SPLITS
from foursplit.data.assign import assign
from foursplit.data.assign_by_time import assign_by_time

ONE_DISTRIBUTION = {"train": 0.7, "train_dev": 0.1, "dev": 0.1, "test": 0.1}
SOURCE = {"train": 0.9, "train_dev": 0.1}
TARGET = {"dev": 0.5, "test": 0.5}
"""Shares of the splits: in one distribution, and in source and target domains."""


def split(  # noqa: PLR0913, all by name
    frame: pd.DataFrame,
    *,
    group: str | None = None,
    domain: str | None = None,
    target: str | Iterable[str] = (),
    time: str | None = None,
    gap: float = 0.0,
    shares: Mapping[str, float] | None = None,
    seed: int = 1,
) -> dict[str, pd.DataFrame]:
    """Return the rows of train, train-dev, dev and test as data frames.

    Rows of one `group`, and equal rows, are in one split, and no row changes its split when rows
    are added.  Rows whose `domain` is one of `target` are dev and test: the data that the model is
    meant for; the others are train and train-dev.  With `time` the later rows are dev and test;
    rows nearer than `gap` (days, or the column's unit) to the next split are left out, and so are
    later rows of a group.  `shares` are fractions of the rows by split, without domains.

    Raises FoursplitError for an unknown column or domain, shares that do not add up to 1, and a
    split without rows.
    Source: Ng, DLS C3 W1 and W2 (train-dev set).
    """
    for column in (group, domain, time):
        if column is not None and column not in frame:
            raise unknown_name("column", column, map(str, frame.columns), "split")
    targets = {target} if isinstance(target, str) else {*target}
    if bool(targets) != (domain is not None):
        raise FoursplitError(
            "split: `domain` (a column) and `target` (its values that dev and test come from) "
            "need each other"
        )
    if domain is not None and (time is not None or shares is not None):
        raise FoursplitError("split: `domain` fixes the shares; leave out `time` and `shares`")
    chosen = dict(shares or ONE_DISTRIBUTION)
    _require_shares(chosen)
    groups = _groups(frame, group)
    removed = np.zeros(len(frame), dtype=bool)
    if time is not None:
        by_time = assign_by_time(_times(frame[time]), groups if group else None, chosen, gap)
        splits, removed = by_time.splits, by_time.removed
    else:
        domains, roles = _domains(frame, domain, targets)
        rule = (
            SplitDomains(source=SOURCE, target=TARGET) if targets else SplitDomains(source=chosen)
        )
        splits = assign(groups, domains, roles, SplitConfig(seed=seed, domains=rule))
    found: dict[str, pd.DataFrame] = {name: frame[(splits == name) & ~removed] for name in SPLITS}
    empty = [name for name, rows in found.items() if rows.empty]
    if empty:
        counts = {name: len(rows) for name, rows in found.items()}
        n_groups = len({*groups.tolist()})
        raise FoursplitError(
            f"split: {', '.join(empty)} has no rows ({counts}; {n_groups:,} groups). Give a larger "
            "share, or more groups"
        )
    return found


def _require_shares(shares: Mapping[str, float]) -> None:
    unknown = [name for name in shares if name not in SPLITS]
    if unknown:
        raise unknown_name("split", unknown[0], SPLITS, "shares")
    missing = [name for name in SPLITS if not shares.get(name, 0.0) > 0]
    if missing or abs(sum(shares.values()) - 1) > 1e-9:
        raise FoursplitError(
            f"shares {dict(shares)}: give each of {', '.join(SPLITS)} a fraction above 0 that add "
            "up to 1"
        )


def _groups(frame: pd.DataFrame, group: str | None) -> np.ndarray:
    """Return the group of each row as text; without a column, rows with equal cells are a group."""
    if group is None:
        return pd.util.hash_pandas_object(frame, index=False).astype(str).to_numpy(object)
    missing = frame[group].isna().to_numpy()
    if missing.any():
        raise FoursplitError(
            f"split: column {group!r}, row {int(missing.argmax()) + 1}: no group. Fill it in: rows "
            "of one group must not be divided"
        )
    return frame[group].astype(str).to_numpy(object)


def _domains(
    frame: pd.DataFrame, domain: str | None, targets: set[str]
) -> tuple[np.ndarray, dict[str, Role]]:
    if domain is None:
        return np.full(len(frame), "all", dtype=object), {"all": "source"}
    domains = frame[domain].astype(str).to_numpy(object)
    values = sorted({*domains.tolist()})
    strange = sorted(targets - {*values})
    if strange:
        raise unknown_name("domain", strange[0], values, f"split: column {domain!r}")
    roles: dict[str, Role] = {v: "target" if v in targets else "source" for v in values}
    if "source" not in roles.values():
        raise FoursplitError(f"split: every domain of {domain!r} is a target; train needs another")
    return domains, roles


def _times(values: pd.Series) -> np.ndarray:
    """Return times as numbers or datetime64; raise for one that is missing or cannot be read."""
    is_number = pd.api.types.is_numeric_dtype(values)
    parsed = (
        values if is_number else pd.to_datetime(values, errors="coerce", utc=True, format="mixed")
    )
    bad = parsed.isna().to_numpy()
    if bad.any():
        row = int(bad.argmax())
        raise FoursplitError(
            f"split: column {values.name!r}, row {row + 1}: {values.iloc[row]!r} is no time. Give "
            "numbers or dates such as 2024-05-31"
        )
    return (
        parsed.to_numpy() if is_number else parsed.dt.tz_localize(None).to_numpy("datetime64[ns]")
    )
