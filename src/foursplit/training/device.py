"""The device that a stage uses, and the name its manifest gives it."""

import ctypes
import os
import platform
from contextlib import suppress
from typing import Literal

import torch

from foursplit.core.errors import FoursplitError

VARIABLE = "FOURSPLIT_ACCELERATOR"

MIN_GPU_FLOPS = 10_000_000
"""Operations forward in a step from which on a GPU is the faster of the two.

Below, starting its kernels mostly takes longer than one core takes to compute (for 47 of the 51
networks that `benchmarks/on_gpu.py` timed there).
"""


M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Names of two settings of the C library's `mallopt`, from its malloc.h."""

LARGE_BLOCK = 8 * 2**20
"""Bytes from which on a block goes back to the system when it is freed.

glibc raises its own threshold to the largest block that was freed, up to 32 MB, and keeps the
smaller ones: sounds of all lengths then fill more and more of them (`benchmarks/memory.py`).
"""

KEPT_AT_TOP = 64 * 2**20
"""Bytes of smaller freed blocks that stay for the next step, so that each need not ask again."""


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


def give_back_freed_memory() -> bool:
    """Have the C library give large freed blocks back at once; return whether it does.

    Other libraries than glibc, on other systems, have rules of their own.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        settings = ((M_MMAP_THRESHOLD, LARGE_BLOCK), (M_TRIM_THRESHOLD, KEPT_AT_TOP))
        return all(libc.mallopt(name, value) == 1 for name, value in settings)
    return False
