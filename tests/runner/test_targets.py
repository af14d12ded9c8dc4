"""Short names mean what people expect."""

from pathlib import Path

import pytest

from foursplit.config.load import load
from foursplit.core.errors import FoursplitError
from foursplit.runner.targets import addresses, resolve_target, stages_of_target

PROJECT = Path(__file__).parent.parent.parent
PARAMS = load(PROJECT / "params.yaml")


@pytest.mark.parametrize(
    ("short", "address"),
    [
        ("c4w2_digits_lenet", "pipelines/convolutional/dvc.yaml:evaluate@c4w2_digits_lenet"),
        ("train@c4w2_digits_lenet", "pipelines/convolutional/dvc.yaml:train@c4w2_digits_lenet"),
        ("c4w2_digits", "pipelines/convolutional/dvc.yaml:final@c4w2_digits"),
        ("digits", "pipelines/data/dvc.yaml:split@digits"),
        ("convolutional", "pipelines/convolutional/dvc.yaml"),
        ("data", "pipelines/data/dvc.yaml"),
        ("pipelines/own/dvc.yaml", "pipelines/own/dvc.yaml"),
        ("mnist_usps", "pipelines/full/data/dvc.yaml:split@mnist_usps"),
        ("c4w2_mnist_usps", "pipelines/full/convolutional/dvc.yaml:final@c4w2_mnist_usps"),
        ("pipelines/data/dvc.yaml:fetch", "pipelines/data/dvc.yaml:fetch"),
    ],
)
def test_a_short_name_is_one_address(project, short, address):
    assert resolve_target(PARAMS, short) == [address]


def test_a_kind_of_stage_is_all_of_its_kind(project):
    assert resolve_target(PARAMS, "fetch") == [
        f"pipelines/data/dvc.yaml:fetch@{name}" for name in PARAMS.datasets
    ]


def test_learning_curves_are_targets_where_params_yaml_has_them(project):
    address = "pipelines/convolutional/dvc.yaml:learning_curve@c4w2_digits_mlp"
    assert resolve_target(PARAMS, "learning_curve@c4w2_digits_mlp") == [address]
    assert address in resolve_target(PARAMS, "learning_curve")
    assert len(resolve_target(PARAMS, "learning_curve")) == sum(map(len, PARAMS.curves.values()))
    assert address in stages_of_target(PARAMS, "c4w2_digits_mlp")
    with pytest.raises(FoursplitError, match="unknown target 'learning_curve@c4w2_digits_lenet'"):
        resolve_target(PARAMS, "learning_curve@c4w2_digits_lenet")


def test_a_course_is_that_of_the_pipeline_asked_for(project):
    assert resolve_target(PARAMS, "convolutional") == ["pipelines/convolutional/dvc.yaml"]
    assert resolve_target(PARAMS, "convolutional", "full") == [
        "pipelines/full/convolutional/dvc.yaml"
    ]
    assert resolve_target(PARAMS, "fetch", "full") == [
        f"pipelines/full/data/dvc.yaml:fetch@{name}" for name in PARAMS.full.datasets
    ]


def test_the_reports_have_names_of_their_own():
    assert resolve_target(PARAMS, "report") == ["report"]
    assert resolve_target(PARAMS, "report_full") == ["pipelines/full/dvc.yaml:report_full"]


def test_an_experiments_name_explains_both_its_stages(project):
    actual = stages_of_target(PARAMS, "c2w3_wine_softmax")
    assert [name.partition(":")[2] for name in actual] == [
        "train@c2w3_wine_softmax",
        "evaluate@c2w3_wine_softmax",
    ]


@pytest.mark.parametrize("name", ["lenet", "train@lenet", "digit"])
def test_an_unknown_name_is_answered_with_the_known_ones(project, name):
    with pytest.raises(FoursplitError, match=f"unknown target '{name}'.* Valid: .*digits"):
        resolve_target(PARAMS, name)


def test_every_address_is_one_that_dvc_knows():
    from dvc.repo import Repo

    expected = {stage.name for stage in Repo(str(PROJECT)).index.stages if hasattr(stage, "name")}
    assert {address.rpartition(":")[2] for address in addresses(PARAMS).values()} == expected
