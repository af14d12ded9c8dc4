"""Errors in params.yaml name the path, the value and the valid choices."""

from copy import deepcopy
from functools import cache
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from foursplit.config.load import build, load
from foursplit.core.errors import FoursplitError

PARAMS = Path(__file__).parent.parent.parent / "params.yaml"
CURVE = "curves.convolutional.c4w2_digits_mlp"
BLOCK = {"group": "g", "dataset": "wine", "task": "classify", "model": "mlp"}
SHOWN = "full.lessons.supervised.houses_of_the_labs"
DESCENT = "lessons.supervised.gradient_descent"
LESSON = {"week": "MLS C1 W1"}
LENET = "experiments.convolutional.c4w2_digits_lenet"


@cache
def _parsed():
    return YAML(typ="safe").load(PARAMS.read_text())


def tree():
    """Return the project's parameters, to be changed; the file is parsed once."""
    return deepcopy(_parsed())


def params_with(path, value):
    """Return the project's parameters with one value replaced, or removed where it is None."""
    content = tree()
    *parents, last = path.split(".")
    block = content
    for name in parents:
        block = block[name]
    if value is None:
        del block[last]
    else:
        block[last] = value
    return content


def test_the_project_parameters_are_valid():
    assert len(load(PARAMS).experiments) >= 3


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (
            f"{LENET}.fit.learning_rate",
            -0.1,
            r"lenet\.fit\.learning_rate: -0.1 must be greater than 0",
        ),
        (
            f"{LENET}.fit.learning_rate",
            "fast",
            r"fit\.learning_rate: 'fast' must be a valid number",
        ),
        (
            "diagnosis.tie_probability",
            0.5,
            r"diagnosis\.tie_probability: 0.5 must be less than 0.5",
        ),
        (f"{LENET}.fit.max_epochs", 0, r"fit\.max_epochs: 0 must be greater than 0"),
        (f"{LENET}.fit.seeds", [], r"fit\.seeds: \[\] must have at least 1 item"),
        (f"{LENET}.fit.seeds", [1, 1], r"fit\.seeds: \[1, 1\] must be all different"),
        (f"{LENET}.fit.augment", {"trun": 3.0}, r"fit\.augment.*'trun'.*'turn'"),
        (f"{LENET}.fit.augment", {"turn": -3.0}, r"fit\.augment\.turn: -3.0 must be greater than"),
        (f"{LENET}.fit.learning_rat", 0.1, r"unknown parameter 'learning_rat'.*'learning_rate'"),
        (
            f"{LENET}.model",
            "lenett",
            r"model 'lenett'. Did you mean 'lenet'\? Valid: lenet, .*the nearest of",
        ),
        (f"{LENET}.model_args", {"chanels": [1, 2]}, r"model_args: unknown.*'channels'.*hidden"),
        (f"{LENET}.group", "c4w2_digit", r"unknown group 'c4w2_digit'"),
        (f"{LENET}.dataset", "wine", r"'wine', but group 'c4w2_digits' compares on 'digits'"),
        (f"{LENET}.fit", None, r"c4w2_digits_lenet: missing fit"),
        (f"{LENET}.modell", "x", r"unknown parameter 'modell'"),
        ("groups.convolutional.c4w2_digits.task", "clasify", r"unknown task 'clasify'.*'classify'"),
        ("groups.convolutional.c4w2_digits.metrik", "x", r"unknown parameter 'metrik'"),
        (
            "datasets.digits.split.domains.source",
            {"train": 0.7, "train_dev": 0.2},
            r"split\.domains\.source: \{.*\} must be shares adding to 1",
        ),
        (
            "datasets.digits.split.domains.source",
            {"train": 1.2, "dev": -0.2},
            r"source\.dev: -0.2 must be",
        ),
        (
            "datasets.digits.split.domains.source",
            {"train": 1.2, "dev": -0.2},
            r"source\.train: 1.2 must be",
        ),
        (
            "datasets.digits.split.domains.source",
            {"tran": 1.0},
            r"unknown split 'tran'.* mean 'train'",
        ),
        (
            "datasets.wine.split.domains.source",
            {"train": 0.5, "dev": 0.5},
            r"all four splits; missing",
        ),
        ("datasets.digits.split.domains.target", {"dev": 1.0}, r"missing: \['test'\]"),
        ("datasets.iris", {"origin": "x", "split": {}}, r"missing seed"),
        ("run.accelerator", "tpu", r"run\.accelerator: 'tpu' must be 'auto', 'cpu' or 'gpu'"),
        ("run.threads", 0, r"run\.threads: 0 must be greater than 0"),
        (
            "run.instruction_set",
            "avx9",
            r"run\.instruction_set: 'avx9' must be 'portable' or 'native'",
        ),
        ("diagnosis.confidence", 95, r"diagnosis\.confidence: 95 must be less than 1"),
        (f"{CURVE}.n_sizes", 2, r"c4w2_digits_mlp\.n_sizes: 2 must be greater than or equal to 3"),
        (f"{CURVE}.n_repeats", 0, r"n_repeats: 0 must be greater than 0"),
        (f"{CURVE}.min_fraction", 1.0, r"min_fraction: 1.0 must be less than 1"),
        (
            f"{CURVE}.min_fracton",
            0.1,
            r"unknown parameter 'min_fracton'.*Did you mean 'min_fraction'",
        ),
        (f"{CURVE}.model", "lenet", r"c4w2_digits_mlp.model: 'lenet', but the experiment's is"),
        (f"{CURVE}.group", None, r"c4w2_digits_mlp: missing group"),
        ("curves.own", {"gone": {**BLOCK}}, r"curves.own: unknown experiment 'gone'"),
        ("lessons.own", {"gradient_descent": {}}, r"lessons.own.gradient_descent: missing week"),
        ("lessons.ownd", {}, r"lessons: unknown course 'ownd'.* Valid: .*supervised"),
        ("lessons.advanced", {"gradient_decent": LESSON}, r"Did you mean 'gradient_descent'"),
        ("lessons.advanced", {"gradient_descent": LESSON}, r"the name is taken in lessons"),
        (f"{DESCENT}.args.n_stps", 3, r"descent.args: unknown parameter 'n_stps'.*'n_steps'"),
        (f"{DESCENT}.args", 3, r"gradient_descent\.args: 3 must be a block"),
        (f"{DESCENT}.week", None, r"gradient_descent: missing week"),
        (f"{DESCENT}.arg", {}, r"unknown parameter 'arg'. Did you mean 'args'"),
        (f"{SHOWN}.experiment", None, r"houses_of_the_labs: missing experiment"),
        (f"{SHOWN}.experiment", "m1w2_houses_lin", r"unknown experiment 'm1w2_houses_lin'"),
        ("full.lessons.advanced", {"adam": LESSON}, r"the name is taken in lessons"),
        (f"{DESCENT}.experiment", "m1w3_cancer_logistic", r"default pipeline reads no data"),
        ("run", None, r"params.yaml: missing run"),
        ("run", 3, r"run: 3 must be a block of names and values"),
        ("pipeline", "full", r"params.yaml: unknown parameter 'pipeline'"),
        (
            "extra",
            {},
            r"unknown parameter 'extra'. Valid: curves, datasets, diagnosis, experiments",
        ),
    ],
)
def test_an_error_names_the_path_the_value_and_the_valid_choices(path, value, message):
    with pytest.raises(FoursplitError, match=message):
        build(params_with(path, value))


EVIL = ["/home/me", "..", "k1; touch X", "$(id)", "a/b", "A", "1a", "_a", "a-b", "a b", "a\n", "",
        "ä", 7, True, None]  # fmt: skip


@pytest.mark.parametrize("name", EVIL)
@pytest.mark.parametrize(
    "path",
    [
        "datasets",
        "groups",
        "groups.convolutional",
        "experiments",
        "experiments.convolutional",
        "curves",
        "curves.convolutional",
        "lessons",
        "lessons.supervised",
        "full.datasets",
        "full.groups",
        "full.groups.convolutional",
        "full.experiments",
        "full.experiments.convolutional",
        "full.curves",
    ],
)
def test_an_invalid_file_name_is_refused_in_every_block(path, name):
    content = tree()
    content["full"].setdefault("curves", {})
    block = content
    for step in path.split("."):
        block = block[step]
    block[name] = next(iter(block.values()), {})
    with pytest.raises(FoursplitError, match=r"use small letters") as caught:
        build(content)
    assert repr(name) in str(caught.value)
    assert str(caught.value).startswith(path)


def test_three_sizes_must_be_repeated():
    content = tree()
    curve = content["curves"]["convolutional"]["c4w2_digits_mlp"]
    curve.update(n_sizes=3, n_repeats=1)
    with pytest.raises(
        FoursplitError, match="repeats: 1 must be at least 2 where there are 3 sizes"
    ):
        build(content)
    curve.update(n_sizes=4)
    assert build(content).curve("c4w2_digits_mlp").n_sizes == 4


def test_an_unknown_dataset_is_refused():
    content = tree()
    content["datasets"]["iris"] = content["datasets"]["wine"]
    with pytest.raises(FoursplitError, match=r"unknown dataset 'iris'.*Valid: .*digits"):
        build(content)


def test_a_name_is_unique_across_courses():
    content = tree()
    content["experiments"]["improving"]["c4w2_digits_lenet"] = content["experiments"]["improving"][
        "c2w3_wine_softmax"
    ]
    with pytest.raises(FoursplitError, match="the name is taken"):
        build(content)


@pytest.mark.parametrize(
    ("kind", "name"),
    [("datasets", "wine"), ("groups", "c2w3_wine"), ("experiments", "c2w3_wine_softmax")],
)
def test_a_name_is_unique_across_pipelines(kind, name):
    content = tree()
    if kind == "datasets":
        content["full"]["datasets"][name] = content["datasets"][name]
    else:
        content["full"][kind]["improving"] = {name: content[kind]["improving"][name]}
    with pytest.raises(FoursplitError, match=rf"full.{kind}.*{name}: the name is taken in {kind}"):
        build(content)


def test_the_real_section_is_checked_like_the_others():
    content = tree()
    content["full"]["experiments"]["convolutional"]["c4w2_mnist_usps_lenet"]["fit"][
        "max_epochs"
    ] = 0
    path = "full.experiments.convolutional.c4w2_mnist_usps_lenet.fit"
    with pytest.raises(FoursplitError, match=f"{path}.*max_epochs: 0 must be greater than 0"):
        build(content)
    content = tree()
    content["full"]["experiment"] = {}
    with pytest.raises(FoursplitError, match="full: unknown parameter 'experiment'. Did you mean"):
        build(content)


def test_the_real_section_is_optional():
    content = tree()
    del content["full"]
    assert build(content).full.experiments == {}


def test_pipelines_are_independent():
    params = load(PARAMS)
    assert params.experiment("c4w2_mnist_usps_lenet").dataset == "mnist_usps"
    assert params.home("c4w2_mnist_usps_lenet") == "full/convolutional"
    assert params.home("c4w2_digits_lenet") == "convolutional"
    full = params.of("full")
    assert full.home("c4w2_mnist_usps_lenet") == "full/convolutional"
    with pytest.raises(FoursplitError, match="unknown experiment 'c4w2_digits_lenet'"):
        full.experiment("c4w2_digits_lenet")
    with pytest.raises(FoursplitError, match="unknown dataset 'mnist_usps'"):
        params.of("").dataset("mnist_usps")


@pytest.mark.parametrize("text", ["run: [", "run: {a: 1}\nrun: {a: 2}\n", "\x00", "- 1\n- 2\n"])
def test_a_file_that_is_not_yaml_is_refused(tmp_path, text):
    path = tmp_path / "params.yaml"
    path.write_text(text)
    with pytest.raises(FoursplitError, match=r"not YAML|must be a block"):
        load(path)


def test_a_number_in_scientific_notation_is_a_number():
    # PyYAML reads 1e-3 as text, DVC and Foursplit as a number.
    before, key, block = PARAMS.read_text().partition("c2w3_wine_softmax:")
    block = block.replace("learning_rate: 0.05,", "learning_rate: 1e-3,", 1)
    assert "1e-3" in block
    params = build(YAML(typ="safe").load(before + key + block))
    assert params.experiment("c2w3_wine_softmax").fit.learning_rate == 0.001


def test_every_error_is_listed():
    content = tree()
    content["run"].update(threads=0, instruction_set="avx9")
    del content["diagnosis"]["seed"]
    with pytest.raises(FoursplitError) as caught:
        build(content)
    assert {line.partition(":")[0] for line in str(caught.value).splitlines()} == {
        "diagnosis",
        "run.threads",
        "run.instruction_set",
    }
