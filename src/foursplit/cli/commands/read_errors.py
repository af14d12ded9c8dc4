"""Draw an experiment's dev errors into its source's sheet, and make a page to read them on."""

from pathlib import Path

import click
import pandas as pd

from foursplit import plugins
from foursplit.config import paths
from foursplit.config.load import load
from foursplit.core.errors import FoursplitError
from foursplit.core.seeds import generator
from foursplit.core.terminal import line
from foursplit.data import load_splits
from foursplit.diagnosis.error_analysis import annotation_sheet as sheets
from foursplit.diagnosis.error_analysis import eyeball
from foursplit.diagnosis.prediction_table import META, Table, check
from foursplit.evaluation import prediction_tables
from foursplit.io import artifacts
from foursplit.io.seed_folders import seed_folders
from foursplit.reporting.render import render
from foursplit.reporting.tables import examples


def read_errors(key: str, seed: int) -> None:
    """Add what `key` gets wrong to `data/tags/<source>.csv`; what is filled in there stays."""
    experiment = load().experiment(key)
    folder = paths.predictions(experiment.group) / key
    made = seed_folders(folder)
    if not made:
        raise FoursplitError(f"{key}: not evaluated yet; run `foursplit repro {key}`")
    dev = prediction_tables.load(made[0], "dev")
    table = check(dev, "dev")
    parted = eyeball.part(table)
    drawn = sheets.sheet(parted.eyeball, generator("sheet", seed))
    path = paths.tags(experiment.source)
    kept = _filled(path, table, drawn)
    merged = pd.concat([kept, drawn[~drawn["example_id"].isin(kept["example_id"])]])
    own = [str(name) for name in kept if name not in drawn]
    path.parent.mkdir(parents=True, exist_ok=True)
    sheets.write_with(merged.fillna(dict.fromkeys(own, "")), path, own)
    page = paths.reports() / "reading" / f"{key}.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    artifacts.write_text(page, _page(key, experiment.source, dev, drawn))
    wrong = int(drawn["is_error"].sum())
    click.echo(line(parted.note))
    click.echo(f"Read: {page} ({wrong} errors, {len(drawn) - wrong} correct answers)")
    click.echo(
        f"Fill in: {path}: tags (several parted by ;), label_audit (ok, wrong, ambiguous), "
        f"comment; {len(kept)} rows were filled in before. Then: foursplit repro {key}"
    )


def _filled(path: Path, dev: Table, drawn: pd.DataFrame) -> pd.DataFrame:
    """Keep the rows in which somebody wrote something, beside this model's answers to them.

    A reader's own columns are kept as they are; they stand behind ours.
    """
    if not path.is_file():
        return drawn.iloc[:0]
    there = sheets.read(path)
    own = [str(name) for name in there if name not in drawn]
    there, own = _as_written(there, path, own)
    said = sheets.read_by(there)
    # What we once showed and do not show now is no word of a reader's.
    words = [n for n in own if n not in sheets.SHOWN and not n.startswith(META)]
    any_word = there[words].apply(lambda cells: cells.str.strip() != "").any(axis=1)
    there = there[there["example_id"].isin(said) | any_word]
    gone = there["example_id"][~there["example_id"].isin(dev.frame["example_id"])].tolist()
    if gone:
        raise FoursplitError(
            f"{path}: {len(gone)} row(s) that were filled in are of examples no longer on dev, "
            f"such as {gone[0]!r}: take them out, or undo the change of data or split"
        )
    shown = [name for name in drawn if name not in sheets.FILLED]
    kept = there[["example_id", *sheets.FILLED, *own]].merge(dev.frame[shown], on="example_id")
    return kept[[*drawn, *own]]


def _as_written(there: pd.DataFrame, path: Path, own: list[str]) -> tuple[pd.DataFrame, list[str]]:
    """Return a reader's own columns as the file has them, with the blanks of their headings."""
    heading = path.read_text("utf-8-sig", "replace").partition("\n")[0]
    cells = pd.read_csv(
        path, sep=max(",;\t", key=heading.count), dtype=str, keep_default_na=False,
        encoding="utf-8-sig", encoding_errors="replace",
    )  # fmt: skip
    headings = {str(name).strip(): str(name) for name in cells}
    if len(cells) != len(there) or not {*own} <= {*headings}:
        return there, own  # of another form: as it was read
    written = [headings[name] for name in own]
    columns = {name: cells[name].to_numpy() for name in written}
    return there.drop(columns=own).assign(**columns), written


def _page(key: str, name: str, dev: pd.DataFrame, drawn: pd.DataFrame) -> str:
    declared = plugins.dataset(name).SOURCE
    inputs = load_splits.load(name, "dev")
    rows = dev.set_index("example_id").loc[drawn["example_id"]].reset_index()
    return render(
        "reading.html",
        {
            "key": key,
            "source": declared,
            "examples": examples.shown(rows, inputs, declared),
            "features": examples.features(inputs, declared),
        },
    )
