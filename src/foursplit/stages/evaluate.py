"""Stage evaluate: prediction tables for train (in evaluation mode), train-dev and dev."""

from dataclasses import asdict
from typing import Any

from foursplit.core import artifacts, paths, source
from foursplit.core.params import load
from foursplit.core.split import SEEN
from foursplit.data import seen
from foursplit.evaluation import tables
from foursplit.evaluation.predict import predictor
from foursplit.evaluation.summary import summarise
from foursplit.training import manifest as manifests


def run(key: str) -> str:
    """Fill `data/predictions/<group>/<key>` with tables and summary.json for each seed."""
    params = load()
    experiment = params.experiment(key)
    group = params.group(experiment.group)
    reference = source.module(experiment.source).SOURCE.reference
    splits = {split: seen.load(experiment.source, split) for split in SEEN}
    summary = {}
    with artifacts.replacing_folder(paths.predictions(experiment.group) / key) as folder:
        for model in sorted(paths.models(experiment.group, key).glob("seed_*")):
            manifest, answer = predictor(model, params.run)
            made = {
                split: tables.table(
                    examples, answer(examples), split, manifest.task, manifests.shape(manifest)
                )
                for split, examples in splits.items()
            }
            part = folder / model.name
            part.mkdir()
            for split, table in made.items():
                tables.save(part, split, table)
            summary = summarise(made, group, reference, params.strategy)
            summary["manifest"] = asdict(manifest)
            artifacts.write_json(part / "summary.json", summary)
    return _sentence(summary)


def _sentence(summary: dict[str, Any]) -> str:
    errors = " · ".join(
        f"{split} {entry['value']:.2%}" for split, entry in summary["splits"].items()
    )
    weak = "" if summary["baseline"]["dev"]["beaten"] else " NOT BETTER THAN THE TRIVIAL PREDICTOR."
    return f"{errors}.{weak} {summary['verdict']['sentence']}"
