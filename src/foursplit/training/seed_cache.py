"""Seeds that were finished when their stage was stopped, kept until the stage ends.

DVC removes a stage's outputs before the stage runs: without a copy elsewhere a stage that is
stopped at its last seed would train all of them again.
"""

import shutil
from pathlib import Path

from foursplit.config.schema import GradientFit
from foursplit.core.errors import FoursplitError
from foursplit.io import artifacts
from foursplit.training import manifest
from foursplit.training.manifest import Manifest
from foursplit.training.train import Job, code, kind_of, resume_path


def keep(job: Job, folder: Path, seed: int) -> None:
    """Copy what training gave with one seed; nothing where its code has changed meanwhile."""
    if code(job.experiment) != job.code:
        return
    with artifacts.replacing_folder(_place(job, seed)) as part:
        shutil.copytree(folder, part, dirs_exist_ok=True)


def take(job: Job, folder: Path, seed: int) -> Manifest | None:
    """Fill `folder` with what was kept of the very same job; None where nothing was, or torn."""
    kept = _place(job, seed)
    artifacts.recover(kept)
    try:
        made = manifest.load(kept)
    except FoursplitError:
        return None
    if made.device != _device(job, made):
        return None
    with artifacts.replacing_folder(folder) as part:
        shutil.copytree(kept, part, dirs_exist_ok=True)
    return made


def forget(job: Job) -> None:
    """Remove all that was kept of an experiment."""
    shutil.rmtree(_place(job, 0).parent, ignore_errors=True)


def _place(job: Job, seed: int) -> Path:
    path = resume_path(job, seed, "any")
    return path.parent / "finished" / path.name


def _device(job: Job, made: Manifest) -> str:
    """Name the device that the job would be trained on now."""
    fit = job.experiment.fit
    if not isinstance(fit, GradientFit) or made.flops is None:
        return "cpu"
    from foursplit.training import device

    return device.name(kind_of(job, fit, made.flops))
