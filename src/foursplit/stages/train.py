"""Stage train: weights, learning curves and a manifest for each seed."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Protocol

from foursplit import plugins
from foursplit.config import paths
from foursplit.config.fit import TrainerConfig
from foursplit.config.load import load
from foursplit.config.schema import Params
from foursplit.core.splits import SEEN
from foursplit.data import load_splits, store
from foursplit.data.infer_data_spec import infer_data_spec
from foursplit.io import artifacts
from foursplit.training import seed_cache, train, train_seeds
from foursplit.training.callbacks import Row
from foursplit.training.manifest import Manifest
from foursplit.training.progress import Progress
from foursplit.training.train import Job


class Listener(Protocol):
    """Callback that receives each row of the learning curves."""

    def __call__(self, row: Row) -> None: ...

    def close(self) -> None: ...


Live = Callable[..., Listener]
"""Returns a listener from home, key, experiment, seed and data hashes."""


def run(key: str, live: Live | None = None) -> str:
    """Write `data/models/<group>/<key>`; report each epoch to a listener that `live` makes."""
    params = load()
    job = prepare(key, params)
    seeds, n_cached = job.experiment.fit.seeds, 0
    folders = {
        seed: paths.seed_folder(paths.models(job.experiment.group, key), seed) for seed in seeds
    }
    batch = train_seeds.prepare(job)
    if batch is not None:
        following = {seed: _live(params, job, seed, live) for seed in seeds}
        manifest = train_seeds.train_seeds(batch, folders, following)
        _close(listener for listeners in following.values() for listener in listeners)
    else:
        manifest, n_cached = _train_one_by_one(params, job, folders, live)
    costs = f"{manifest.n_parameters:,} parameters"
    costs += f", {manifest.flops:,} FLOPs an example" if manifest.flops is not None else ""
    before = f" ({n_cached} trained before)" if n_cached else ""
    before += " at once" if batch is not None else ""
    return f"{len(seeds)} seed(s){before} on {manifest.device}: {costs}"


def _train_one_by_one(
    params: Params, job: Job, folders: Mapping[int, Path], live: Live | None
) -> tuple[Manifest, int]:
    """Train each seed that is not cached; return the last manifest and how many were cached."""
    fit, n_cached = job.experiment.fit, 0
    for seed, target in folders.items():
        cached = seed_cache.load(job, target, seed)
        if cached is not None:
            manifest, n_cached = cached, n_cached + 1
            continue
        if isinstance(fit, TrainerConfig):
            progress: Listener = Progress(seed, fit.max_epochs)
            listeners = (progress, *_live(params, job, seed, live))
            manifest = train.train(job, target, seed, listeners)
            _close(listeners)
        else:
            manifest = train.train(job, target, seed)
        if seed != fit.seeds[-1]:
            seed_cache.save(job, target, seed)
    seed_cache.discard(job)
    return manifest, n_cached


def _live(params: Params, job: Job, seed: int, live: Live | None) -> tuple[Listener, ...]:
    if live is None:
        return ()
    about = {"home": params.home(job.key), "key": job.key, "experiment": job.experiment}
    return (live(**about, seed=seed, data=job.data),)


def _close(listeners: Iterable[Listener]) -> None:
    for listener in listeners:
        listener.close()


def prepare(key: str, params: Params) -> Job:
    """Load the data that experiment `key` is trained on."""
    experiment = params.experiment(key)
    splits = {name: load_splits.load(experiment.dataset, name) for name in SEEN}
    dataset = plugins.dataset(experiment.dataset).SPEC
    folder = paths.split(experiment.dataset) / "seen"
    job = Job(
        key=key,
        experiment=experiment,
        run=params.run,
        splits=splits,
        dataset=dataset,
        shape=infer_data_spec(splits["train"], dataset),
        data={name: artifacts.sha256_file(folder / name) for name in store.files(folder, "train")},
    )
    return train.prepare(job)
