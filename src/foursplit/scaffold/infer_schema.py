"""Infer the schema of a CSV file: inputs, target, group, time, and what is left out and why."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from foursplit.core.column import Column
from foursplit.core.errors import FoursplitError, unknown_name
from foursplit.core.examples import OFFICIAL
from foursplit.scaffold import infer_columns
from foursplit.scaffold.infer_columns import ROW_NUMBER, ColumnFinding
from foursplit.scaffold.infer_target import Target, infer_target

RESERVED = ("domain", OFFICIAL)
"""Columns of `read()` with a meaning in Foursplit; such columns of a file are renamed."""

RARE_SHARE = 0.2  # a class with a smaller share of the rows is rare


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the user says of the columns, by their names in the file."""

    drop: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    group: str | None = None
    time: str | None = None
    task: str | None = None
    positive: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """Use of each column, by its name in the dataset."""

    target: Target
    findings: tuple[ColumnFinding, ...]  # of all columns but the target, in the file's order
    n_rows: int
    renamed: dict[str, str]
    group: str | None = None
    time: str | None = None
    time_column: Column | None = None
    show: tuple[str, ...] = ()
    hints: tuple[str, ...] = field(default=())

    @property
    def inputs(self) -> dict[str, Column]:
        return infer_columns.used_as_inputs(self.findings)

    @property
    def preprocess(self) -> dict[str, Any] | None:
        """Return `fit.preprocess` where its defaults do not fit: dates of rows split by time."""
        has_dates = any(column.kind == "date" for column in self.inputs.values())
        return {"date": "calendar"} if self.time and has_dates else None

    @property
    def categories(self) -> dict[str, tuple[str, ...]]:
        """Return the values of the categorical inputs that have few."""
        return {f.name: f.categories for f in self.findings if f.column and f.categories}


def infer_schema(
    frame: pd.DataFrame, target: str, at: str = "the file", wishes: Wishes | None = None
) -> Schema:
    """Infer the use of each column of a frame from `tabular.read_frame`."""
    said = wishes or Wishes()
    _require_known(frame, target, said, at)
    renamed = _rename_reserved(frame.columns)
    frame, attrs = _rename(frame, renamed, at), frame.attrs
    frame.attrs = attrs
    target = renamed.get(target, target)
    names = [str(name) for name in frame.columns if name != target]
    found = [infer_columns.infer_column(frame, name, at) for name in names]
    found = _rescue_row_numbers(found)
    group, time = (renamed.get(name, name) if name else None for name in (said.group, said.time))
    findings = tuple(_apply(each, said, renamed, group, time) for each in found)
    goal = infer_target(frame, target, said.task, said.positive, at)
    time_column = _time_column(found, time, at)
    _require_whole_groups(found, group, at)
    if not any(each.column for each in findings):
        others = "".join(f"; {each.name!r} {each.why}" for each in findings)
        raise FoursplitError(
            f"{at}: no usable input column besides the target {target!r}{others}. `--keep COLUMN` "
            "uses one all the same"
        )
    return Schema(
        target=goal,
        findings=findings,
        n_rows=len(frame),
        renamed=renamed,
        group=group,
        time=time,
        time_column=time_column,
        show=_shown(findings, group, time),
        hints=tuple(_hints(frame, found, goal, group, time)),
    )


def _require_known(frame: pd.DataFrame, target: str, said: Wishes, at: str) -> None:
    if target not in frame.columns:
        raise unknown_name("column", target, map(str, frame.columns), at)
    options = {"--group": [said.group], "--time": [said.time]}
    options |= {"--drop": [*said.drop], "--keep": [*said.keep]}
    for option, names in options.items():
        for name in names:
            if name is not None and name not in frame.columns:
                raise unknown_name(f"column of {option}", name, map(str, frame.columns), at)
            if name == target:
                raise FoursplitError(f"{option} {name!r}: this is the target")
    both = sorted({*said.drop} & {*said.keep})
    if both:
        raise FoursplitError(f"--drop and --keep both name {both[0]!r}")


def _apply(
    found: ColumnFinding,
    said: Wishes,
    renamed: Mapping[str, str],
    group: str | None,
    time: str | None,
) -> ColumnFinding:
    """Return what the user makes of a column."""
    drop, keep = ({renamed.get(name, name) for name in names} for names in (said.drop, said.keep))
    if found.name in keep:
        if found.column is not None:
            return found
        column = found.read_as or Column("category")
        return replace(found, column=column, why=f"--keep, though it {found.why}")
    if found.name in drop:
        return found.left_out("is dropped by --drop")
    if found.name == group:
        return found.left_out("is the group: its rows stay in one split")
    if found.name == time:
        return found.left_out(
            "is the time of the split: later rows have times that train never has"
        )
    return found


def _rescue_row_numbers(found: list[ColumnFinding]) -> list[ColumnFinding]:
    """Return row numbers as inputs if there is no other input: they may be times."""
    if any(each.column for each in found):
        return found
    return [
        replace(each, column=each.read_as, why="is the only input, though it " + each.why)
        if each.why.startswith(ROW_NUMBER)
        else each
        for each in found
    ]


def _require_whole_groups(found: list[ColumnFinding], group: str | None, at: str) -> None:
    for each in found:
        if each.name == group and each.n_missing:
            raise FoursplitError(
                f"{at}: --group: column {group!r}, row {each.first_missing}: the group is missing "
                f"({each.n_missing:,} such rows). Fill it in the file, e.g. with a separate group "
                "for each such row"
            )


def _time_column(found: list[ColumnFinding], time: str | None, at: str) -> Column | None:
    if time is None:
        return None
    one = next(each for each in found if each.name == time)
    column = one.column or one.read_as
    if column is None or column.kind not in ("date", "number"):
        raise FoursplitError(
            f"{at}: --time {time!r}: neither dates nor numbers, so rows have no order in time: it "
            f"{one.why}"
        )
    if one.n_missing:
        raise FoursplitError(
            f"{at}: --time {time!r}, row {one.first_missing}: the time is missing "
            f"({one.n_missing:,} such rows). Fill it in the file, or split without --time"
        )
    return column


def _shown(
    findings: tuple[ColumnFinding, ...], group: str | None, time: str | None
) -> tuple[str, ...]:
    """Return columns by which a person recognises a row: identifiers, group, time, texts."""
    return tuple(
        each.name
        for each in findings
        if each.name in (group, time)
        or (each.is_identifier and each.column is None and not each.why.startswith(ROW_NUMBER))
        or (each.column is not None and each.column.kind == "text")
    )


def _hints(
    frame: pd.DataFrame,
    found: list[ColumnFinding],
    target: Target,
    group: str | None,
    time: str | None,
) -> list[str]:
    hints = []
    for each in found:
        n_different = frame[each.name].nunique()
        repeats = each.is_identifier and 1 < n_different < len(frame)
        if group is None and repeats:
            hints.append(
                f"column {each.name!r} repeats ({n_different:,} values in {len(frame):,} rows): if "
                "its rows belong together, as those of a customer, add --group with its name"
            )
        read_as = each.column or each.read_as
        if time is None and read_as is not None and read_as.kind == "date":
            hints.append(
                f"column {each.name!r} has dates: if the model is to answer later rows, split by "
                "time: add --time with its name"
            )
    if target.shares and min(target.shares) < RARE_SHARE:
        rare, share = min(zip(target.classes, target.shares, strict=True), key=lambda each: each[1])
        hints.append(
            f"{share:.0%} of the rows are {rare!r}: to answer always another class errs rarely, so "
            "choose a metric of the group in params.yaml that sees them"
        )
    return hints


def _rename_reserved(names: Collection[str]) -> dict[str, str]:
    taken = {*names}
    return {name: _unique(f"{name}_in_file", taken) for name in RESERVED if name in taken}


def _rename(frame: pd.DataFrame, renamed: dict[str, str], at: str) -> pd.DataFrame:
    repeated = frame.columns[frame.columns.duplicated()]
    if len(repeated):
        raise FoursplitError(
            f"{at}: column {repeated[0]!r} exists twice. Rename or remove one of them"
        )
    return frame.rename(columns=renamed)


def _unique(name: str, taken: set[str]) -> str:
    """Return a unique name and add it to `taken`."""
    unique, n = name, 1
    while unique in taken:
        n += 1
        unique = f"{name}_{n}"
    taken.add(unique)
    return unique


def dataset_block(origin: str, *, by_time: bool = False) -> dict[str, Any]:
    """Return the params.yaml block of a dataset with one domain."""
    shares = {"train": 0.6, "train_dev": 0.1, "dev": 0.15, "test": 0.15}
    protocol = {"protocol": "time"} if by_time else {}
    split = {"seed": 1, **protocol, "domains": {"source": shares}, "near_duplicate_distance": 0.01}
    return {"origin": origin, "split": split}


def baseline_experiment(task_name: str, preprocess: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the params.yaml block of a first, linear model for the task."""
    model, arguments = {
        "regress": ("linear", {"degree": 1}),
        "classify_binary": ("logistic", {}),
        "classify": ("mlp", {"hidden": [], "dropout": 0.0}),
    }[task_name]
    fit = {"learning_rate": 0.03, "batch_size": 64, "max_epochs": 60, "seeds": [1]}
    fit |= {"preprocess": preprocess} if preprocess else {}
    return {"model": model, "model_args": arguments, "fit": fit}
