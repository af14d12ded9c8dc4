"""What workers leave out of torch's and Lightning's imports comes when something uses it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

SETUP = """
import sys
from foursplit.runner.workers.deferred_imports import import_library
import_library("torch")
import_library("pytorch_lightning")
import torch, pytorch_lightning as L
def loaded(name):
    return any(n == name or n.startswith(name + ".") for n in sys.modules)
"""

STEP = """
torch.manual_seed(0)
net = torch.nn.Linear(3, 2)
adam = torch.optim.Adam(net.parameters())
for _ in range(3):
    adam.zero_grad()
    net(torch.ones(4, 3)).square().sum().backward()
    adam.step()
weights = net.weight.detach().clone()
"""

CASES = {
    "nothing of them is imported with Lightning or by a training step": f"""
{STEP}
assert not loaded("torch._dynamo.eval_frame") and not loaded("sympy")
assert not loaded("matplotlib") and not loaded("scipy.signal")
""",
    "torch.compile compiles": f"""
{STEP}
from pytorch_lightning.utilities.compile import from_compiled, to_uncompiled
plain = torch.nn.Linear(3, 2)
compiled = torch.compile(plain, backend="eager")
x = torch.ones(1, 3)
assert torch.equal(compiled(x), plain(x))
import torch._dynamo
assert isinstance(compiled, torch._dynamo.OptimizedModule)
from lightning_fabric import wrappers
assert isinstance(compiled, wrappers.OptimizedModule)
assert not isinstance(plain, wrappers.OptimizedModule)
adam.zero_grad(); adam.step()
""",
    "a submodule of the compiler is imported once, with the compiler": """
import torch._dynamo.eval_frame as frame
assert frame is sys.modules["torch._dynamo.eval_frame"] is torch._dynamo.eval_frame
from torch._dynamo.utils import counters
assert counters is torch._dynamo.utils.counters and torch._dynamo.utils.__spec__.origin
assert torch._dynamo is sys.modules["torch._dynamo"] and torch._dynamo.__file__
""",
    "deterministic algorithms are used, by the compiler too once it is imported": """
modes = ((True, True, 1), (True, False, 2), (False, False, 0), (True, False, 2))
for mode, warn_only, expected in modes:
    torch.use_deterministic_algorithms(mode, warn_only=warn_only)
    assert torch.get_deterministic_debug_mode() == expected
L.Trainer(deterministic=True, logger=False, enable_checkpointing=False, accelerator="cpu",
          enable_model_summary=False, enable_progress_bar=False)
assert torch.get_deterministic_debug_mode() == 2 and not loaded("torch._dynamo.eval_frame")
import torch._inductor.config
assert torch._inductor.config.deterministic is True
torch.use_deterministic_algorithms(False)
assert torch._inductor.config.deterministic is False and torch.get_deterministic_debug_mode() == 0
""",
    "weights are those of a training with the compiler imported": f"""
{STEP}
import torch._dynamo.eval_frame
deferred = weights
{STEP}
assert torch.equal(weights, deferred)
""",
    "a function disabled for the compiler stays a function": """
disabled = torch.compiler.disable(lambda x: x + 1)
assert disabled(1) == 2 and not loaded("torch._dynamo.eval_frame")
whole = torch.compile(lambda x: disabled(x * 2), backend="eager")
assert torch.equal(whole(torch.ones(2)), torch.full((2,), 3.0))
try:
    torch.compile(lambda x: disabled(x * 2), backend="eager", fullgraph=True)(torch.ones(2))
except Exception as error:
    assert "disable" in str(error)
else:
    raise AssertionError("the compiler went through a disabled function")
""",
    "inspect does not import the compiler": """
import inspect
inspect.getmodule(lambda: 0); inspect.stack()
assert not loaded("torch._dynamo.eval_frame")
""",
    "metrics of torchmetrics compute and draw": """
import matplotlib; matplotlib.use("agg")
from torchmetrics.classification import MulticlassAccuracy
accuracy = MulticlassAccuracy(num_classes=3, average="micro")
accuracy.update(torch.tensor([0, 1, 2, 2]), torch.tensor([0, 1, 2, 1]))
assert accuracy.compute() == 0.75
figure, axes = accuracy.plot()
assert figure.axes == [axes]
""",
    "scipy.signal is scipy's": """
import numpy as np, scipy, scipy.signal
assert scipy.signal.convolve([1.0], [2.0]) == 2.0 and scipy.signal is sys.modules["scipy.signal"]
""",
    "a worker's import of anything else is the import": """
import_library("json")
import json
assert json is sys.modules["json"]
""",
}


@pytest.fixture(scope="module")
def run():
    """Fork each case from one process with the libraries imported."""
    children = "\n".join(
        f"""
if os.fork() == 0:
    try:
        exec({code!r}, globals())
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
print({name!r}, os.waitstatus_to_exitcode(os.wait()[1]), sep="\\t", flush=True)"""
        for name, code in CASES.items()
    )
    script = f"import os, traceback\n{SETUP}\n{children}"
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], env=env, capture_output=True, text=True
    )
    return dict(line.split("\t") for line in result.stdout.splitlines()), result.stderr


@pytest.mark.parametrize("name", CASES)
def test_of_what_is_deferred(run, name):
    codes, errors = run
    assert codes.get(name) == "0", errors
