"""Stage evaluate: prediction tables for train (in evaluation mode), train-dev and dev."""

from typing import Any

from foursplit import plugins
from foursplit.config import paths
from foursplit.config.load import load
from foursplit.core.splits import SEEN
from foursplit.data import load_splits
from foursplit.evaluation import (
    diagnose_experiment,
    experiment_tables,
    kept_answers,
    threshold,
    training_curves,
)
from foursplit.evaluation.predict import load_predictor
from foursplit.evaluation.summary import summarize
from foursplit.io import artifacts
from foursplit.io.seed_folders import seed_folders
from foursplit.training import manifest as manifests


def run(key: str) -> str:
    """Write `data/predictions/<group>/<key>`: a diagnosis; for each seed tables and a summary."""
    params = load()
    experiment = params.experiment(key)
    group = params.group(experiment.group)
    declared = plugins.dataset(experiment.dataset).SPEC
    splits = {split: load_splits.load(experiment.dataset, split) for split in SEEN}
    models, beaten = [], True
    with artifacts.atomic_directory(paths.predictions(experiment.group) / key) as folder:
        for trained in seed_folders(paths.models(experiment.group, key)):
            manifest, answer = load_predictor(trained, params.run)
            tables = {
                split: experiment_tables.build_table(
                    examples, answer(examples), split, manifest.task, manifests.shape(manifest)
                )
                for split, examples in splits.items()
            }
            chosen = threshold.chosen_on_dev(tables, group)
            tables = threshold.apply(tables, group, chosen)
            seed_folder = folder / trained.name
            seed_folder.mkdir()
            for split, table in tables.items():
                experiment_tables.save(seed_folder, split, table)
            kept_answers.save(seed_folder, answer, splits["dev"], tables["dev"])
            models.append(
                diagnose_experiment.validate_tables(tables, experiment.dataset, trained.name, group)
            )
            summary = summarize(tables, models[-1], group, declared, params.diagnosis)
            summary |= {} if chosen is None else {"threshold": chosen}
            beaten = beaten and summary["baseline"]["dev"]["beaten"]
            artifacts.write_json(
                seed_folder / "summary.json", {**summary, "manifest": manifest.as_json()}
            )
        diagnosis = diagnose_experiment.diagnose(
            models,
            group,
            declared,
            params.diagnosis,
            experiment=experiment,
            curves=training_curves.to_judge(experiment, paths.models(experiment.group, key)),
        )
        artifacts.write_json(paths.diagnosis(folder), diagnosis)
    return _sentence(diagnosis, beaten=beaten)


def _sentence(diagnosis: dict[str, Any], *, beaten: bool) -> str:
    errors = " · ".join(f"{split} {diagnosis['splits'][split]['value']:.2%}" for split in SEEN)
    weak = "" if beaten else " NOT BETTER THAN THE BASELINE."
    return f"{errors}.{weak} {diagnosis['verdict']['sentence']}"
