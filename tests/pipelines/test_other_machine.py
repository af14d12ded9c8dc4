"""Processors of both makers, emulated, write the same bytes: kernels are capped, not found."""

import shutil
import subprocess
import sys

import pytest

EMULATOR = shutil.which("qemu-x86_64")

PICTURES = """
import hashlib, sys
from pathlib import Path
from foursplit.core import reproducible_env
reproducible_env.configure_environment("portable", 1)
from foursplit_courses.datasets import digits
read = digits.read(Path(sys.argv[1]))
print(hashlib.sha256(read.x.tobytes()).hexdigest())
"""


@pytest.mark.slow
@pytest.mark.skipif(EMULATOR is None, reason="needs qemu-x86_64 (Debian's package qemu-user)")
# Intel's of 2013 and AMD's of 2017: AVX2, and nothing beyond.
@pytest.mark.parametrize("processor", ["Haswell", "EPYC"])
def test_another_processor_writes_the_same_bytes_in_ci(clone, processor):
    other = [EMULATOR, "-cpu", processor, sys.executable]
    path = clone.folder / "params.yaml"
    path.write_text(path.read_text().replace("max_epochs: 40", "max_epochs: 2"))
    for stage in ("fetch", "validate", "split"):
        clone.run("foursplit", "stage", stage, "digits")
    train = ["-m", "foursplit", "stage", "train", "c4w2_digits_lenet"]
    model = clone.folder / "data/models/c4w2_digits/c4w2_digits_lenet/seed_1"
    clone.run(sys.executable, *train)
    here = {path.name: path.read_bytes() for path in model.iterdir()}
    shutil.rmtree(model)
    clone.run(*other, *train)
    there = {path.name: path.read_bytes() for path in model.iterdir()}
    assert set(here) == {"curves.csv", "manifest.json", "model.safetensors"}
    assert here == there

    raw = str(clone.folder / "data" / "raw" / "digits")
    pictures = [
        subprocess.run(
            [*runner, "-c", PICTURES, raw],
            env=clone.env,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for runner in ([sys.executable], other)
    ]
    assert pictures[0] == pictures[1]
