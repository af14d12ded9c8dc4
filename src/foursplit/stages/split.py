"""Stage split: four splits, groups whole, duplicates set aside, test sealed."""

from foursplit.core import artifacts, paths, source
from foursplit.core.params import load
from foursplit.core.split import SPLITS, TITLES
from foursplit.data import store
from foursplit.data.split import describe, equal_rows, part, write


def run(name: str) -> str:
    """Fill `data/split/<name>` with seen/, sealed/ and report.json."""
    rule = load().source(name).split
    examples, meta = store.load(paths.valid(name), "examples"), source.module(name).SOURCE
    splits, aside = part(examples, meta, rule)
    report = describe(examples, splits, aside, meta)
    write(paths.split(name), examples, splits, aside)
    artifacts.write_json(paths.split(name) / "report.json", report)
    counts = " · ".join(f"{TITLES[s]} {report['splits'][s]['n']:,}" for s in SPLITS)
    said = [f"{counts} · set aside {int(aside.sum())}", *equal_rows(examples, meta)]
    return "\n".join(said)
