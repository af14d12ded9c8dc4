"""The device that a stage uses, and the name its manifest gives it."""

import os
from typing import Literal

import torch

from foursplit.core.errors import Refusal

VARIABLE = "FOURSPLIT_ACCELERATOR"


def resolve(accelerator: str) -> Literal["cpu", "gpu"]:
    """Turn auto, cpu or gpu into what this machine uses; the environment has the last word."""
    asked = os.environ.get(VARIABLE) or accelerator
    if asked not in ("auto", "cpu", "gpu"):
        raise Refusal(f"{VARIABLE}: {asked!r} must be auto, cpu or gpu")
    if asked == "gpu" and not torch.cuda.is_available():
        raise Refusal(
            "run.accelerator: 'gpu', but torch finds none here. Use auto or cpu, or install a "
            f"CUDA build of torch (this one is {torch.__version__})."
        )
    if asked == "auto":
        return "gpu" if torch.cuda.is_available() else "cpu"
    return "gpu" if asked == "gpu" else "cpu"


def torch_device(kind: Literal["cpu", "gpu"]) -> torch.device:
    return torch.device("cuda" if kind == "gpu" else "cpu")


def name(kind: Literal["cpu", "gpu"]) -> str:
    """Name the kind of device on which the same bytes come out again."""
    return f"gpu: {torch.cuda.get_device_name()}" if kind == "gpu" else "cpu"


def repeatable(threads: int) -> None:
    """Ask torch for the same bits each time: a fixed thread count, no kernel that races."""
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.benchmark = False
