"""Which experiments may start from which others' weights."""

from copy import deepcopy
from pathlib import Path

import pytest

from foursplit.config.load import build
from foursplit.core import bounded_yaml
from foursplit.core.errors import FoursplitError
from foursplit.scaffold.write_pipelines import expected_files

TREE = bounded_yaml.load(Path(__file__).parent.parent.parent / "params.yaml")
NETWORK, OTHER = "c3w2_many_digits", "c3w2_few_digits_scratch"


def tree(**sources):
    """Return params.yaml with experiments of course `structuring` that start from others."""
    content = deepcopy(TREE)
    for key, source in sources.items():
        fit = content["experiments"]["structuring"][key]["fit"]
        fit["pretrained"] = {"experiment": source}
    return content


def test_a_source_that_is_not_there_is_refused_with_the_nearest_name():
    with pytest.raises(FoursplitError, match=r"fit\.pretrained.*c3w2_many_digits"):
        build(tree(**{OTHER: "c3w2_many_digit"}))


def test_a_source_of_the_other_pipeline_is_refused():
    with pytest.raises(FoursplitError, match="c4w2_mnist_lenet"):
        build(tree(**{OTHER: "c4w2_mnist_lenet"}))


def test_a_model_with_a_fit_of_its_own_is_no_source():
    own = next(
        key
        for block in TREE["experiments"].values()
        for key, experiment in (block or {}).items()
        if set(experiment["fit"]) == {"seeds"}
    )
    with pytest.raises(FoursplitError, match="of its own"):
        build(tree(**{OTHER: own}))


def test_experiments_that_start_from_each_other_are_refused():
    with pytest.raises(FoursplitError, match="random weights"):
        build(tree(**{OTHER: NETWORK, NETWORK: OTHER}))
    with pytest.raises(FoursplitError, match="random weights"):
        build(tree(**{OTHER: OTHER}))


def test_an_experiment_with_a_learning_curve_cannot_have_a_source():
    content = deepcopy(TREE)
    course, key = next((c, k) for c, block in TREE["curves"].items() for k in block)
    source = next(
        k
        for k, e in content["experiments"][course].items()
        if k != key and set(e["fit"]) != {"seeds"}
    )
    content["experiments"][course][key]["fit"]["pretrained"] = {"experiment": source}
    with pytest.raises(FoursplitError, match="learning curve"):
        build(content)


def test_a_stage_depends_on_the_model_that_its_weights_come_from():
    text = next(
        text
        for path, text in expected_files(build(tree(**{OTHER: NETWORK}))).items()
        if path.parent.name == "structuring"
    )
    stages = bounded_yaml_text(text)["stages"]["train"]
    assert "${item.initial_weights}" in stages["do"]["deps"]
    items = stages["foreach"]
    assert items[OTHER]["initial_weights"] == f"data/models/{NETWORK}/{NETWORK}"
    assert items[NETWORK]["initial_weights"] == "data/code/training/initial_weights.json"
    assert set(items) == set(TREE["experiments"]["structuring"])


def bounded_yaml_text(text):
    from ruamel.yaml import YAML

    return YAML(typ="safe", pure=True).load(text)
