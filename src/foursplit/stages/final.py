"""Stage final: the winner's four tables, the sealed test among them."""

from dataclasses import asdict

from foursplit.core import artifacts, paths, source
from foursplit.core.params import load
from foursplit.core.split import TITLES
from foursplit.evaluation import tables
from foursplit.evaluation.final import four_tables
from foursplit.evaluation.summary import summarise
from foursplit.training import manifest as manifests


def run(name: str) -> str:
    """Fill `data/final/<group>` with tables and summary.json for each seed of the winner."""
    params = load()
    group = params.group(name)
    winner = artifacts.read_json(paths.selected(name))["winner"]
    reference = source.module(group.source).SOURCE.reference
    message = ""
    with artifacts.replacing_folder(paths.final(name)) as folder:
        for model in sorted(paths.models(name, winner).glob("seed_*")):
            made = four_tables(name, group.source, model, params.run)
            part = folder / model.name
            part.mkdir()
            for split, table in made.items():
                tables.save(part, split, table)
            summary = summarise(made, group, reference, params.strategy)
            summary["manifest"] = asdict(manifests.load(model))
            artifacts.write_json(part / "summary.json", summary)
            errors = " · ".join(
                f"{TITLES[s]} {e['value']:.2%}" for s, e in summary["splits"].items()
            )
            message = f"{winner}: {errors}. {summary['verdict']['sentence']}"
    return message
