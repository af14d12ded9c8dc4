"""The LSTM from first principles beside PyTorch's: forward and backward, on one thread.

Batch 64, 128 inputs and units, 50 steps, 32-bit numbers; the loss is the sum of all outputs times
fixed numbers.  Both are timed turn by turn in CPU seconds, and must agree.  Goal: at most three
times PyTorch's.

Source: Ng, DLS C5 W1.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parent))

from repro import ROOT, processor
from threadpoolctl import threadpool_limits

from foursplit.core.seeds import generator
from foursplit_courses.from_scratch.sequence.gru import GruWeights, gru, gru_backward
from foursplit_courses.from_scratch.sequence.lstm import LstmWeights, lstm, lstm_backward
from foursplit_courses.from_scratch.sequence.rnn import RnnWeights, rnn, rnn_backward

RESULT = ROOT / "benchmarks" / "results" / "recurrent.json"
BATCH, UNITS, STEPS = 64, 128, 50
GATES = {"rnn": 1, "lstm": 4, "gru": 3}
MOST = 3.0  # times PyTorch's
REPEATS = 21
GIVEN = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}


def ours(name: str, x: np.ndarray, grad: np.ndarray, values: list[np.ndarray]) -> np.ndarray:
    """Return the gradient of the inputs after a pass each way."""
    first = np.zeros((BATCH, UNITS), np.float32)
    if name == "rnn":
        plain = RnnWeights(*values)
        return rnn_backward(grad, rnn(x, first, plain), x, first, plain).x
    if name == "gru":
        gated = GruWeights(*values, np.zeros_like(values[2]))
        return gru_backward(grad, gru(x, first, gated), x, first, gated).x
    weights = LstmWeights(*values)
    trace = lstm(x, first, first, weights)
    return lstm_backward(grad, trace, x, first, first, weights).x


def theirs(layer: torch.nn.RNNBase, x: torch.Tensor, grad: torch.Tensor) -> np.ndarray:
    """Do the same in PyTorch."""
    layer.zero_grad()
    inputs = x.clone().requires_grad_()
    layer(inputs)[0].backward(grad)
    assert inputs.grad is not None
    return inputs.grad.numpy()


def cpu_s(run: Callable[[], object]) -> float:
    start = time.process_time()
    run()
    return time.process_time() - start


def compare(name: str) -> dict[str, float]:
    """Time both turn by turn; the ratio is the median of the turns' ratios."""
    rng, gates = generator("benchmark: recurrent", name), GATES[name] * UNITS
    x, grad = (rng.normal(size=(STEPS, BATCH, UNITS)).astype(np.float32) for _ in range(2))
    shapes = ((UNITS, gates), (UNITS, gates), (gates,))
    values = [rng.normal(0, UNITS**-0.5, shape).astype(np.float32) for shape in shapes]
    layer = GIVEN[name](UNITS, UNITS)
    with torch.no_grad():
        layer.weight_ih_l0.copy_(torch.from_numpy(values[0].T.copy()))
        layer.weight_hh_l0.copy_(torch.from_numpy(values[1].T.copy()))
        layer.bias_ih_l0.copy_(torch.from_numpy(values[2]))
        layer.bias_hh_l0.zero_()
    inputs, wanted = torch.from_numpy(x), torch.from_numpy(grad)
    np.testing.assert_allclose(
        ours(name, x, grad, values), theirs(layer, inputs, wanted), rtol=1e-3, atol=1e-3
    )
    turns = [
        (cpu_s(lambda: ours(name, x, grad, values)), cpu_s(lambda: theirs(layer, inputs, wanted)))
        for _ in range(REPEATS)
    ]
    return {
        "ours_ms": round(1000 * median(mine for mine, _ in turns), 2),
        "pytorch_ms": round(1000 * median(other for _, other in turns), 2),
        "ratio": round(median(mine / other for mine, other in turns), 2),
    }


def main() -> None:
    """Compare the three layers and store the figures."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    torch.set_num_threads(1)
    with threadpool_limits(1):
        found = {name: compare(name) for name in GATES}
    result = {
        "device": processor(), "batch": BATCH, "units": UNITS, "steps": STEPS,
        "goal": MOST, "met": found["lstm"]["ratio"] <= MOST, "layers": found,
    }  # fmt: skip
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
