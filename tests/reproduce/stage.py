"""Stages that take no time: each writes what its inputs decide."""

import hashlib
import json
import sys
from pathlib import Path

SEED = "seed_1"


def run(name, root):
    """Run a stage in the project at `root`."""
    data = Path(root) / "data"
    raw, valid = data / "raw" / "alphabet", data / "valid" / "alphabet"
    split = data / "split" / "alphabet"
    models = data / "models" / "letters" / "letters_small" / SEED
    tables = data / "predictions" / "letters" / "letters_small" / SEED
    if name == "fetch":
        _write(raw / "letters.txt", (Path(root) / "origin.txt").read_text())
    elif name == "validate":
        _write(valid / "letters.txt", (raw / "letters.txt").read_text())
    elif name == "split":
        text = (valid / "letters.txt").read_text()
        _write(split / "seen" / "train.npy", text.upper())
        _write(split / "sealed" / "test.npy", text[::-1])
    elif name == "train":
        seen = (split / "seen" / "train.npy").read_text()
        weights = seen + (Path(root) / "model.py").read_text()
        _write(models / "model.safetensors", weights)
        manifest = {"seed": 1, "model_hash": _sha256(weights), "device": "cpu", "threads": 1}
        manifest |= {"instruction_set": "portable", "data": {"train.npy": _sha256(seen)}}
        _write(models / "manifest.json", json.dumps(manifest))
    else:
        manifest = json.loads((models / "manifest.json").read_text())
        answers = (models / "model.safetensors").read_text()[::-1]
        _write(tables / "dev.parquet", answers)
        told = {"metrics": {"dev": {"error": len(answers) / 100}}, "manifest": manifest}
        _write(tables / "summary.json", json.dumps(told))


def _sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def _write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


if __name__ == "__main__":
    run(sys.argv[1], Path.cwd())
