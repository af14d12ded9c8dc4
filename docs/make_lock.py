"""Write the two lock files from what is installed beside this interpreter; `make lock` calls it."""

import re
import subprocess
import sys
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


def main() -> None:
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
    main()
