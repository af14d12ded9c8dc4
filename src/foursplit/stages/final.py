"""Stage final: the winner's four tables, the sealed test among them."""

from foursplit import plugins
from foursplit.config import paths
from foursplit.config.load import load
from foursplit.core.splits import SPLITS, TITLES
from foursplit.evaluation import diagnose_experiment, experiment_tables, threshold, training_curves
from foursplit.evaluation.final import score_all_splits
from foursplit.evaluation.summary import summarize
from foursplit.io import artifacts
from foursplit.io.seed_folders import seed_folders
from foursplit.training import manifest as manifests


def run(name: str) -> str:
    """Write `data/final/<group>`: a diagnosis, and tables and a summary for each seed."""
    params = load()
    group = params.group(name)
    selected = artifacts.read_json(paths.selected(name))
    winner = selected["winner"]
    declared = plugins.dataset(group.dataset).SPEC
    models = []
    with artifacts.atomic_directory(paths.final(name)) as folder:
        for trained in seed_folders(paths.models(name, winner)):
            tables = score_all_splits(name, group.dataset, trained, params.run)
            frozen = selected.get("thresholds", {}).get(trained.name)
            tables = threshold.apply(tables, group, frozen)
            seed_folder = folder / trained.name
            seed_folder.mkdir()
            for split, table in tables.items():
                experiment_tables.save(seed_folder, split, table)
            models.append(
                diagnose_experiment.validate_tables(tables, group.dataset, trained.name, group)
            )
            summary = summarize(tables, models[-1], group, declared, params.diagnosis)
            summary |= {} if frozen is None else {"threshold": frozen}
            manifest = manifests.load(trained).as_json()
            artifacts.write_json(seed_folder / "summary.json", {**summary, "manifest": manifest})
        diagnosis = diagnose_experiment.diagnose(
            models,
            group,
            declared,
            params.diagnosis,
            experiment=params.experiment(winner),
            curves=training_curves.to_judge(params.experiment(winner), paths.models(name, winner)),
            candidates=len(selected["ranking"]) + params.looks(name),
        )
        artifacts.write_json(paths.diagnosis(folder), diagnosis)
    errors = " · ".join(f"{TITLES[s]} {diagnosis['splits'][s]['value']:.2%}" for s in SPLITS)
    return f"{winner}: {errors}. {diagnosis['verdict']['sentence']}"
