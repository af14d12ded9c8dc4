"""Prediction tables off the disk: CSV, Parquet or Feather files, each named after its split."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.cell_values import same_types
from foursplit.diagnosis.label_checks import refuse_strangers
from foursplit.diagnosis.prediction_table import (
    SPLITS,
    Model,
    PredictionTable,
    require_columns,
    validate_typed,
)
from foursplit.diagnosis.read_options import (
    ReadOptions,
    note_unnamed,
    prepare_frames,
    split_of_file,
)
from foursplit.io import tabular
from foursplit.io.seed_folders import seed_folders

AS_TABLES_ARE = ReadOptions()


def read_folder(folder: Path, options: ReadOptions = AS_TABLES_ARE) -> list[Model]:
    """Read a folder of tables, or one of `seed_*` folders, which are one model's seeds."""
    return read_folders([folder], options)[0]


def read_folders(
    folders: Sequence[Path], options: ReadOptions = AS_TABLES_ARE
) -> list[list[Model]]:
    """Read several models' folders, or single files, so that ids and labels compare among them."""
    files = [_folders(folder) for folder in folders]
    paths = {path for found in files for splits in found.values() for path in splits.values()}
    frames = _frames(sorted(paths), options)
    by_file = {
        str(path): split
        for found in files
        for splits in found.values()
        for split, path in splits.items()
    }
    frames = prepare_frames(frames, by_file, options)
    return [
        [
            _model(folder.name, {split: str(path) for split, path in splits.items()}, frames)
            for folder, splits in found.items()
        ]
        for found in files
    ]


def models_from_frames(
    seeds: Mapping[str, Mapping[str, pd.DataFrame]], options: ReadOptions = AS_TABLES_ARE
) -> list[Model]:
    """Return a model for each seed from its frames by split, checked as files are."""
    frames: dict[str, pd.DataFrame] = {}
    splits: dict[str, str] = {}
    for seed, tables in seeds.items():
        for split, frame in tables.items():
            at = split if len(seeds) == 1 else f"{seed}, {split}"
            frames[at], splits[at] = options.complete(frame, at), split
            require_columns(frames[at], at)
    frames = prepare_frames(same_types(frames), splits, options)
    names = iter(frames)
    return [
        _model(seed, {split: next(names) for split in tables}, frames)
        for seed, tables in seeds.items()
    ]


def _folders(folder: Path) -> dict[Path, dict[str, Path]]:
    """List the files of each seed by their splits; of a single file, that one."""
    if folder.is_file():
        return {folder: {split_of_file(folder, tabular.stem(folder)): folder}}
    if not folder.is_dir():
        raise FoursplitError(f"{folder}: no such folder")
    seeds = seed_folders(folder)
    return {path: _files(path) for path in seeds or [folder]}


def _files(folder: Path) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for path in sorted(p for p in folder.iterdir() if tabular.is_table(p)):
        split = split_of_file(path, tabular.stem(path))
        if split in files:
            raise FoursplitError(f"{path}: split {split!r} is in {files[split].name} too")
        files[split] = path
    if not files:
        wanted = ", ".join(f"{split}.parquet or .csv" for split in SPLITS)
        raise FoursplitError(f"{folder}: no table; it may have {wanted}")
    return {split: files[split] for split in SPLITS if split in files}


def _frames(paths: Sequence[Path], options: ReadOptions) -> dict[str, pd.DataFrame]:
    frames = {}
    for path in paths:
        frames[str(path)] = options.complete(tabular.read_frame(path), str(path))
        require_columns(frames[str(path)], str(path))
    if options.note and not options.meta:
        note_unnamed(frames)
    return same_types(frames)


def _model(name: str, keys: Mapping[str, str], frames: Mapping[str, pd.DataFrame]) -> Model:
    """Return a model from its frames; `keys` are theirs, by split."""
    tables = {split: validate_typed(frames[key], split, key) for split, key in keys.items()}
    _refuse_shared_ids(tables.values())
    judged = [split for split, key in keys.items() if "loss" not in frames[key]]
    flagged = [split for split, key in keys.items() if "is_error" in frames[key]]
    refuse_strangers(tables, judged, flagged, tabular.print_note)
    return Model(tables=tables, name=name)


def _refuse_shared_ids(tables: Iterable[PredictionTable]) -> None:
    """Raise for an example that stands in two splits: what was learnt cannot be judged on."""
    tables = list(tables)
    everything = pd.concat([table.frame["example_id"] for table in tables], ignore_index=True)
    again = everything.duplicated()
    if not again.any():
        return
    shared = everything[again].iloc[0]
    named = [t for t in tables if t.frame["example_id"].eq(shared).any()]
    first, second = named[0], named[1]
    row = int(np.flatnonzero(second.frame["example_id"].eq(shared))[0]) + 1
    raise FoursplitError(
        f"{second.path or second.split}: column 'example_id', row {row}: {shared!r} is in "
        f"{first.split!r} too ({int(again.sum()):,} such rows): an example belongs to one split"
    )
