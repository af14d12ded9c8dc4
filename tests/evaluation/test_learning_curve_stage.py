"""Stage learn on a real dataset: no test, the same bytes, the experiment's own model at the end."""

import csv
import shutil

import pytest

from foursplit.config import paths
from foursplit.io import artifacts
from foursplit.stages import evaluate, fetch, learning_curve, split, train, validate

KEY, GROUP = "c2w3_wine_softmax", "c2w3_wine"


@pytest.fixture
def wine(project):
    """Give a project in which wine is split, with a curve of five sizes, and the test is gone."""
    path = project / "params.yaml"
    block = f"{{group: {GROUP}, dataset: wine, task: classify, model: mlp}}"
    text = path.read_text().replace("  improving: {}", f"  improving: {{{KEY}: {block}}}")
    path.write_text(text.replace("max_epochs: 200", "max_epochs: 20"))
    for stage in (fetch, validate, split):
        stage.run("wine")
    shutil.rmtree(paths.split("wine") / "sealed")
    return project


def written():
    return {path.name: path.read_bytes() for path in paths.curves(GROUP).iterdir()}


def test_a_curve_repeats_to_the_byte_and_ends_with_the_experiments_own_errors(wine):
    said = learning_curve.run(KEY)
    first = written()
    assert set(first) == {f"{KEY}.csv", f"{KEY}.json"}
    shutil.rmtree(paths.curves(GROUP))
    assert learning_curve.run(KEY) == said
    assert written() == first
    assert b"seconds" not in b"".join(first.values())
    assert paths.curve_seconds(KEY).read_text().startswith("size,n,repeat,seconds")

    rows = list(csv.DictReader(first[f"{KEY}.csv"].decode().splitlines()))
    train.run(KEY)
    evaluate.run(KEY)
    folder = paths.seed_folder(paths.predictions(GROUP) / KEY, 1)
    summary = artifacts.read_json(folder / "summary.json")
    assert len(rows) == 4 * 3 + 1
    assert int(rows[-1]["n"]) == summary["splits"]["train"]["n"]
    for name, found in summary["splits"].items():
        assert float(rows[-1][f"{name}_error"]) == pytest.approx(found["value"], abs=1e-9)
    told = artifacts.read_json(paths.curves(GROUP) / f"{KEY}.json")
    assert told["target"] == summary["human"]
    assert said.endswith(told["dev"]["verdict"]["sentence"])
