"""The whole pipeline on remote data, from clean: from fetch to final, out of a mirror folder.

Clones the last commit, runs `foursplit repro --full` there with every data set accepted whose
dataset the pipeline has, and keeps the seconds, of all and of each training.  What came out (locks
and metrics.full.json) is then this project's: `make docs` writes it into docs/headlines.md.
Run it on a quiet machine, with FOURSPLIT_MIRROR set.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from repro import ROOT, clone, processor

from foursplit import plugins
from foursplit.config.load import load
from foursplit.core.dataset_spec import RemoteFiles
from foursplit.data.download import catalogue
from foursplit.data.download.licences import ACCEPT

RESULT = ROOT / "benchmarks" / "results" / "full.json"
MIRROR = "FOURSPLIT_MIRROR"


def asking() -> list[str]:
    """Name the data sets of the pipeline whose terms must be accepted by name."""
    files = [f for name in load().full.datasets for f in plugins.dataset(name).SPEC.files]
    names = {file.entry for file in files if isinstance(file, RemoteFiles)}
    return sorted(name for name in names if catalogue.load_entry(name).terms == "ask")


def seconds(folder: Path, kind: str) -> dict[str, float]:
    """Give the seconds that each stage of a kind took, by its key."""
    found = {}
    for path in sorted((folder / ".foursplit" / "stages").glob(f"*full*--{kind}@*.json")):
        found[path.stem.partition("@")[2]] = json.loads(path.read_text())["seconds"]
    return found


def keep(folder: Path) -> None:
    """Take over what the clean run gave."""
    for path in [*(folder / "pipelines" / "full").rglob("dvc.lock"), folder / "metrics.full.json"]:
        shutil.copyfile(path, ROOT / path.relative_to(folder))


def main() -> None:
    """Run once, from clean."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.parse_args()
    if not os.environ.get(MIRROR):
        sys.exit(f"set {MIRROR} to a folder with the data sets; `foursplit datasets` lists them")
    accepted = asking()
    with tempfile.TemporaryDirectory(prefix="foursplit-full-") as name:
        folder = Path(name) / "clone"
        env = {**clone(folder), ACCEPT: ",".join(accepted)}
        start = time.perf_counter()
        subprocess.run(["foursplit", "repro", "--full"], cwd=folder, env=env, check=True)
        total = time.perf_counter() - start
        result = {
            "device": processor(),
            "cores": os.cpu_count(),
            "accepted": accepted,
            "seconds": round(total, 1),
            "stages": len(list((folder / ".foursplit" / "stages").glob("*full*.json"))),
            "fetch_s": round(sum(seconds(folder, "fetch").values()), 1),
            "train_s": seconds(folder, "train"),
        }
        keep(folder)
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    print(f"{result['stages']} stages in {total / 60:.1f} min; kept in {RESULT}")


if __name__ == "__main__":
    main()
