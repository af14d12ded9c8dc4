"""A project with a history: what evaluate left behind, and what git and DVC's cache keep of it."""

import hashlib
import json
import subprocess

import pandas as pd

GROUP, COURSE = "letters", "reading"
N = 12


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def table(wrong=(), n=N, first=0, **columns):
    """Give dev's table, in which the examples numbered in `wrong` are errors."""
    numbers = range(first, first + n)
    loss = [float(i in wrong) for i in numbers]
    frame = {
        "example_id": [f"e{i}" for i in numbers],
        "group_id": [f"e{i}" for i in numbers],
        "domain": ["phone" if i % 3 == 0 else "web" for i in numbers],
        "loss": loss,
        "weight": 1.0,
        "y": ["a" if i % 2 else "b" for i in numbers],
        "log_loss": [2.0 * x + 0.1 for x in loss],
    }
    return pd.DataFrame({**frame, **columns})


def summary(n_parameters=10):
    return {"manifest": {"n_parameters": n_parameters, "flops": None, "size_bytes": 1}}


class History:
    """Writes what evaluate leaves behind, and what git and DVC would keep of it."""

    def __init__(self, root):
        self.root = root
        self.cache = root / ".dvc" / "cache"
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments, at=""):
        when = {"GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at} if at else {}
        name = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
        done = subprocess.run(
            ["git", *name, *arguments],
            cwd=self.root,
            check=True,
            capture_output=True,
            text=True,
            env={"PATH": "/usr/bin:/bin:/usr/local/bin", "HOME": str(self.root), **when},
        )
        return done.stdout.strip()

    def evaluate(self, key, seeds, n_parameters=10):
        """Fill an experiment's folder with a table a seed, and the cache too; give its version."""
        folder = self.root / "data" / "predictions" / GROUP / key
        for path in sorted(folder.rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()
        for seed, frame in seeds.items():
            part = folder / f"seed_{seed}"
            part.mkdir(parents=True)
            frame.to_parquet(part / "dev.parquet", index=False)
            (part / "summary.json").write_text(json.dumps(summary(n_parameters)))
        listed = []
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            content = path.read_bytes()
            self.keep(md5(content), content)
            listed.append({"md5": md5(content), "relpath": path.relative_to(folder).as_posix()})
        text = json.dumps(listed, sort_keys=True).encode()
        version = f"{md5(text)}.dir"
        self.keep(version, text)
        return version

    def keep(self, name, content):
        path = self.cache / "files" / "md5" / name[:2] / name[2:]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def forget(self, version, *names):
        """Take files out of the cache, as `dvc gc` would; without names the list itself."""
        at = self.cache / "files" / "md5"
        listed = at / version[:2] / version[2:]
        if not names:
            listed.unlink()
        for entry in json.loads(listed.read_text()) if names else ():
            if entry["relpath"] in names:
                (at / entry["md5"][:2] / entry["md5"][2:]).unlink(missing_ok=True)

    def commit(self, versions, at, rate=0.1):
        """Commit a lock file that names these versions by key; give the commit."""
        lock = self.root / "pipelines" / COURSE / "dvc.lock"
        lock.parent.mkdir(parents=True, exist_ok=True)
        lock.write_text(lock_text(versions, rate))
        self.git("add", "-f", str(lock))
        self.git("commit", "-q", "-m", "run", at=at)
        return self.git("rev-parse", "HEAD")

    def cached_run(self, key, version, rate):
        """Write the run-cache's entries of `train` and of `evaluate`."""
        runs = self.cache / "runs"
        for number, text in enumerate(
            (
                f"cmd: foursplit stage train {key}\n{_params(key, rate, '')}outs:\n"
                f"- path: data/models/{GROUP}/{key}\n  hash: md5\n  md5: m{rate}.dir\n",
                f"cmd: foursplit stage evaluate {key}\ndeps:\n- path: data/models/{GROUP}/{key}\n"
                f"  hash: md5\n  md5: m{rate}.dir\nouts:\n"
                f"- path: data/predictions/{GROUP}/{key}\n  hash: md5\n  md5: {version}\n",
            )
        ):
            path = runs / "ab" / f"{key}{rate}{number}" / "value"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)


def lock_text(versions, rate):
    """Write a lock file as DVC does, one alias included."""
    stages = []
    for number, (key, version) in enumerate(versions.items()):
        group = "&id001\n          metric: error" if number == 0 else "*id001"
        stages.append(
            f"  train@{key}:\n    cmd: foursplit stage train {key}\n{_params(key, rate, '    ')}"
            f"    outs:\n    - path: data/models/{GROUP}/{key}\n      hash: md5\n"
            f"      md5: 00000000000000000000000000000000.dir\n"
            f"  evaluate@{key}:\n    cmd: foursplit stage evaluate {key}\n    params:\n"
            f"      params.yaml:\n        groups.{COURSE}.{GROUP}: {group}\n"
            f"    outs:\n    - path: data/predictions/{GROUP}/{key}\n      hash: md5\n"
            f"      md5: {version}\n      size: 1\n      nfiles: 2\n"
        )
    return "schema: '2.0'\nstages:\n" + "".join(stages)


def _params(key, rate, indent):
    return (
        f"{indent}params:\n{indent}  params.yaml:\n"
        f"{indent}    experiments.{COURSE}.{key}.fit:\n{indent}      learning_rate: {rate}\n"
    )
