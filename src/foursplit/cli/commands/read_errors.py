"""`foursplit error-sheet EXPERIMENT`: sample dev errors, with a page to read."""

from pathlib import Path

import click
import pandas as pd

from foursplit import plugins
from foursplit.config import paths
from foursplit.config.load import load
from foursplit.core.errors import FoursplitError
from foursplit.core.examples import SHOW
from foursplit.core.seeds import generator
from foursplit.core.terminal import line
from foursplit.data import load_splits
from foursplit.diagnosis.error_analysis import annotation_sheet as sheets
from foursplit.diagnosis.error_analysis import eyeball
from foursplit.diagnosis.prediction_table import META, PredictionTable, validate
from foursplit.evaluation import experiment_tables
from foursplit.io import artifacts
from foursplit.io.seed_folders import seed_folders
from foursplit.reporting.render import render
from foursplit.reporting.tables import examples


def read_errors(key: str, seed: int) -> None:
    """Write errors of `key` to `reports/reading/<key>.csv`, with the rows annotated so far.

    Rows that were annotated there since are taken over to `data/tags/<dataset>.csv`, which the
    pipeline reads and git tracks: to look at errors changes neither.
    """
    experiment = load().experiment(key)
    folder = paths.predictions(experiment.group) / key
    seeds = seed_folders(folder)
    if not seeds:
        raise FoursplitError(f"{key} is not evaluated yet. Run `foursplit repro {key}`.")
    dev = experiment_tables.load(seeds[0], "dev")
    table = validate(dev, "dev")
    split = eyeball.split_dev(table)
    sample = sheets.sheet(split.eyeball, generator("sheet", seed))
    tags = paths.tags(experiment.dataset)
    path = paths.reports() / "reading" / f"{key}.csv"
    annotated, n_new = _take_over(path, tags, table, sample)
    merged = pd.concat([annotated, sample[~sample["example_id"].isin(annotated["example_id"])]])
    extra = [str(name) for name in annotated if name not in sample]
    path.parent.mkdir(parents=True, exist_ok=True)
    sheets.write_with(merged.fillna(dict.fromkeys(extra, "")), path, extra)
    page = path.with_suffix(".html")
    artifacts.write_text(page, _page(key, experiment.dataset, dev, sample))
    n_errors = int(sample["is_error"].sum())
    click.echo(line(split.note))
    click.echo(f"Read: {page} ({n_errors} errors, {len(sample) - n_errors} correct predictions)")
    click.echo(
        f"Fill in: {path}: tags (separated by ;), label_audit (ok, wrong, ambiguous), "
        f"comment; {len(annotated)} rows were annotated before. Then run this command again: it "
        f"takes what you entered over to {tags}, which the pipeline reads."
    )
    if n_new:
        click.echo(
            f"{tags}: {n_new} annotated rows taken over. Next: `foursplit repro {key}`, and commit "
            "the file."
        )


def _take_over(
    path: Path, tags: Path, dev: PredictionTable, sample: pd.DataFrame
) -> tuple[pd.DataFrame, int]:
    """Return all annotated rows, and how many of `path` were written to `tags`, as new or other."""
    known = _annotated_rows(tags, dev, sample)
    entered = _annotated_rows(path, dev, sample)
    before, now = _entries(known), _entries(entered)
    changed = [name for name, cells in now.items() if before.get(name) != cells]
    if not changed:
        return known, 0
    kept = known[~known["example_id"].isin(now)]
    extra = [str(name) for name in {**entered, **known} if name not in sample]
    rows = pd.concat([kept, entered]).fillna(dict.fromkeys(extra, ""))
    tags.parent.mkdir(parents=True, exist_ok=True)
    sheets.write_with(rows, tags, extra)
    return rows, len(changed)


def _entries(rows: pd.DataFrame) -> dict[str, dict[str, str]]:
    """Return what was filled in by example: tags, audit, comment and a reader's own columns."""
    given = [str(name) for name in rows if name not in sheets.SHOWN]
    own = [name for name in given if not name.startswith((META, SHOW))]
    cells = rows[own].fillna("").astype(str).to_dict("records")
    return {
        name: {str(key): value for key, value in row.items() if value}
        for name, row in zip(rows["example_id"], cells, strict=True)
    }


def _annotated_rows(path: Path, dev: PredictionTable, sample: pd.DataFrame) -> pd.DataFrame:
    """Return the annotated rows of the sheet, with this model's predictions.

    Columns that a reader added are kept unchanged, after ours.
    """
    if not path.is_file():
        return sample.iloc[:0]
    sheet = sheets.read(path)
    extra = [str(name) for name in sheet if name not in sample]
    sheet, extra = _as_written(sheet, path, extra)
    read_ids = sheets.read_by(sheet)
    # Columns that an earlier version of ours wrote are no annotations.
    comments = [n for n in extra if n not in sheets.SHOWN and not n.startswith((META, SHOW))]
    has_comment = sheet[comments].apply(lambda cells: cells.str.strip() != "").any(axis=1)
    sheet = sheet[sheet["example_id"].isin(read_ids) | has_comment]
    removed = sheet["example_id"][~sheet["example_id"].isin(dev.frame["example_id"])].tolist()
    if removed:
        raise FoursplitError(
            f"{path}: {len(removed)} annotated row(s) are examples that dev no longer has, such as "
            f"{removed[0]!r}. Remove the rows, or undo the change of data or split."
        )
    columns = [name for name in sample if name not in sheets.FILLED]
    rows = sheet[["example_id", *sheets.FILLED, *extra]].merge(dev.frame[columns], on="example_id")
    return rows[[*sample, *extra]]


def _as_written(
    sheet: pd.DataFrame, path: Path, extra: list[str]
) -> tuple[pd.DataFrame, list[str]]:
    """Return the columns a reader added exactly as in the file, including spaces in headings."""
    heading = path.read_text("utf-8-sig", "replace").partition("\n")[0]
    cells = pd.read_csv(
        path,
        sep=max(",;\t", key=heading.count),
        dtype=str,
        keep_default_na=False,
        encoding="utf-8-sig",
        encoding_errors="replace",
    )
    headings = {str(name).strip(): str(name) for name in cells}
    if len(cells) != len(sheet) or not {*extra} <= {*headings}:
        return sheet, extra  # another layout: as parsed
    written = [headings[name] for name in extra]
    columns = {name: cells[name].to_numpy() for name in written}
    return sheet.drop(columns=extra).assign(**columns), written


def _page(key: str, name: str, dev: pd.DataFrame, sample: pd.DataFrame) -> str:
    spec = plugins.dataset(name).SPEC
    inputs = load_splits.load(name, "dev")
    rows = dev.set_index("example_id").loc[sample["example_id"]].reset_index()
    return render(
        "error_reading.html",
        {
            "key": key,
            "dataset": spec,
            "examples": examples.example_rows(rows, inputs, spec),
            "features": examples.features(inputs, spec),
        },
    )
