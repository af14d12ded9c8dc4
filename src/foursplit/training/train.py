"""Train one model of an experiment with one seed and write the outputs of the DVC stage."""

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from foursplit import plugins
from foursplit.config import paths
from foursplit.config.fit import EstimatorConfig, TrainerConfig
from foursplit.config.preprocess import PreprocessConfig
from foursplit.config.schema import Experiment, RuntimeConfig
from foursplit.core import code_digest
from foursplit.core.arrays import Array, example_axes
from foursplit.core.dataset_spec import DatasetSpec
from foursplit.core.errors import FoursplitError
from foursplit.core.examples import DataSpec, Examples
from foursplit.core.splits import Split
from foursplit.data.encode import encode_inputs
from foursplit.io import artifacts, own_curves
from foursplit.training import manifest, pretrained
from foursplit.training.callbacks import Row
from foursplit.training.manifest import Manifest

Listener = Callable[[Row], None]


def code(experiment: Experiment) -> dict[str, str]:
    """Compute the current digests of all code that training depends on."""
    modules = (
        "foursplit.stages.train",
        plugins.module_name("models", experiment.model),
        plugins.module_name("tasks", experiment.task),
    )
    return code_digest.closure(modules, plugins.folders())


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """An experiment with its data, ready to be trained with one seed or another."""

    key: str
    experiment: Experiment
    run: RuntimeConfig
    splits: Mapping[Split, Examples]  # train, train_dev, dev
    dataset: DatasetSpec
    shape: DataSpec
    data: dict[str, str]  # sha256 of the train split's files
    preprocessor: Any = None  # training.preprocess.Preprocessor of raw columns, fitted on train
    code: Mapping[str, str] = field(init=False)  # digests, as they were before any training
    model_code: str = field(init=False)  # digest of the model's alone

    def __post_init__(self) -> None:
        object.__setattr__(self, "code", code(self.experiment))
        object.__setattr__(self, "model_code", manifest.code_hash(self.experiment.model))


def train(job: Job, folder: Path, seed: int, listeners: tuple[Listener, ...] = ()) -> Manifest:
    """Write `folder` with weights, curves and manifest.json, atomically."""
    fit = job.experiment.fit
    with artifacts.atomic_directory(folder) as output:
        if isinstance(fit, EstimatorConfig):
            result = _fit_estimator(job, output, seed)
        else:
            result = _fit_network(job, fit, output, seed, listeners)
        save_manifest(job, output, result)
    return result


def save_manifest(job: Job, folder: Path, result: Manifest) -> None:
    """Write the manifest; raise if the model's code has changed since training began."""
    if manifest.code_hash(result.model) != result.code:
        raise FoursplitError(
            f"the code of model {result.model!r} changed while {job.key} was trained, so the "
            "version of the weights is unknown. Run again."
        )
    manifest.save(folder, result)


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A network before its training, and what decides how it is trained."""

    module: Any  # the task's, or the network itself where it is a LightningModule
    net: Any
    is_own: bool
    train: Mapping[str, Array]
    validation: Mapping[Split, Mapping[str, Array]]
    scale: float
    cost: Any  # ForwardCost
    kind: Literal["cpu", "gpu"]
    loop: Literal["fast", "lightning"]
    callbacks: tuple[Any, ...]  # Lightning's, of the model's file
    datamodule: Any  # the same, for a LightningModule of the user's


def prepare_network(job: Job, fit: TrainerConfig, seed: int) -> Network:
    """Build the network with its first weights, and cost it."""
    import pytorch_lightning

    from foursplit.training import device, lightning_loop, network
    from foursplit.training.forward_cost import forward_cost, longest_example

    file, args = _model(job)
    device.configure(job.run.threads)
    module, net = build_module(job, fit, seed)
    is_own = isinstance(net, pytorch_lightning.LightningModule)
    arrays = {name: _arrays(job, split) for name, split in job.splits.items()}
    train, scale = arrays.pop("train"), job.shape.scale
    by_name = lightning_loop.OwnModule(net) if is_own else module
    cost = forward_cost(by_name.eval(), longest_example(train, scale))
    return Network(
        module=module,
        net=net,
        is_own=is_own,
        train=train,
        validation=arrays,
        scale=scale,
        cost=cost,
        kind=kind_of(job, fit, cost.flops),
        loop="lightning" if is_own else network.choose_loop(fit, cost.flops, train),
        callbacks=tuple(file.callbacks(args)) if hasattr(file, "callbacks") else (),
        datamodule=file.datamodule(args, {"train": train, **arrays})
        if hasattr(file, "datamodule")
        else None,
    )


def build_module(job: Job, fit: TrainerConfig, seed: int) -> tuple[Any, Any]:
    """Return the module to train and its network, with the first weights of a seed."""
    import pytorch_lightning
    import torch

    from foursplit.training import initial_weights

    file, args = _model(job)
    net = initial_weights.build_with_seed(lambda: file.build(args, job.shape), seed)
    if not isinstance(net, torch.nn.Module):
        raise FoursplitError(
            f"{job.key}.fit: model {job.experiment.model!r} has a fit() of its own: give seeds "
            "only, and its settings as model_args."
        )
    if fit.pretrained:
        source = fit.pretrained
        initial_weights.load_pretrained(
            net, pretrained.load_weights(source, seed), source.exclude, source.source
        )
    if isinstance(net, pytorch_lightning.LightningModule):
        return net, net
    return plugins.task(job.experiment.task).module(net, fit, job.shape), net


def _fit_network(
    job: Job, fit: TrainerConfig, folder: Path, seed: int, listeners: tuple[Listener, ...]
) -> Manifest:
    from foursplit.training import device, network

    ready = prepare_network(job, fit, seed)
    curves = network.fit(
        network.Training(
            module=ready.module,
            train=ready.train,
            validation=ready.validation,
            fit=fit,
            seed=seed,
            kind=ready.kind,
            state=resume_path(job, seed, device.name(ready.kind)),
            listeners=listeners,
            scale=ready.scale,
            callbacks=ready.callbacks,
            datamodule=ready.datamodule,
        ),
        ready.loop,
    )
    own_curves.write(folder, ready.module, ready.net)
    return write_network(job, folder, ready.net, seed, curves, (ready.kind, ready.cost.flops))


def write_network(
    job: Job,
    folder: Path,
    net: Any,
    seed: int,
    curves: list[Row],
    cost: tuple[Literal["cpu", "gpu"], int],
) -> Manifest:
    """Write weights and curves of a seed; return its manifest. `cost` is device and operations."""
    from foursplit.training import device

    artifacts.write_tensors(folder / "model.safetensors", net.state_dict())
    _write_curves(folder / "curves.csv", curves)
    kind, flops = cost
    fit = job.experiment.fit
    assert isinstance(fit, TrainerConfig)
    return _manifest(
        job,
        folder / "model.safetensors",
        seed=seed,
        engine="network",
        device=device.name(kind),
        n_parameters=sum(p.numel() for p in net.parameters() if p.requires_grad),
        flops=flops,
        pretrained=pretrained.provenance(fit.pretrained, seed),
    )


def kind_of(job: Job, fit: TrainerConfig, flops: int) -> Literal["cpu", "gpu"]:
    """Return the kind of device for a network of `flops` per example, forward."""
    from foursplit.training import device

    n_train = len(job.splits["train"])
    on_gpu = device.runs_faster_on_gpu(flops, min(fit.batch_size or n_train, n_train))
    return device.resolve(job.run.accelerator, prefer_gpu=on_gpu)


def _arrays(job: Job, examples: Examples) -> dict[str, Array]:
    """Return inputs and targets of a split by name."""
    targets = plugins.task(job.experiment.task).targets(examples, job.shape)
    return {**encode_inputs(examples, job.shape), **targets}


def _fit_estimator(job: Job, folder: Path, seed: int) -> Manifest:
    from foursplit.training import custom_estimator, device, progress, sklearn_estimator

    file, args = _model(job)
    model = file.build(args, job.shape, seed)
    if not hasattr(model, "fit"):
        raise FoursplitError(
            f"{job.key}.fit: model {job.experiment.model!r} learns by gradient steps: give "
            "learning_rate, batch_size and max_epochs besides seeds."
        )
    if custom_estimator.is_custom(model):
        device.set_deterministic(job.run.threads)  # some of ours compute with torch
        path = folder / "model.safetensors"
        with progress.report_progress(model, seed):
            custom_estimator.save(
                path, custom_estimator.fit(model, job.splits["train"], job.splits["dev"])
            )
        own_curves.write(folder, model)
        return _manifest(
            job,
            path,
            seed=seed,
            engine="own",
            device="cpu",
            n_parameters=custom_estimator.count_parameters(model),
            flops=None,
        )
    path = folder / "model.skops"
    fitted = sklearn_estimator.fit(model, job.splits["train"].dense_x, job.splits["train"].y)
    sklearn_estimator.save(path, fitted)
    return _manifest(
        job,
        path,
        seed=seed,
        engine="estimator",
        device="cpu",
        n_parameters=sklearn_estimator.count_parameters(fitted, path),
        flops=None,
    )


def _model(job: Job) -> tuple[Any, Any]:
    """Import the model's file and build its arguments."""
    name = job.experiment.model
    args = manifest.arguments(name, dict(job.experiment.model_args), f"{job.key}.model_args")
    return plugins.model(name), args


def prepare(job: Job) -> Job:
    """Return the job with what a model reads; raw columns are preprocessed, as fitted on train."""
    if not job.dataset.columns:
        if job.experiment.fit.preprocess is not None:
            raise FoursplitError(
                f"{job.key}.fit.preprocess: dataset {job.experiment.dataset!r} declares no raw "
                "columns (`columns` of its SPEC), so there is nothing to preprocess: remove it."
            )
        return job
    from foursplit.training import preprocess

    config = job.experiment.fit.preprocess or PreprocessConfig()
    fitted = preprocess.fit(job.splits["train"], job.dataset.columns, config)
    splits = {split: fitted.apply(examples) for split, examples in job.splits.items()}
    shape = replace(job.shape, inputs=example_axes(splits["train"].x))
    return replace(job, splits=splits, shape=shape, preprocessor=fitted)


def _preprocessing(job: Job, folder: Path) -> dict[str, Any]:
    """Write the preprocessing beside the weights; return its fields of the manifest."""
    if job.preprocessor is None:
        return {}
    from foursplit.training import preprocess

    return {
        "columns": {name: column.as_json() for name, column in job.dataset.columns.items()},
        "preprocess": {
            "sha256": preprocess.save(folder, job.preprocessor),
            "inputs": job.preprocessor.names,
        },
    }


def _manifest(job: Job, weights: Path, **rest: Any) -> Manifest:
    rest |= _preprocessing(job, weights.parent)
    return Manifest(
        experiment=job.key,
        task=job.experiment.task,
        model=job.experiment.model,
        model_args=dict(job.experiment.model_args),
        shape=job.shape.as_json(),
        threads=job.run.threads,
        instruction_set=job.run.instruction_set,
        code=job.model_code,
        data=job.data,
        model_hash=artifacts.sha256_file(weights),
        size_bytes=weights.stat().st_size,
        **rest,
    )


def _write_curves(path: Path, rows: list[Row]) -> None:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: f"{value:.9g}" for name, value in row.items()} for row in rows)


LIBRARIES = "requirements-numeric.lock"


def resume_path(job: Job, seed: int, device: str, more: Mapping[str, str] | None = None) -> Path:
    """Return the path of the state of interrupted work; it depends on every input and on the code.

    `more` are digests of further code that it depends on.
    """
    libraries = paths.root() / LIBRARIES
    fit = job.experiment.fit
    digest = artifacts.fingerprint(
        {
            "code": {**job.code, **(more or {})},
            "args": dict(job.experiment.model_args),
            "pretrained": pretrained.digests(fit) if isinstance(fit, TrainerConfig) else {},
            "fit": str(fit),
            "data": job.data,
            "libraries": artifacts.sha256_file(libraries) if libraries.is_file() else None,
            "device": [device, job.run.threads, job.run.instruction_set],
        }
    )
    return paths.state() / "resume" / job.key / f"{seed}-{digest[:16]}"
