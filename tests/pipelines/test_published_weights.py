"""A model of ours, exported as another library would publish it, in the real pipeline."""

import hashlib
import json

import pytest
from safetensors.torch import load_file, save_file

from foursplit.core import bounded_yaml

SOURCE, TUNED, NAME = "c3w2_many_digits", "c3w2_few_digits_fine_tuned", "lenet_digits"
CATALOGUE = "src/foursplit_courses/models/catalogue.yaml"


def write_params(folder, **pretrained):
    """Let both experiments train two epochs with one seed, the second from given weights."""
    path = folder / "params.yaml"
    content = bounded_yaml.load(path)
    for key in (SOURCE, TUNED):
        fit = content["experiments"]["structuring"][key]["fit"]
        fit |= {"seeds": [1], "max_epochs": 2}
    fit["pretrained"] = {"exclude": ["8", "10", "12"], **pretrained}
    path.write_text(json.dumps(content))  # JSON is YAML


def publish(clone):
    """Put the trained model into a mirror and a catalogue, its tensors under other names."""
    trained = load_file(clone.folder / f"data/models/{SOURCE}/{SOURCE}/seed_1/model.safetensors")
    mirror = clone.folder.parent / "mirror"
    file = mirror / NAME / "model.safetensors"
    file.parent.mkdir(parents=True)
    save_file({f"features.{name}": values for name, values in trained.items()}, file)
    entry = {
        "about": "LeNet on handwritten digits", "licence": "MIT", "terms": "free",
        "cite": "this project", "home": "here", "names": {r"features\.(.+)": r"\1"},
        "file": {
            "path": f"{NAME}/model.safetensors", "bytes": file.stat().st_size,
            "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        },
    }  # fmt: skip
    (clone.folder / CATALOGUE).write_text(json.dumps({NAME: entry}))
    return str(mirror)


def weights_of(clone):
    path = f"data/models/c3w2_few_digits/{TUNED}/seed_1/model.safetensors"
    return (clone.folder / path).read_bytes()


@pytest.mark.slow
def test_published_weights_train_as_the_experiment_they_were_exported_from_in_ci(clone):
    write_params(clone.folder, experiment=SOURCE)
    clone.run("foursplit", "repro", f"train@{TUNED}")
    expected = weights_of(clone)

    mirror = publish(clone)
    write_params(clone.folder, weights=NAME)
    clone.run("foursplit", "pipeline", "write")
    assert NAME in clone.run("foursplit", "check")
    clone.run("foursplit", "repro", f"train@{TUNED}", FOURSPLIT_MIRROR=mirror)
    assert (clone.folder / "data" / "weights" / NAME / "origin.json").is_file()
    assert weights_of(clone) == expected

    # The entry's text says nothing that training reads.
    catalogue = clone.folder / CATALOGUE
    catalogue.write_text(catalogue.read_text().replace("handwritten", "scanned"))
    said = clone.run("foursplit", "repro", f"train@{TUNED}", FOURSPLIT_MIRROR=mirror)
    assert f"weights@{NAME}" in said
    assert f"] train@{TUNED}" not in said
    assert weights_of(clone) == expected
