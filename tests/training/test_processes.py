"""Two processes of torchrun train as one does."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = "tests.training.two_processes"
ROOT = Path(__file__).parent.parent.parent


@pytest.mark.slow
def test_two_processes_give_the_curve_of_one_in_ci(tmp_path):
    environment = {**os.environ, "GLOO_SOCKET_IFNAME": "lo"}
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", "2"]
    local = ["--standalone", "--local-addr", "127.0.0.1"]
    for command in ([sys.executable, "-m"], [*torchrun, *local, "-m"]):
        subprocess.run(
            [*command, SCRIPT, str(tmp_path)], cwd=ROOT, env=environment, check=True, timeout=120
        )
    alone, first, second = (
        json.loads((tmp_path / f"{name}.json").read_text()) for name in ("alone", "0", "1")
    )
    assert len(alone) == len(first) == 6
    for one, two, other in zip(alone, first, second, strict=True):
        assert two == pytest.approx(one, abs=1e-5)
        assert other == pytest.approx(two, abs=1e-7)
