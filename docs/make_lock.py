"""Write the lock files from what is installed beside this interpreter; `make lock` calls it.

With `team` it installs what a team adds beside this interpreter, held to the pins that are there,
and writes the locks of that alone.
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent

NUMERIC = {
    "Box2D", "gymnasium", "joblib", "lightning-utilities", "numpy", "pandas", "pyarrow",
    "pytorch-lightning", "safetensors", "scikit-learn", "scipy", "skops", "threadpoolctl",
    "torch", "torchmetrics", "xgboost-cpu",
}  # fmt: skip
"""Packages whose version changes the bytes that training and evaluation write."""


def pins() -> list[str]:
    """List what is installed as `name==version`; a build's mark such as +cpu is not part of it."""
    command = [sys.executable, "-m", "pip", "freeze", "--all", "--exclude-editable"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    lines = [re.sub(r"\+\w+$", "", line) for line in listed.splitlines()]
    return [line for line in lines if "==" in line and not line.startswith(("pip==", "nvidia-"))]


TEAM = {
    "team": "# What a team's servers need beside requirements.lock. `make lock-team` writes it.\n"
    "-r requirements.lock\n",
    "team-dev": "# What tests a team's set-up. `make lock-team` writes it.\n"
    "-r requirements-team.lock\n",
}


def lock_team() -> None:
    """Pin what the extras of a team bring; a pin that is in a lock already is not moved."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    known = [pin for name in ("-numeric", "") for pin in pinned(f"requirements{name}.lock")]
    held = ROOT / "build" / "held.txt"
    for extra, head in TEAM.items():
        # One after the other, each held to those before: pip would try boto3's versions, of which
        # there is one a day, against those of the S3 file system for many minutes.
        for name in project["optional-dependencies"][extra]:
            pinned_now = {pin.split("==")[0]: pin for pin in [*pins(), *known]}
            held.write_text("\n".join(pinned_now.values()) + "\n")
            command = [sys.executable, "-m", "pip", "install", "--quiet", "-c", str(held), name]
            subprocess.run(command, check=True)
        found = [pin for pin in pins() if pin not in known]
        (ROOT / f"requirements-{extra}.lock").write_text(head + "\n".join(found) + "\n")
        known += found


def pinned(name: str) -> list[str]:
    return [line for line in (ROOT / name).read_text().splitlines() if "==" in line]


def lock() -> None:
    numeric = [pin for pin in pins() if pin.split("==")[0] in NUMERIC]
    others = [pin for pin in pins() if pin not in numeric]
    (ROOT / "requirements-numeric.lock").write_text(
        "# Pins that change bytes: training and evaluation depend on this file. "
        "`make lock` writes it.\n" + "\n".join(numeric) + "\n"
    )
    (ROOT / "requirements.lock").write_text(
        "# Everything else, pinned. No hashes: torch has a CPU and a CUDA build of one version.\n"
        "-r requirements-numeric.lock\n" + "\n".join(others) + "\n"
    )


if __name__ == "__main__":
    lock_team() if sys.argv[1:] == ["team"] else lock()
