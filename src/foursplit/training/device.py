"""The device that a stage uses, and the name its manifest gives it."""

import os
from typing import Literal

import torch

from foursplit.core.errors import FoursplitError
from foursplit.training.freed_memory import give_back_freed_memory

VARIABLE = "FOURSPLIT_ACCELERATOR"

MIN_GPU_FLOPS = 10_000_000
"""Operations forward in a step from which on a GPU is the faster of the two.

Below, starting its kernels mostly takes longer than one core takes to compute (for 47 of the 51
networks that `benchmarks/on_gpu.py` timed there).
"""


def runs_faster_on_gpu(flops: int, n_examples: int) -> bool:
    """Return whether steps of `n_examples`, each of `flops` forward, are faster on a GPU."""
    return flops * n_examples >= MIN_GPU_FLOPS


def resolve(accelerator: str, *, prefer_gpu: bool) -> Literal["cpu", "gpu"]:
    """Turn auto, cpu or gpu into what is used here; the environment variable takes precedence.

    `auto` means a GPU where there is one and the work `gains` by it.
    """
    requested = os.environ.get(VARIABLE) or accelerator
    if requested not in ("auto", "cpu", "gpu"):
        raise FoursplitError(f"{VARIABLE}: {requested!r} must be auto, cpu or gpu")
    if requested == "gpu" and not torch.cuda.is_available():
        raise FoursplitError(
            "run.accelerator: 'gpu', but torch finds no GPU. Use auto or cpu, or install a "
            f"CUDA build of torch (this one is {torch.__version__})."
        )
    if requested == "auto":
        return "gpu" if prefer_gpu and torch.cuda.is_available() else "cpu"
    return "gpu" if requested == "gpu" else "cpu"


def torch_device(kind: Literal["cpu", "gpu"]) -> torch.device:
    return torch.device("cuda" if kind == "gpu" else "cpu")


def name(kind: Literal["cpu", "gpu"]) -> str:
    """Return the kind of device on which the same bytes come out again."""
    return f"gpu: {torch.cuda.get_device_name()}" if kind == "gpu" else "cpu"


def set_deterministic(threads: int) -> None:
    """Ask torch for the same bits each time: a fixed thread count, no kernel that races."""
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.benchmark = False


def configure(threads: int) -> None:
    """Prepare this process for a network: the same bits each time, freed memory given back."""
    set_deterministic(threads)
    give_back_freed_memory()
