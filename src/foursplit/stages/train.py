"""Stage train: weights, learning curves and a manifest for each seed."""

from collections.abc import Callable
from typing import Protocol

from foursplit import plugins
from foursplit.config import paths
from foursplit.config.load import load
from foursplit.config.schema import GradientFit, Params
from foursplit.core.examples import shape_of
from foursplit.core.splits import SEEN
from foursplit.data import load_splits
from foursplit.io import artifacts
from foursplit.training import seed_cache
from foursplit.training.callbacks import Row
from foursplit.training.progress import Progress
from foursplit.training.train import Job, train


class Listener(Protocol):
    """Someone who follows the learning curves while they grow."""

    def __call__(self, row: Row) -> None: ...

    def close(self) -> None: ...


Live = Callable[..., Listener]
"""Makes a listener from home, key, experiment, seed and data hashes."""


def run(key: str, live: Live | None = None) -> str:
    """Fill `data/models/<group>/<key>`; tell `live` of each epoch, if there is anyone to tell."""
    params = load()
    job = prepare(key, params)
    experiment, n_taken = job.experiment, 0
    for seed in experiment.fit.seeds:
        target = paths.seed_folder(paths.models(experiment.group, key), seed)
        taken = seed_cache.take(job, target, seed)
        if taken is not None:
            made, n_taken = taken, n_taken + 1
            continue
        if isinstance(experiment.fit, GradientFit):
            listeners: list[Listener] = [Progress(seed, experiment.fit.max_epochs)]
            if live:
                about = {"home": params.home(key), "key": key, "experiment": experiment}
                listeners.append(live(**about, seed=seed, data=job.data))
            made = train(job, target, seed, tuple(listeners))
            for listener in listeners:
                listener.close()
        else:
            made = train(job, target, seed)
        if seed != experiment.fit.seeds[-1]:
            seed_cache.keep(job, target, seed)
    seed_cache.forget(job)
    costs = f"{made.n_parameters:,} parameters"
    costs += f", {made.flops:,} FLOPs an example" if made.flops is not None else ""
    before = f" ({n_taken} finished before)" if n_taken else ""
    return f"{len(experiment.fit.seeds)} seed(s){before} on {made.device}: {costs}"


def prepare(key: str, params: Params) -> Job:
    """Read what experiment `key` is trained on."""
    experiment = params.experiment(key)
    splits = {name: load_splits.load(experiment.source, name) for name in SEEN}
    folder = paths.split(experiment.source) / "seen"
    return Job(
        key=key,
        experiment=experiment,
        run=params.run,
        splits=splits,
        shape=shape_of(splits["train"], plugins.dataset(experiment.source).SOURCE.classes),
        data={
            name: artifacts.sha256_file(folder / name) for name in ("train.npy", "train.parquet")
        },
    )
