"""Stage final: the winner's four tables, the sealed test among them."""

from dataclasses import asdict

from foursplit import plugins
from foursplit.config import paths
from foursplit.config.load import load
from foursplit.core.splits import SPLITS, TITLES
from foursplit.evaluation import diagnose, prediction_tables
from foursplit.evaluation.final import four_tables
from foursplit.evaluation.summary import summarise
from foursplit.io import artifacts
from foursplit.io.seed_folders import seed_folders
from foursplit.training import manifest as manifests


def run(name: str) -> str:
    """Fill `data/final/<group>`: a diagnosis; for each of the winner's seeds tables and summary."""
    params = load()
    group = params.group(name)
    winner = artifacts.read_json(paths.selected(name))["winner"]
    declared = plugins.dataset(group.source).SOURCE
    models = []
    with artifacts.replacing_folder(paths.final(name)) as folder:
        for trained in seed_folders(paths.models(name, winner)):
            made = four_tables(name, group.source, trained, params.run)
            part = folder / trained.name
            part.mkdir()
            for split, table in made.items():
                prediction_tables.save(part, split, table)
            models.append(diagnose.checked(made, group.source, trained.name))
            summary = summarise(made, models[-1], group, declared, params.strategy)
            manifest = asdict(manifests.load(trained))
            artifacts.write_json(part / "summary.json", {**summary, "manifest": manifest})
        told = diagnose.diagnose(models, group, declared, params.strategy)
        artifacts.write_json(paths.diagnosis(folder), told)
    errors = " · ".join(f"{TITLES[s]} {told['splits'][s]['value']:.2%}" for s in SPLITS)
    return f"{winner}: {errors}. {told['verdict']['sentence']}"
