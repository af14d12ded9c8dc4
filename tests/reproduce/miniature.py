"""A project with one experiment whose stages take no time, in a git repository of its own."""

import hashlib
import json
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from ruamel.yaml import YAML
from tests.reproduce import stage

from foursplit.config import paths

KEY, GROUP, DATASET, COURSE = "letters_small", "letters", "alphabet", "reading"

MODELS, TABLES = f"data/models/{GROUP}/{KEY}", f"data/predictions/{GROUP}/{KEY}"
RAW, SEEN = f"data/raw/{DATASET}", f"data/split/{DATASET}/seen"

DATA, MODEL = "pipelines/data", f"pipelines/{COURSE}"

FLOW = {  # of each stage: what it reads, and what it writes
    "fetch": (["origin.txt"], [RAW]),
    "validate": ([RAW], [f"data/valid/{DATASET}"]),
    "split": ([f"data/valid/{DATASET}"], [SEEN, f"data/split/{DATASET}/sealed"]),
    "train": (["model.py", SEEN], [MODELS]),
    "evaluate": ([MODELS, SEEN], [TABLES]),
}

IGNORED = "/data/\n/reports/\n.dvc/cache/\n.dvc/tmp/\n.dvc/config.local\nmlflow.db*\n"


def address(name):
    """Name a stage as DVC does."""
    if name in ("train", "evaluate"):
        return f"{MODEL}/dvc.yaml:{name}@{KEY}"
    return f"{DATA}/dvc.yaml:{name}@{DATASET}"


def read_lock(path):
    return YAML(typ="safe").load(path.read_text())


class Miniature:
    """Runs the stages as DVC would, writes its lock files, and fills its cache."""

    def __init__(self, root):
        self.root = root
        self.asked = []  # what the clone's DVC was asked for
        self.environment = {}
        experiment = {"group": GROUP, "dataset": DATASET, "fit": {"rate": 0.5}}
        (root / "params.yaml").write_text(json.dumps({"experiments": {COURSE: {KEY: experiment}}}))
        (root / "dvc.yaml").write_text("stages: {}\n")
        (root / ".gitignore").write_text(IGNORED)
        (root / "origin.txt").write_text("abc")
        (root / "model.py").write_text("code")
        shutil.copyfile(stage.__file__, root / "stage.py")
        numpy = f"numpy=={version('numpy')}\n"
        (root / "requirements-numeric.lock").write_text(f"# Pins.\n{numpy}")
        (root / "requirements.lock").write_text(f"-r x\nclick=={version('click')}\n")
        (root / ".dvc").mkdir()
        (root / ".dvc" / "config").write_text("[core]\n    analytics = false\n")
        self._pipelines()
        paths.root.cache_clear()
        self.git("init", "-q", "-b", "main")

    def _pipelines(self):
        for home, names in ((DATA, ("fetch", "validate", "split")), (MODEL, ("train", "evaluate"))):
            stages = {}
            for name in names:
                reads, writes = FLOW[name]
                key = KEY if home == MODEL else DATASET
                stages[name] = {
                    "foreach": {key: {}},
                    "do": {
                        "wdir": "../..",
                        "cmd": f"{sys.executable} stage.py {name}",
                        "deps": reads,
                        "outs": writes,
                    },
                }
            (self.root / home).mkdir(parents=True)
            (self.root / home / "dvc.yaml").write_text(json.dumps({"stages": stages}))

    def git(self, *arguments):
        name = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
        process = subprocess.run(
            ["git", *name, *arguments], cwd=self.root, check=True, capture_output=True, text=True
        )
        return process.stdout.strip()

    def commit(self):
        self.git("add", "-A")
        self.git("commit", "-qm", "work")
        return self.git("rev-parse", "HEAD")

    def make(self, names=tuple(FLOW), folder=None):
        """Run stages in the project, or in a clone of it; a stage that fails gives its code."""
        root = folder or self.root
        for name in names:
            try:
                stage.run(name, root)
            except FileNotFoundError:
                return 1
            self._lock(root, name)
        return 0

    def dvc(self, addresses, folder, environment):
        """Stand in for the clone's DVC."""
        self.asked += addresses
        self.environment = environment
        return self.make([one.rpartition(":")[2].partition("@")[0] for one in addresses], folder)

    def _lock(self, root, name):
        file, _, full = address(name).partition(":")
        path = root / file.replace("dvc.yaml", "dvc.lock")
        content = read_lock(path) if path.is_file() else {"schema": "2.0", "stages": {}}
        reads, writes = FLOW[name]
        content["stages"][full] = {
            "cmd": f"{sys.executable} stage.py {name}",
            "deps": [{"path": one, "hash": "md5", "md5": self._keep(root / one)} for one in reads],
            "outs": [{"path": one, "hash": "md5", "md5": self._keep(root / one)} for one in writes],
        }
        writer = YAML()
        writer.default_flow_style = False
        writer.dump(content, path)

    def _keep(self, path):
        """Put a file or a folder into the project's cache; give the hash that DVC names it by."""
        if path.is_file():
            return self._object(path.read_bytes())
        entries = [
            {"md5": self._object(one.read_bytes()), "relpath": one.relative_to(path).as_posix()}
            for one in sorted(path.rglob("*"))
            if one.is_file()
        ]
        return self._object(json.dumps(entries, sort_keys=True).encode(), ".dir")

    def _object(self, content, ending=""):
        name = hashlib.md5(content, usedforsecurity=False).hexdigest() + ending
        path = self.cache / "files" / "md5" / name[:2] / name[2:]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return name

    @property
    def cache(self):
        return self.root / ".dvc" / "cache"

    def objects(self):
        """List the cache's contents, to show that nobody adds to it."""
        return {path for path in self.cache.rglob("*") if path.is_file()}

    def sha256(self, path):
        return hashlib.sha256(Path(self.root, path).read_bytes()).hexdigest()
