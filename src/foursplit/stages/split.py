"""Stage split: four splits, groups whole, duplicates removed, test sealed."""

from foursplit import plugins
from foursplit.config import paths
from foursplit.config.load import load
from foursplit.core.splits import SPLITS, TITLES
from foursplit.data import store
from foursplit.data.split_examples import (
    equal_row_warnings,
    split_examples,
    split_report,
    time_split,
    write_splits,
)
from foursplit.io import artifacts


def run(name: str) -> str:
    """Write `data/split/<name>` with seen/, sealed/ and report.json."""
    rule = load().dataset(name).split
    examples, meta = store.load(paths.valid(name), "examples"), plugins.dataset(name).SPEC
    splits, aside = split_examples(examples, meta, rule)
    by_time = time_split(examples, meta, rule)
    report = split_report(examples, splits, aside, meta, by_time)
    write_splits(paths.split(name), examples, splits, aside)
    artifacts.write_json(paths.split(name) / "report.json", report)
    counts = " · ".join(f"{TITLES[s]} {report['splits'][s]['n']:,}" for s in SPLITS)
    said = [f"{counts} · removed {int(aside.sum())}", *equal_row_warnings(examples, meta)]
    if by_time is not None:
        said += [f"{TITLES[s]}: {' to '.join(report['time']['windows'][s])}" for s in SPLITS]
    return "\n".join(said)
