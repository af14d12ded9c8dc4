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


@pytest.mark.parametrize("name", ["lenett", "train@lenet", "digi"])
def test_an_unknown_name_is_answered_with_the_nearest_ones(project, name):
    with pytest.raises(FoursplitError, match=rf"unknown target '{name}'.*: .*(lenet|digits)"):
        resolve_target(PARAMS, name)


def test_every_address_is_one_that_dvc_knows():
    from dvc.repo import Repo

    expected = {stage.name for stage in Repo(str(PROJECT)).index.stages if hasattr(stage, "name")}
    assert {address.rpartition(":")[2] for address in addresses(PARAMS).values()} == expected


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("c4", "c4w2_digits_lenet"),
        ("DLS C4 W2", "c4w2_digits_lenet"),
        ("dls c4 w2", "c4w2_digits_softmax"),
        ("C4W2", "c4w2_digits_lenet"),
        ("cnn", "c4w2_digits_lenet"),
        ("lenet", "c4w2_digits_lenet"),
        ("wine softmax", "c2w3_wine_softmax"),
        ("MLS C1 W3", "m1w3_cancer_logistic"),
    ],
)
def test_course_week_and_words_are_targets(project, target, expected):
    names = {address.partition(":")[2] for address in resolve_target(PARAMS, target)}
    assert f"evaluate@{expected}" in names


def test_a_week_is_its_experiments_its_lessons_and_its_whole_groups(project):
    experiments = {
        key: e for b in PARAMS.experiments.values() for key, e in b.items() if e.week == "MLS C1 W3"
    }
    lessons = {
        k for b in PARAMS.lessons.values() for k, one in b.items() if one.week == "MLS C1 W3"
    }
    assert experiments
    assert lessons
    assert {address.partition(":")[2] for address in resolve_target(PARAMS, "MLS C1 W3")} == {
        *(f"evaluate@{key}" for key in experiments),
        *(f"final@{e.group}" for e in experiments.values()),
        *(f"lesson@{key}" for key in lessons),
    }


def test_a_group_is_decided_only_if_the_words_are_those_of_all_its_experiments(project):
    names = {address.partition(":")[2] for address in resolve_target(PARAMS, "digits lenet")}
    experiments = {k: e for block in PARAMS.experiments.values() for k, e in block.items()}
    assert "evaluate@c4w2_digits_lenet" in names
    assert "final@c4w2_digits" not in names  # its softmax regression was not asked for
    finals = {name.removeprefix("final@") for name in names if name.startswith("final@")}
    assert finals == {
        e.group
        for e in experiments.values()
        if all(f"evaluate@{k}" in names for k, o in experiments.items() if o.group == e.group)
    }


def test_a_part_of_a_word_is_no_word(project):
    with pytest.raises(FoursplitError, match="unknown target 'lene'"):
        resolve_target(PARAMS, "lene")


def test_a_wrong_target_names_the_nearest_five(project):
    with pytest.raises(FoursplitError) as caught:
        resolve_target(PARAMS, "c4w2_digits_lenets")
    message = str(caught.value)
    assert "Did you mean 'c4w2_digits_lenet'?" in message
    listed = message.partition("Valid: ")[2].partition(", …")[0].split(", ")
    assert len(listed) == 5
    assert listed[0] == "c4w2_digits_lenet"
