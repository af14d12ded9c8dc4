"""The memory of large inputs: a U-Net's evaluation, a ResNet's training, a gigabyte of sound.

Each case is a process of its own.  Its peak is of memory that it must have (anonymous pages); what
is mapped from a file is in the system's cache, which gives it back when it is needed.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from repro import ROOT, processor

RESULT = ROOT / "benchmarks" / "results" / "memory.json"
PICTURES, SIDE = 10_000, 96
SOUND_BYTES = 2**30
CLIP = (80_000, 480_000)  # samples: 5 to 30 seconds
LIMIT_MB = {"unet_evaluation": 2000, "resnet_training": 2000, "sound_training": 1000}
PERIOD_S = 0.02


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--case", choices=CASES, help="one only, in this process")
    parser.add_argument("--only", choices=CASES, help="measure one case; the others' rows stay")
    parser.add_argument("--folder", type=Path, help="with the inputs, for --case")
    asked = parser.parse_args()
    if asked.case:
        print(json.dumps(measure(CASES[asked.case], asked.folder)))
        return
    with tempfile.TemporaryDirectory() as folder:
        write_inputs(Path(folder))
        names = [asked.only] if asked.only else [*CASES]
        new = {name: in_process(name, Path(folder)) for name in names}
    before = json.loads(RESULT.read_text())["cases"] if asked.only else []
    rows = {case["case"]: case for case in before} | new
    cases = [rows[name] for name in CASES if name in rows]
    RESULT.write_text(json.dumps({"device": processor(), "cases": cases}, indent=1) + "\n")


def in_process(name: str, folder: Path) -> dict[str, Any]:
    command = [sys.executable, __file__, "--case", name, "--folder", str(folder)]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    case = {"case": name, "limit_mb": LIMIT_MB[name], **json.loads(text.splitlines()[-1])}
    case["met"] = case["peak_mb"] < case["limit_mb"]
    print(json.dumps(case), flush=True)
    return case


def write_inputs(folder: Path) -> None:
    """Write pictures and sounds of random numbers, a part at a time."""
    rng = np.random.default_rng(1)
    pictures = np.lib.format.open_memmap(
        folder / "pictures.npy", mode="w+", dtype=np.uint8, shape=(PICTURES, 3, SIDE, SIDE)
    )
    for start in range(0, PICTURES, 500):
        pictures[start : start + 500] = rng.integers(0, 256, (500, 3, SIDE, SIDE), np.uint8)
    n = SOUND_BYTES // 2
    sound = np.lib.format.open_memmap(folder / "sound.npy", mode="w+", dtype=np.int16, shape=(n,))
    for start in range(0, n, 2**24):
        sound[start : start + 2**24] = rng.integers(-3000, 3000, 2**24, np.int16)
    lengths = rng.integers(*CLIP, size=n // CLIP[0])
    ends = np.cumsum(lengths)
    np.save(folder / "ends.npy", np.append(ends[ends < n], n))


def measure(run: Callable[[Path], int], folder: Path) -> dict[str, Any]:
    """Run a case; return its peaks, in MB, and how long it took."""
    peaks, done = {"RssAnon": 0, "VmRSS": 0}, threading.Event()

    def sample() -> None:
        while not done.wait(PERIOD_S):
            status = dict(
                line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines()
            )
            for name in peaks:
                peaks[name] = max(peaks[name], int(status[name].split()[0]) // 1024)

    watcher = threading.Thread(target=sample, daemon=True)
    watcher.start()
    start = time.perf_counter()
    n = run(folder)
    seconds = time.perf_counter() - start
    done.set()
    watcher.join()
    return {
        "examples": n,
        "peak_mb": peaks["RssAnon"],
        "with_mapped_files_mb": peaks["VmRSS"],
        "seconds": round(seconds, 1),
    }


def unet_evaluation(folder: Path) -> int:
    """Predict the class of each pixel of all pictures; return their number."""
    import pandas as pd
    import torch
    from nets import UNet

    from foursplit import plugins
    from foursplit.core.examples import DataSpec, Examples
    from foursplit.evaluation.predict import NetworkPredictor
    from foursplit.training import device

    class Score:
        """The most likely class of each pixel, as a byte."""

        @staticmethod
        def postprocess(outputs: np.ndarray, _shape: DataSpec) -> np.ndarray:
            return outputs.argmax(axis=1).astype(np.uint8)

    device.configure(1)
    plugins.metrics = lambda _task: Score  # type: ignore[assignment,return-value]
    x = np.load(folder / "pictures.npy", mmap_mode="r")
    spec = DataSpec(inputs=x.shape[1:], scale=1 / 255)
    net = UNet(classes=3).eval()
    examples = Examples(x=x, metadata=pd.DataFrame(index=range(len(x))))
    masks = NetworkPredictor(net, torch.device("cpu"), spec, "segment")(examples)
    assert masks.shape == (len(x), SIDE, SIDE)
    return len(masks)


def resnet_training(folder: Path) -> int:
    """Train one epoch on all pictures; return their number."""
    from nets import ResNet

    x = np.load(folder / "pictures.npy", mmap_mode="r")
    return train(ResNet(classes=10), {"x": x}, scale=1 / 255)


def sound_training(folder: Path) -> int:
    """Train one epoch on all clips; return their number."""
    from nets import SoundNet

    from foursplit.core.arrays import Ragged

    values = np.load(folder / "sound.npy", mmap_mode="r")
    clips = Ragged(values, np.load(folder / "ends.npy"))
    return train(SoundNet(classes=10), {"x": clips}, scale=2**-15)


def train(net: Any, arrays: dict[str, Any], scale: float) -> int:
    from foursplit.config.fit import TrainerConfig
    from foursplit.core.examples import DataSpec
    from foursplit.tasks import classify
    from foursplit.training import device, network

    device.configure(1)
    n = len(arrays["x"])
    y = np.random.default_rng(2).integers(0, 10, n)
    fit = TrainerConfig(seeds=(1,), learning_rate=0.001, max_epochs=1, batch_size=16)
    spec = DataSpec(inputs=(), classes=tuple("0123456789"), scale=scale)
    few = {"x": arrays["x"][np.arange(50)], "y": y[:50]}
    with tempfile.TemporaryDirectory() as state:
        network.fit(
            network.Training(
                module=classify.module(net, fit, spec), train={**arrays, "y": y},
                validation={"train_dev": few, "dev": few}, fit=fit, seed=1, kind="cpu",
                state=Path(state) / "state", scale=scale,
            ),
            network.choose_loop(fit, 10**6, {**arrays, "y": y}),
        )  # fmt: skip
    return n


CASES = {
    "unet_evaluation": unet_evaluation,
    "resnet_training": resnet_training,
    "sound_training": sound_training,
}

if __name__ == "__main__":
    main()
