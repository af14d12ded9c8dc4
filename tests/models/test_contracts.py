"""Laws that every experiment of params.yaml must keep, or declare that it breaks and why."""

from functools import cache
from pathlib import Path
from string import ascii_lowercase
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
import torch
from tests.training.arrays import random_arrays

from foursplit import plugins
from foursplit.config.fit import EstimatorConfig, TrainerConfig
from foursplit.config.load import load
from foursplit.core.examples import DataSpec, Examples
from foursplit.data import texts
from foursplit.data.fetch import fetch
from foursplit.data.infer_data_spec import infer_data_spec
from foursplit.data.to_examples import to_examples
from foursplit.io import artifacts
from foursplit.plugins import dataset as dataset_module
from foursplit.training import custom_estimator, initial_weights, network, sklearn_estimator
from foursplit.training.input_statistics import fit_input_statistics
from foursplit.training.manifest import arguments

ROOT = Path(__file__).parent.parent.parent
PARAMS = load(ROOT / "params.yaml")
EXPERIMENTS = {
    key: experiment
    for section in PARAMS.sections().values()
    for block in section.experiments.values()
    for key, experiment in block.items()
}
TRAINED = [k for k, e in EXPERIMENTS.items() if isinstance(e.fit, TrainerConfig)]


def first_of_each(keys, *names):
    """Keep the first of the experiments that have the same network, and these settings, too."""
    seen = {}
    for key in keys:
        e = EXPERIMENTS[key]
        network = (e.dataset, e.task, e.model, repr(e.model_args), repr(e.skip_contracts))
        seen.setdefault((network, *(repr(getattr(e.fit, name)) for name in names)), key)
    return list(seen.values())


NETWORKS = first_of_each(TRAINED)
"""Networks that differ: what does not train with the experiment's settings is tested once."""

TRAININGS = first_of_each(TRAINED, "optimizer")
ESTIMATORS = [k for k, e in EXPERIMENTS.items() if isinstance(e.fit, EstimatorConfig)]

INPUTS = {
    "cats": (3, 64, 64), "digits": (1, 8, 8), "fashion_mnist": (1, 28, 28), "mnist": (1, 28, 28),
    "mnist_optdigits": (1, 8, 8), "mnist_usps": (1, 16, 16), "names_by_language": (729,),
    "signs": (3, 64, 64), "signs_to_photos": (3, 64, 64), "spoken_digits": (1, 32, 32),
    "digits_0_to_4": (1, 8, 8), "digits_5_to_9": (1, 8, 8), "zeros_ones": (1, 8, 8),
    "placed_digits": (1, 28, 28),
}  # fmt: skip
"""Axes of one example where the dataset has no list of features."""


NAMES = DataSpec(
    inputs=(),
    tokenizer="characters",
    vocabularies={"x": (*texts.SPECIAL, *ascii_lowercase)},
    max_lengths={"x": 15},
)
REMOTE_TEXTS = {"baby_names": NAMES, "dinosaur_names": NAMES}
"""What train would say of texts that are not at hand without a network."""


@cache
def read_spec(name):
    """Read off a data set what its train would say: vocabularies, lengths, further arrays."""
    module = dataset_module(name)
    with TemporaryDirectory() as folder:
        fetch(module.SPEC, Path(folder) / "raw")
        examples = to_examples(module.read(Path(folder) / "raw"), module.SPEC)
    return infer_data_spec(examples, module.SPEC)


def shape_for(experiment):
    dataset = dataset_module(experiment.dataset).SPEC
    if experiment.dataset in REMOTE_TEXTS:
        return REMOTE_TEXTS[experiment.dataset]
    if dataset.text or dataset.further:
        return read_spec(experiment.dataset)
    inputs = INPUTS.get(experiment.dataset) or (len(dataset.features),)
    return DataSpec(inputs=inputs, classes=dataset.classes)


def built(key, seed=0):
    """Give the experiment's task with a fresh network, and its shape."""
    experiment = EXPERIMENTS[key]
    shape = shape_for(experiment)
    file = plugins.model(experiment.model)
    args = arguments(experiment.model, dict(experiment.model_args), key)
    net = initial_weights.build_with_seed(lambda: file.build(args, shape), seed)
    task = plugins.task(experiment.task)
    return task, task.module(net, experiment.fit, shape), shape


def batch(task, shape, n, seed=1):
    return task.random_batch(shape, n, np.random.default_rng(seed))


def holds(key, contract, check):
    """Assert that a contract holds, or that it breaks where the experiment says so."""
    task = plugins.task(EXPERIMENTS[key].task)
    if contract not in task.CONTRACTS:
        pytest.skip(f"task {EXPERIMENTS[key].task} does not declare contract {contract!r}")
    if contract in EXPERIMENTS[key].skip_contracts:
        with pytest.raises(AssertionError):
            check()
    else:
        check()


@pytest.mark.parametrize("key", NETWORKS)
def test_untrained_loss_is_that_of_a_guess(key):
    task, module, shape = built(key)

    def check():
        drawn = batch(task, shape, 256)
        fit_input_statistics(module, [drawn])
        module.eval()
        with torch.no_grad():
            loss = float(module.loss(drawn))
        assert loss == pytest.approx(task.initial_loss(shape), rel=0.5)

    holds(key, "initial_loss", check)


LOOK_EVERY = 25
"""Steps between two looks at what is known: most networks know the batch long before 500."""


@pytest.mark.parametrize("key", NETWORKS)
def test_one_batch_can_be_learnt_by_heart(key):
    # Eight examples and more inputs than that: even a line can pass through them.
    task, module, shape = built(key)

    def check():
        drawn = batch(task, shape, 8)
        fit_input_statistics(module, [drawn])
        with torch.no_grad():
            before = float(module.eval().loss(drawn))
        # Losses of a detector are sums over many cells: they begin higher, and so end.
        known = max(0.01, 0.005 * before)
        steps = torch.optim.Adam(module.net.parameters(), lr=0.01)
        for _ in range(500 // LOOK_EVERY):
            module.train()
            for _ in range(LOOK_EVERY):
                steps.zero_grad()
                module.loss(drawn).backward()
                steps.step()
            module.eval()  # dropout is for learning, not for knowing
            with torch.no_grad():
                if (loss := float(module.loss(drawn))) < known:
                    return
        raise AssertionError(loss)

    holds(key, "overfits_one_batch", check)


@pytest.mark.parametrize("key", TRAININGS)
def test_every_parameter_moves(key):
    task, module, shape = built(key)

    def check():
        drawn = batch(task, shape, 64)
        fit_input_statistics(module, [drawn])
        before = {name: p.detach().clone() for name, p in module.net.named_parameters()}
        steps = module.configure_optimizers()
        for _ in range(3):  # a zero weight above lets nothing through to those below at first
            steps.zero_grad()
            module.loss(drawn).backward()
            steps.step()
        still = [n for n, p in module.net.named_parameters() if torch.equal(p, before[n])]
        assert still == []

    holds(key, "all_parameters_update", check)


def trained(key, seed, folder):
    """Train a few epochs on random rows, through the real engine."""
    task, module, shape = built(key, seed)
    rng = np.random.default_rng(1)
    rows, train_dev, dev = (random_arrays(task, shape, n, rng) for n in (80, 20, 20))
    fit = EXPERIMENTS[key].fit
    short = TrainerConfig(
        seeds=(seed,),
        learning_rate=fit.learning_rate,
        max_epochs=2,
        batch_size=32,
        optimizer=fit.optimizer,
        weight_decay=fit.weight_decay,
    )
    module.fit = short
    network.fit(
        network.Training(
            module=module, train=rows, validation={"train_dev": train_dev, "dev": dev}, fit=short,
            seed=seed, kind="cpu", state=folder / "state",
        )
    )  # fmt: skip
    path = folder / f"{seed}.safetensors"
    artifacts.write_tensors(path, module.net.state_dict())
    return module, path


@pytest.mark.parametrize("key", TRAININGS)
def test_the_same_seed_gives_the_same_bytes_and_loaded_they_predict_the_same(key, tmp_path):
    """Two laws of one training: the training takes most of the time."""
    task, _, shape = built(key)
    if not {"save_load_roundtrip", "deterministic"} & set(task.CONTRACTS):
        pytest.skip(f"task {EXPERIMENTS[key].task} declares neither contract")
    module, path = trained(key, 1, tmp_path)
    content = path.read_bytes()

    def is_deterministic():
        assert trained(key, 1, tmp_path)[1].read_bytes() == content

    def is_loaded():
        drawn = batch(task, shape, 16, 5)
        other = built(key, seed=9)[1]
        other.net.load_state_dict(artifacts.read_tensors(path))
        with torch.no_grad():
            assert torch.equal(other.eval()(drawn), module.eval()(drawn))

    for contract, check in (
        ("save_load_roundtrip", is_loaded),
        ("deterministic", is_deterministic),
    ):
        if contract in task.CONTRACTS:
            holds(key, contract, check)


@pytest.mark.parametrize("key", ESTIMATORS)
def test_an_estimator_stored_twice_is_the_same_bytes_and_answers_the_same(key, tmp_path):
    experiment = EXPERIMENTS[key]
    shape = shape_for(experiment)
    file = plugins.model(experiment.model)
    args = arguments(experiment.model, dict(experiment.model_args), key)
    if hasattr(
        file, "short"
    ):  # a training of minutes says no more of its bytes than one of seconds
        args = file.short(args)
    x, y = direct_batch(experiment, shape)
    contents = []
    for name in ("one", "two"):
        model = file.build(args, shape, 1)
        if custom_estimator.is_custom(model):
            columns = {} if y is None else {"y": y}
            rows = Examples(x=x, metadata=pd.DataFrame(columns, index=range(len(x))))
            custom_estimator.save(tmp_path / name, custom_estimator.fit(model, rows, rows))
        else:
            sklearn_estimator.save(tmp_path / name, sklearn_estimator.fit(model, x, y))
        contents.append((tmp_path / name).read_bytes())
    assert contents[0] == contents[1]
    if custom_estimator.is_custom(model):
        loaded = custom_estimator.load(tmp_path / "one", file.build(args, shape, 1))
        np.testing.assert_array_equal(
            custom_estimator.predict(loaded, x), custom_estimator.predict(model, x)
        )
    else:
        loaded = sklearn_estimator.load(tmp_path / "one")
        np.testing.assert_array_equal(
            sklearn_estimator.predict(loaded, x), sklearn_estimator.predict(model, x)
        )


def direct_batch(experiment, shape):
    """Draw rows for a model with a fit of its own: as its task says, or of any kind."""
    task = plugins.task(experiment.task)
    rng = np.random.default_rng(3)
    if hasattr(task, "random_rows"):
        return task.random_rows(shape, 60, rng)
    x = rng.normal(size=(60, *shape.inputs)).astype(np.float32)
    return x, np.arange(60) % shape.n_classes if shape.classes else x.sum(axis=1)


def test_a_law_that_an_experiment_breaks_is_one_its_task_declares():
    for key, experiment in EXPERIMENTS.items():
        task = plugins.task(experiment.task)
        assert set(experiment.skip_contracts) <= set(task.CONTRACTS), key
        assert all(experiment.skip_contracts.values()), f"{key}: say why"
