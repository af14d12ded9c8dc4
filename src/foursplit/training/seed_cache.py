"""Cache of trained seeds, kept until their stage ends.

DVC removes a stage's outputs before the stage runs: without a copy elsewhere a stage that is
stopped at its last seed would train all of them again.
"""

import shutil
from pathlib import Path

from foursplit.config.fit import TrainerConfig
from foursplit.core.errors import FoursplitError
from foursplit.io import artifacts
from foursplit.training import manifest
from foursplit.training.manifest import Manifest
from foursplit.training.train import Job, code, kind_of, resume_path


def save(job: Job, folder: Path, seed: int) -> None:
    """Copy the outputs of one seed; nothing if the code has changed since training began."""
    if code(job.experiment) != job.code:
        return
    with artifacts.atomic_directory(_path(job, seed)) as temporary:
        shutil.copytree(folder, temporary, dirs_exist_ok=True)


def load(job: Job, folder: Path, seed: int) -> Manifest | None:
    """Write `folder` with the cached outputs of the same job; None if there are none."""
    path = _path(job, seed)
    artifacts.recover_directory(path)
    try:
        cached = manifest.load(path)
    except FoursplitError:
        return None
    if cached.device != _device(job, cached):
        return None
    with artifacts.atomic_directory(folder) as temporary:
        shutil.copytree(path, temporary, dirs_exist_ok=True)
    return cached


def discard(job: Job) -> None:
    """Remove the cached outputs of an experiment."""
    shutil.rmtree(_path(job, 0).parent, ignore_errors=True)


def _path(job: Job, seed: int) -> Path:
    path = resume_path(job, seed, "any")
    return path.parent / "finished" / path.name


def _device(job: Job, cached: Manifest) -> str:
    """Return the device that the job would be trained on now."""
    fit = job.experiment.fit
    if not isinstance(fit, TrainerConfig) or cached.flops is None:
        return "cpu"
    from foursplit.training import device

    return device.name(kind_of(job, fit, cached.flops))
