"""Stage train: weights, learning curves and a manifest for each seed."""

from collections.abc import Callable
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
from foursplit.training import seed_cache
from foursplit.training.callbacks import Row
from foursplit.training.progress import Progress
from foursplit.training.train import Job, train


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
    experiment, n_cached = job.experiment, 0
    for seed in experiment.fit.seeds:
        target = paths.seed_folder(paths.models(experiment.group, key), seed)
        cached = seed_cache.load(job, target, seed)
        if cached is not None:
            manifest, n_cached = cached, n_cached + 1
            continue
        if isinstance(experiment.fit, TrainerConfig):
            listeners: list[Listener] = [Progress(seed, experiment.fit.max_epochs)]
            if live:
                about = {"home": params.home(key), "key": key, "experiment": experiment}
                listeners.append(live(**about, seed=seed, data=job.data))
            manifest = train(job, target, seed, tuple(listeners))
            for listener in listeners:
                listener.close()
        else:
            manifest = train(job, target, seed)
        if seed != experiment.fit.seeds[-1]:
            seed_cache.save(job, target, seed)
    seed_cache.discard(job)
    costs = f"{manifest.n_parameters:,} parameters"
    costs += f", {manifest.flops:,} FLOPs an example" if manifest.flops is not None else ""
    before = f" ({n_cached} trained before)" if n_cached else ""
    return f"{len(experiment.fit.seeds)} seed(s){before} on {manifest.device}: {costs}"


def prepare(key: str, params: Params) -> Job:
    """Load the data that experiment `key` is trained on."""
    experiment = params.experiment(key)
    splits = {name: load_splits.load(experiment.dataset, name) for name in SEEN}
    dataset = plugins.dataset(experiment.dataset).SPEC
    folder = paths.split(experiment.dataset) / "seen"
    return Job(
        key=key,
        experiment=experiment,
        run=params.run,
        splits=splits,
        dataset=dataset,
        shape=infer_data_spec(splits["train"], dataset),
        data={name: artifacts.sha256_file(folder / name) for name in store.files(folder, "train")},
    )
