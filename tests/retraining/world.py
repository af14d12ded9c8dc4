"""A team's set-up on one machine: a bare git remote, a DVC remote, an MLflow server, a project.

The project is this one with its own code and nothing of the courses: orders that come late or not,
and a model of one file.  Whoever pushes is a developer's clone; whatever retrains is a fresh clone
each time, as on a forge.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
from ruamel.yaml import YAML

from foursplit.cli.commands.ui import SERVER

GROUP, KEY = "orders", "orders_centroids"

WHO = ("-c", "user.name=dev", "-c", "user.email=dev@localhost", "-c", "init.defaultBranch=main")

PARAMS = {
    "run": {"accelerator": "cpu", "threads": 1, "instruction_set": "portable"},
    "diagnosis": {
        "n_resamples": 200,
        "confidence": 0.95,
        "min_gap": 0.005,
        "min_gap_fraction": 0.1,
        "co_primary_fraction": 0.5,
        "seed": 1,
    },
    "datasets": {
        GROUP: {
            "origin": "data/own/orders.csv",
            "split": {
                "seed": 1,
                "domains": {"source": {"train": 0.3, "train_dev": 0.1, "dev": 0.3, "test": 0.3}},
                "near_duplicate_distance": 0.0,
            },
        }
    },
    "groups": {"own": {GROUP: {"dataset": GROUP, "task": "classify_binary", "metric": "error"}}},
    "experiments": {
        "own": {
            KEY: {
                "week": "own",
                "dataset": GROUP,
                "task": "classify_binary",
                "model": "centroids",
                "model_args": {"columns": [1], "share": 0.9},
                "fit": {"seeds": [1]},
                "group": GROUP,
            }
        }
    },
    "curves": {
        "own": {
            KEY: {
                "group": GROUP,
                "dataset": GROUP,
                "task": "classify_binary",
                "model": "centroids",
                "n_sizes": 3,
                "n_repeats": 2,
                "min_fraction": 0.1,
            }
        }
    },
    "lessons": {},
}

SOURCE = '''"""Orders that came late or in time."""

from pathlib import Path
from typing import Any

import pandas as pd

from foursplit.core.dataset_spec import DatasetSpec, LocalFile

FEATURES = ("weather", "distance", "load")

SPEC = DatasetSpec(
    title="Orders",
    provenance="drawn for a test",
    licence="yours",
    files=(LocalFile(path="data/own/orders.csv"),),
    target="late",
    classes=("in time", "late"),
    features=FEATURES,
    row_is_unit="orders are drawn independently",
    slices=("region",),
)


def read(raw: Path) -> pd.DataFrame:
    """Read one row an order."""
    return pd.read_csv(raw / "orders.csv")


def suite() -> list[Any]:
    """List what must hold."""
    import great_expectations.expectations as gxe

    return [gxe.ExpectColumnValuesToNotBeNull(column=name) for name in (*FEATURES, "late")]
'''

MODEL = '''"""The nearer of two centroids, in some columns."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from foursplit.core.examples import DataSpec
from foursplit.core.seeds import generator


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """Which columns are seen, and which share of train."""

    columns: tuple[int, ...]
    share: float = 1.0


class Centroids:
    """Two means, and the scale that distances are measured in."""

    def __init__(self, args: Args, seed: int) -> None:
        self.args, self.seed = args, seed
        self.means = np.zeros((2, len(args.columns)))
        self.scale = np.ones(len(args.columns))

    def fit(self, x: np.ndarray, y: np.ndarray) -> None:
        """Average a share of train, drawn by the seed."""
        chosen = generator("centroids", self.seed).random(len(x)) < self.args.share
        seen, late = x[chosen][:, list(self.args.columns)], y[chosen] == 1
        self.means = np.stack([seen[~late].mean(axis=0), seen[late].mean(axis=0)])
        self.scale = SCALE

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        """Give (example, class) probabilities."""
        seen = x[:, list(self.args.columns)]
        far = (((seen[:, None] - self.means) / self.scale) ** 2).sum(axis=2)
        late = 1 / (1 + np.exp(far[:, 1] - far[:, 0]))
        return np.stack([1 - late, late], axis=1)

    def arrays(self) -> dict[str, np.ndarray]:
        """Give what was learnt."""
        return {"means": self.means, "scale": self.scale}

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Take it back."""
        self.means, self.scale = arrays["means"], arrays["scale"]


def build(args: Args, _shape: DataSpec, seed: int) -> Any:
    """Give a model that has seen nothing."""
    return Centroids(args, seed)
'''

PLAIN, SCALED = "np.ones(len(self.args.columns))", "_spread(seen, late)"

SPREAD = '''

def _spread(seen: np.ndarray, late: np.ndarray) -> np.ndarray:
    """Give each column's standard deviation within the classes."""
    parts = [seen[late].var(axis=0), seen[~late].var(axis=0)]
    return np.sqrt(np.mean(parts, axis=0))
'''


def draw(n: int, seed: int) -> pd.DataFrame:
    """Draw orders: the weather tells much in the north, and the contrary in the small south."""
    rng = np.random.default_rng(seed)
    late = rng.integers(0, 2, n)
    south = rng.random(n) < 0.06
    told = np.where(south, 1.25 - 1.5 * late, late)
    weather = told + rng.normal(0, np.where(south, 0.2, 0.45), n)
    distance = late + rng.normal(0, np.where(south, 0.3, 0.9), n)
    load = late + rng.normal(0, np.where(south, 0.25, 0.45), n)
    return pd.DataFrame(
        {
            "weather": weather,
            "distance": distance,
            "load": load,
            "region": np.where(south, "south", "north"),
            "late": np.where(late, "late", "in time"),
        }
    ).round(6)


class World:
    """The remotes, and the developer's clone."""

    def __init__(self, folder: Path, code: Path) -> None:
        self.folder, self.origin, self.dev = folder, folder / "origin.git", folder / "dev"
        self.store = f"sqlite:///{folder / 'mlflow.db'}"
        self.runners = 0
        shutil.copytree(code, self.dev, ignore=shutil.ignore_patterns(".git"))
        self._prune()
        git(folder, "init", "-q", "--bare", str(self.origin))
        git(self.dev, "init", "-q")
        git(self.dev, "remote", "add", "origin", str(self.origin))
        self.push("start")

    def _prune(self) -> None:
        """Leave the developer's course alone, and put the orders in."""
        for path in sorted((self.dev / "pipelines").iterdir()):
            if path.name not in ("code", "data", "own"):
                shutil.rmtree(path)
        for path in self.dev.glob("**/dvc.lock"):
            path.unlink()
        for name in ("metrics.json", "metrics.full.json"):
            (self.dev / name).unlink(missing_ok=True)
        datasets = self.dev / "src/foursplit_courses/datasets"
        (datasets / "orders.py").write_text(SOURCE)
        self.model.write_text(MODEL.replace("SCALE", PLAIN))
        (self.dev / "data/tags/orders.csv").write_text("example_id,tags,label_audit,comment\n")
        (self.dev / "data/own").mkdir(parents=True, exist_ok=True)
        draw(10_000, 1).to_csv(self.orders, index=False)
        self.set()
        subprocess.run(
            [sys.executable, "-m", "foursplit", "pipeline", "write"],
            cwd=self.dev,
            check=True,
            env={**os.environ, "PYTHONPATH": str(self.dev / "src")},
            capture_output=True,
        )
        remote = self.folder / "dvc-remote"
        config = f"    remote = shared\n['remote \"shared\"']\n    url = {remote}\n"
        with (self.dev / ".dvc/config").open("a") as file:
            file.write(config)

    @property
    def model(self) -> Path:
        return self.dev / "src/foursplit_courses/models/centroids.py"

    @property
    def orders(self) -> Path:
        return self.dev / "data/own/orders.csv"

    def set(self, *, columns=(1,), seed=1) -> None:
        """Write params.yaml with these settings of the model."""
        params = json.loads(json.dumps(PARAMS))
        experiment = params["experiments"]["own"][KEY]
        experiment["model_args"]["columns"] = list(columns)
        experiment["fit"]["seeds"] = [seed]
        with (self.dev / "params.yaml").open("w") as file:
            YAML().dump(params, file)

    def push(self, message: str) -> str:
        """Commit all that the developer has done, and push it; give the commit."""
        git(self.dev, "add", "-A")
        git(self.dev, "commit", "-qm", message)
        git(self.dev, "push", "-q", "origin", "HEAD:main")
        return git(self.dev, "rev-parse", "HEAD")

    def merge(self) -> None:
        """Take what the last retraining pushed into main, as merging its pull request does."""
        git(self.dev, "fetch", "-q", "origin")
        git(self.dev, "merge", "-q", "--ff-only", "origin/foursplit/retrained")
        git(self.dev, "push", "-q", "origin", "HEAD:main")

    def undo(self) -> None:
        """Take the last commit back, as a change that was not wanted is."""
        git(self.dev, "revert", "--no-edit", "HEAD")
        git(self.dev, "push", "-q", "origin", "HEAD:main")

    def runner(self) -> "Runner":
        """Give a fresh machine: nothing but git's remote, DVC's remote and MLflow's server."""
        self.runners += 1
        folder = self.folder / f"runner_{self.runners}"
        git(self.folder, "clone", "-q", "-b", "main", str(self.origin), str(folder))
        return Runner(folder, self.store)

    @contextmanager
    def server(self):
        """Serve MLflow on loopback."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [
            *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1"),
            *("--port", str(port), "--workers", "1", "--backend-store-uri", self.store),
            *("--artifacts-destination", (self.folder / "artifacts").as_uri()),
        ]
        log = (self.folder / "mlflow.log").open("w")
        process = subprocess.Popen(
            command,
            env={**os.environ, **SERVER},
            cwd=self.folder,
            start_new_session=True,
            stdout=log,
            stderr=log,
        )
        try:
            self.store = f"http://127.0.0.1:{port}"
            _await(port)
            yield
        finally:
            os.killpg(process.pid, 9)
            process.wait()
            log.close()


class Runner:
    """A fresh clone in which the project's commands run with the clone's own code."""

    def __init__(self, folder: Path, store: str) -> None:
        self.folder = folder
        self.env = {
            **os.environ,
            "PYTHONPATH": str(folder / "src"),
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "FOURSPLIT_ROOT": str(folder),
            "FOURSPLIT_ACCELERATOR": "cpu",
            "MLFLOW_TRACKING_URI": store,
        }

    def start(self, *command: str) -> subprocess.Popen:
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.env,
            start_new_session=True,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def run(self, *command: str, code: int = 0) -> str:
        process = self.start(*command)
        output, _ = process.communicate(timeout=1200)
        assert process.returncode == code, output
        return output

    def retrain(self, since: str, *flags: str) -> "Told":
        words = ("--since", since, "--branch", "foursplit/retrained", "--push", *flags)
        output = self.run("foursplit", "retrain", *words)
        return Told(self.folder / "reports" / "retrain", output)


class Told:
    """What a retraining wrote."""

    def __init__(self, folder: Path, output: str) -> None:
        self.output = output
        self.json = json.loads((folder / "retrain.json").read_text())
        self.comment = (folder / "comment.md").read_text()

    @property
    def gate(self) -> dict:
        return self.json["groups"][GROUP]["gate"]

    @property
    def ran(self) -> set[str]:
        return {stage["stage"] for stage in self.json["stages"]["ran"]}

    def failing(self) -> set[str]:
        return {reason["code"] for reason in self.gate["reasons"] if not reason["holds"]}


def git(folder: Path, *arguments: str) -> str:
    process = subprocess.run(
        ["git", *WHO, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert process.returncode == 0, f"git {' '.join(arguments)}: {process.stderr}"
    return process.stdout.strip()


def _await(port: int) -> None:
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise AssertionError("MLflow's server did not answer")
