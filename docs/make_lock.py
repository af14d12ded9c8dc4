"""Write the lock files from what is installed beside this interpreter; `make lock` calls it.

With `team` it installs what a team adds beside this interpreter, held to the pins that are there,
and writes the locks of that alone.  With `hashes` it moves no pin, and writes for each lock the
hashes of every file that the index has of each version, so that any platform's file is taken.
"""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

ROOT = Path(__file__).parent.parent

NUMERIC = {
    "Box2D", "gymnasium", "joblib", "lightning-utilities", "numpy", "pandas", "pyarrow",
    "pytorch-lightning", "safetensors", "scikit-learn", "scipy", "skops", "threadpoolctl",
    "torch", "torchmetrics", "xgboost-cpu",
}  # fmt: skip
"""Packages whose version changes the bytes that training and evaluation write."""


def needed() -> set[str]:
    """Return the names of what pipeline and courses need, directly and indirectly."""
    from packaging.requirements import Requirement  # `hashes` runs without it

    todo = [Requirement("foursplit[courses]")]
    found: dict[str, set[str]] = {}
    while todo:
        requirement = todo.pop()
        name = _normal(requirement.name)
        extras = {"", *requirement.extras}
        if extras <= found.get(name, set()):
            continue
        found[name] = found.get(name, set()) | extras
        try:
            listed = [Requirement(text) for text in requires(name) or []]
        except PackageNotFoundError:  # of another platform
            continue
        todo += [
            r
            for r in listed
            if not r.marker or any(r.marker.evaluate({"extra": e}) for e in extras)
        ]
    return set(found)


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
    dev = pinned("requirements-dev.lock")
    held = ROOT / "build" / "held.txt"
    for extra, head in TEAM.items():
        # One after the other, each held to those before: pip would try boto3's versions, of which
        # there is one a day, against those of the S3 file system for many minutes.
        for name in project["optional-dependencies"][extra]:
            pinned_now = {pin.split("==")[0]: pin for pin in [*pins(), *known, *dev]}
            held.write_text("\n".join(pinned_now.values()) + "\n")
            command = [sys.executable, "-m", "pip", "install", "--quiet", "-c", str(held), name]
            subprocess.run(command, check=True)
        found = [pin for pin in pins() if pin not in known]
        (ROOT / f"requirements-{extra}.lock").write_text(head + "\n".join(found) + "\n")
        known += [*found, *dev]  # `make team-dev` installs those of dev too


def pinned(name: str) -> list[str]:
    return [line for line in (ROOT / name).read_text().splitlines() if "==" in line]


PIP, UV = "pip==25.3", "uv==0.13.9"

UNHASHED = "torch=="
"""Its CPU and its CUDA builds are files of one version on different indexes; see docs/ci.md."""

HASHED = {
    "-pip": [],
    "": ["-numeric", ""],
    "-dev": ["-dev"],
    "-team": ["-team"],
    "-team-dev": ["-team-dev"],
}
"""Files of hashes, and the locks whose pins each has."""


def hashes() -> None:
    """Ask the index, through uv, for the hashes of every file of each pinned version."""
    install = [sys.executable, "-m", "pip", "install", "--quiet", UV]
    subprocess.run(install, check=True)
    (ROOT / "build").mkdir(exist_ok=True)
    for name, locks in HASHED.items():
        held = [pin for lock in locks for pin in pinned(f"requirements{lock}.lock")] or [PIP]
        listed = ROOT / "build" / "pins.in"
        listed.write_text("\n".join(pin for pin in held if not pin.startswith(UNHASHED)) + "\n")
        command = [sys.executable, "-m", "uv", "pip", "compile", str(listed), "--quiet"]
        command += ["--no-deps", "--generate-hashes", "--no-header", "--no-annotate"]
        found = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        (ROOT / f"requirements{name}.hashes").write_text(
            "# Hashes of every file of the versions pinned; `make lock-hashes` writes it.\n" + found
        )


def lock() -> None:
    numeric = [pin for pin in pins() if pin.split("==")[0] in NUMERIC]
    kept = needed() | {"setuptools", "wheel"}
    others = [pin for pin in pins() if pin not in numeric and _normal(pin.split("==")[0]) in kept]
    dev = [pin for pin in pins() if pin not in (*numeric, *others)]
    (ROOT / "requirements-numeric.lock").write_text(
        "# Pins that change bytes: training and evaluation depend on this file. "
        "`make lock` writes it.\n" + "\n".join(numeric) + "\n"
    )
    (ROOT / "requirements.lock").write_text(
        "# Everything else, pinned; the hashes are in requirements.hashes.\n"
        "-r requirements-numeric.lock\n" + "\n".join(others) + "\n"
    )
    (ROOT / "requirements-dev.lock").write_text(
        "# What checks and tests need beside requirements.lock. `make lock` writes it.\n"
        "-r requirements.lock\n" + "\n".join(dev) + "\n"
    )


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    {"team": lock_team, "hashes": hashes, "": lock}["".join(sys.argv[1:])]()
