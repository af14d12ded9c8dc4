"""A summary names the model that its tables are of, as the model's own manifest does."""

import pytest

from foursplit.config import paths
from foursplit.config.fit import Pretrained, TrainerConfig
from foursplit.io import artifacts
from foursplit.stages import evaluate, fetch, final, members, select, split, train, validate
from foursplit.training import manifest, pretrained

KEY, GROUP = "c2w3_wine_softmax", "c2w3_wine"


@pytest.fixture
def wine(project):
    path = project / "params.yaml"
    path.write_text(path.read_text().replace("max_epochs: 200", "max_epochs: 5"))
    for stage in (fetch, validate, split):
        stage.run("wine")
    train.run(KEY)
    return project


def test_the_gate_finds_the_manifest_in_the_summaries(wine):
    """With another field in one of them, `foursplit gate` took the tables for an older model's."""
    evaluate.run(KEY)
    members.run()
    select.run(GROUP)
    final.run(GROUP)
    written = artifacts.read_json(paths.seed_folder(paths.models(GROUP, KEY), 1) / manifest.NAME)
    for folder in (paths.predictions(GROUP) / KEY, paths.final(GROUP)):
        summary = artifacts.read_json(paths.seed_folder(folder, 1) / "summary.json")
        assert summary["manifest"] == written
    assert "pretrained" not in written


def test_the_manifest_says_what_the_initial_weights_were(wine):
    source = Pretrained(experiment=KEY, exclude=("0",))
    origin = manifest.load(pretrained.source_folder(source, 7))
    assert origin.seed == 1  # it has no seed 7
    said = pretrained.provenance(source, 7)
    assert said == {
        "experiment": KEY, "seed": 1, "model_hash": origin.model_hash, "exclude": ["0"]
    }  # fmt: skip
    fit = TrainerConfig(
        seeds=(1, 7), learning_rate=0.1, max_epochs=1, batch_size=None, pretrained=source
    )
    assert pretrained.digests(fit) == {"1": origin.model_hash, "7": origin.model_hash}
