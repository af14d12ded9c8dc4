"""DVC's undocumented calls: its graph, its run-cache, its caches and its lock files.

No file but this and its neighbours makes such calls.  They were read in DVC 3.67.1;
`supported` compares, and on any other version a run falls back to DVC's own command.  All calls are
made on one thread, as DVC expects; only the stages' commands run side by side.
"""

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from foursplit.config import paths
from foursplit.io import artifacts
from foursplit.runner import removable_outputs
from foursplit.runner.dvc_adapter.fast_status import patched_dvc
from foursplit.runner.dvc_adapter.integrity import VerifiedRestore
from foursplit.runner.dvc_adapter.lock_text import dump_lock
from foursplit.runner.dvc_adapter.remote import DvcRemote
from foursplit.runner.dvc_adapter.stage_inputs import (
    StageInputs,
    code_changes,
    collect_inputs,
    compare_inputs,
    file_hashes,
    is_digests,
)  # fmt: skip
from foursplit.runner.processes import lock_holder
from foursplit.runner.stage_changes import Change, listing_changes, parameter_changes

SUPPORTED_VERSION = "3.67.1"

MAX_LISTED_FILES = 2000  # a folder with more is not listed file by file

Stage = Any
"""DVC's own object, untyped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStage:
    """A stage of the plan as the runner sees it."""

    name: str  # DVC's address from the root, such as pipelines/data/dvc.yaml:fetch@wine
    title: str  # fetch@wine
    commands: tuple[str, ...]  # none: DVC does by itself what there is to do
    needs: frozenset[str]  # names


@dataclass(frozen=True, slots=True, kw_only=True)
class StageLaunch:
    """How DVC would start one command of a stage."""

    command: str
    argv: list[str]
    folder: str
    environment: dict[str, str]


class DvcLockedError(Exception):  # noqa: N818, it is no error: another DVC process is at work
    """Another process holds what we need; its words say which."""


def dvc_unsupported_reason() -> str:
    """Say why DVC's inner calls cannot be used here; nothing where they can."""
    found = version("dvc")
    if found != SUPPORTED_VERSION:
        return f"DVC is {found}, and its inner calls are known for {SUPPORTED_VERSION}"
    return ""


class DvcPipeline:
    """DVC's view of the project: what there is, what changed, what was kept."""

    def __init__(self, root: Path, listed: Path) -> None:
        """Open the project at `root`; folders' listings go to `listed`."""
        import dvc.progress as progress
        import dvc.rwlock as rwlocks
        import dvc_data.callbacks as callbacks
        from dvc.repo import Repo

        for module in (progress, callbacks):  # we draw the one line that a person follows
            module.logger.setLevel(logging.CRITICAL)
        self.lock_paths = rwlocks.rwlock  # the real one, which `quick` puts aside
        self.root, self.listed = root, listed
        self.repo: Any = Repo(str(root))
        self.stages: dict[str, Stage] = {}
        self.unwritten_stages: list[Stage] = []  # finished, not yet in their lock files
        self.made: dict[str, bool] = {}
        self.begun: dict[str, StageInputs] = {}  # what running stages read, when they started
        self.remote: DvcRemote | None = None
        self.rule = removable_outputs.RemovalRule()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold DVC's lock of the project, as its own commands do except while a stage runs."""
        from dvc.lock import LockError

        try:
            self.repo.lock.lock()
        except LockError as error:
            who = lock_holder(Path(self.repo.lock.lockfile)) or "it is not known which"
            raise DvcLockedError(
                f"another DVC command is at work in this project ({who})"
            ) from error
        try:
            with patched_dvc(self._is_stage_output), self.repo.scm_context(quiet=True):
                yield
        finally:
            self.repo.lock.unlock()

    def _is_stage_output(self, path: str) -> bool:
        """Tell whether a stage of the plan writes at, below or above a path."""
        if path not in self.made:
            outputs = [out.fs_path for stage in self.stages.values() for out in stage.outs]
            self.made[path] = not outputs or any(
                os.path.commonpath([path, output]) in (path, output) for output in outputs
            )
        return self.made[path]

    def plan(self, targets: Iterable[str]) -> dict[str, PlannedStage]:
        """Give the stages that `targets` need, in an order in which they could run one by one."""
        self.made.clear()
        from dvc.repo.reproduce import collect_stages, get_active_graph, plan_repro

        graph = get_active_graph(self.repo.index.graph)
        stages = collect_stages(self.repo, targets)
        steps = {}
        for stage in plan_repro(graph, stages):
            self.stages[stage.addressing] = stage
            _allow_links(stage)
            steps[stage.addressing] = PlannedStage(
                name=stage.addressing,
                title=getattr(stage, "name", None) or stage.addressing,
                commands=_commands(stage),
                needs=frozenset(other.addressing for other in graph.successors(stage)),
            )
        return steps

    def named(self, targets: Iterable[str]) -> list[str]:
        """Name the stages of `targets` themselves, without what they need."""
        from dvc.repo.reproduce import collect_stages

        return [stage.addressing for stage in collect_stages(self.repo, targets)]

    def changes(self, name: str, *, ahead: bool = False) -> list[Change]:
        """Say what differs from the stage's lock entry; nothing where it need not run.

        With `ahead`, code counts as it is now, and not as the stage `code` wrote it last.
        """
        stage = self.stages[name]
        if _commands(stage) and not any(i.hash_info for i in (*stage.deps, *stage.outs)):
            return [Change(kind="lock")]
        found = []
        if stage.changed_stage():
            found.append(Change(kind="command", before=_recorded_command(stage), after=stage.cmd))
        if not stage.frozen:
            if stage.is_callback or stage.always_changed:
                found.append(Change(kind="always"))
            for item in stage.deps:
                is_code = ahead and is_digests(Path(item.fs_path))
                found += (
                    code_changes(item, self._load_listing)
                    if is_code
                    else self._dependency_changes(item)
                )
        for output in stage.outs:
            status = output.status()
            if status:
                how = status[str(output)] if output.exists else "deleted"
                found.append(Change(kind="output", name=str(output), how=how))
        return found

    def _dependency_changes(self, item: Any) -> list[Change]:
        status = item.status()
        if not status:
            return []
        name, how = str(item), status[str(item)]
        if item.hash_name == "params":
            if isinstance(how, str):  # the whole file
                return [Change(kind="dependency", name=name, how=how)]
            before, after = item.hash_info.value or {}, item.read_params()
            found = [parameter_changes(key, before.get(key), after.get(key)) for key in how]
            return [change for part in found for change in part]
        before = item.hash_info.value if item.hash_info else None
        if how == "deleted":
            return [Change(kind="dependency", name=name, how=how, before=before)]
        built = _hash_now(item)
        after = built.hash_info.value
        files = listing_changes(self._load_listing(before), file_hashes(item, built))
        return [
            Change(
                kind="dependency", name=name, how=how, before=before, after=after,
                files=files if self._load_listing(before) else (),
            )
        ]  # fmt: skip

    def _load_listing(self, value: str | None) -> Mapping[str, str]:
        """Recall what a folder held when a stage that read it ended."""
        path = self.listed / f"{value}.json"
        return artifacts.read_json(path) if value and path.is_file() else {}

    def launches(self, name: str) -> list[StageLaunch]:
        """Say how to start a stage's commands, one after the other, which note what they write."""
        from dvc.stage.run import _make_cmd, get_executable, prepare_kwargs

        stage = self.stages[name]
        settings = prepare_kwargs(stage)
        settings["env"][artifacts.BOOK] = str(removable_outputs.open_write_log(name, "run"))
        return [
            StageLaunch(
                command=command,
                argv=_make_cmd(get_executable(), command),
                folder=settings["cwd"],
                environment=settings["env"],
            )
            for command in _commands(stage)
        ]

    def secure(self, name: str) -> list[str]:
        """See to it that a stage's outputs may be removed; say what was set aside for that."""
        stage = self.stages[name]
        outputs = [
            removable_outputs.StageOutput(
                path=Path(out.fs_path), md5=_hash(out), cached=out.use_cache
            )
            for out in stage.outs
            if out.protocol == "local" and not out.persist
        ]
        cut_off = removable_outputs.write_log_path(name, "run").exists()
        title = getattr(stage, "name", None) or name
        return removable_outputs.prepare_outputs(outputs, partial=cut_off, by=title, rule=self.rule)

    def clear(self, name: str) -> list[str]:
        """Remove a stage's outputs, as DVC does before it restores or runs it; say what was kept.

        Those of somebody else are refused.
        """
        said = self.secure(name)
        self.drop(name)
        return said

    def drop(self, name: str) -> None:
        """Remove what has just been put in the place of a stage's outputs."""
        self.stages[name].remove_outs(ignore_remove=False, force=False)

    def pull(self, say: Callable[[str], None]) -> None:
        """Have outputs brought from the remote from now on, where they are not here."""
        self.remote = DvcRemote(self.repo, say)
        with self.alone():
            self.remote.pull_run_cache()

    def restore(self, name: str, say: Callable[[str], None]) -> bool:
        """Take a stage's outputs from the run-cache, if it ever ran on the same inputs.

        What is damaged in the cache is removed and counts as not there.
        """
        from dvc.stage.cache import RunCacheNotFoundError

        stage = self.stages[name]
        # Asked once: a question that found nothing has saved the present dependencies beside the
        # outputs of before, and a second one would take these for what the stage now gives.
        source = self.remote if self.remote is not None and self.remote.enabled else None
        restoring = VerifiedRestore(say)
        try:
            with restoring.removing_damaged(stage.repo.stage_cache):
                if source is not None:
                    source.restore(stage)
                else:
                    stage.repo.stage_cache.restore(stage)
        except RunCacheNotFoundError:
            return False
        if not restoring.is_valid():
            self.drop(name)
            return False
        return True

    def begin(self, name: str) -> None:
        """Hash what a stage reads, just before its commands start."""
        stage = self.stages[name]
        stage.save_deps()
        self.begun[name] = collect_inputs(stage, self._is_stage_output)

    def finish(self, name: str) -> list[Change]:
        """Hash and cache what a stage wrote, and remember the run for the run-cache.

        Where what it reads changed since it started, nothing is written, and the changes come back.
        """
        stage, before = self.stages[name], self.begun.pop(name, None)
        stage.save_deps(allow_missing=before is not None)
        if before is not None:
            changed = compare_inputs(before, collect_inputs(stage, self._is_stage_output))
            if changed:
                return changed
        stage.save_outs()
        stage.md5 = stage.compute_md5()
        if all(out.use_cache or out.is_metric or out.is_plot for out in stage.outs):
            self.repo.stage_cache.save(stage)
        stage.commit()
        self._save_listings(stage)
        self.unwritten_stages.append(stage)
        removable_outputs.remove_write_log(name, "run")
        removable_outputs.remove_write_log(getattr(stage, "name", None) or name, "hand")
        return []

    def _save_listings(self, stage: Stage) -> None:
        for item in stage.deps:
            tree = getattr(item, "obj", None)
            if tree is None or (item.hash_info.isdir and len(tree) > MAX_LISTED_FILES):
                continue
            path = self.listed / f"{item.hash_info.value}.json"
            files = {} if path.exists() else file_hashes(item, tree)
            if files:
                artifacts.write_json(path, files)

    def do(self, name: str, *, force: bool) -> bool:
        """Let DVC do what it does for a stage without a command; True if there was something."""
        from dvc.repo.reproduce import _reproduce_stage

        return _reproduce_stage(self.stages[name], force=force) is not None

    def write(self) -> None:
        """Bring the lock files up to date with all that finished, each written once and whole."""
        from dvc.stage.serialize import to_lockfile
        from dvc.utils.serialize._yaml import parse_yaml_for_update

        by_file: dict[Path, list[Stage]] = {}
        for stage in self.unwritten_stages:
            by_file.setdefault(Path(stage.dvcfile._lockfile.path), []).append(stage)
        for path, stages in by_file.items():
            text = path.read_text(encoding="utf-8") if path.exists() else ""
            content = parse_yaml_for_update(text, str(path)) or {"schema": "2.0"}
            content.setdefault("stages", {})
            for stage in stages:
                content["stages"].update(to_lockfile(stage))
            artifacts.write_text(path, dump_lock(content))
            self.repo.scm_context.track_file(os.path.relpath(path, self.root))
        self.unwritten_stages.clear()

    def reserve(self, name: str) -> AbstractContextManager[None]:
        """Tell other DVC processes what a stage reads and writes while it runs."""
        from dvc.lock import LockError

        stage = self.stages[name]
        fs, hardlink = self.repo.fs, self.repo.config["core"].get("hardlink_lock", False)
        reads = [item.fs_path for item in stage.deps if item.protocol == "local"]
        writes = [item.fs_path for item in stage.outs]
        command = f"foursplit repro ({name})"

        @contextmanager
        def held() -> Iterator[None]:
            try:
                with self.lock_paths(self.repo.tmp_dir, fs, command, reads, writes, hardlink):
                    yield
            except LockError as error:
                # All but its last words, which advise to remove a file of DVC's by hand.
                words = str(error).partition("\n\n")[0].splitlines()
                raise DvcLockedError(" ".join(line.strip() for line in words)) from error

        return held()


def dvc_error_types() -> tuple[type[Exception], ...]:
    """List what DVC's calls raise where a stage or its files are to blame."""
    from dvc.exceptions import DvcException

    return (DvcException,)


def _hash(item: Any) -> str | None:
    """Give an output's hash as its lock has it."""
    return item.hash_info.value if item.hash_info else None


def _allow_links(stage: Stage) -> None:
    """Have no output behind a link put into .gitignore: to git it is outside, which DVC refuses."""
    for out in stage.outs:
        path = Path(out.fs_path)
        if (
            path.is_relative_to(paths.root())
            and removable_outputs.first_link(path.parent) is not None
        ):
            out.ignore = lambda: None


def _commands(stage: Stage) -> tuple[str, ...]:
    if not stage.cmd or stage.frozen:
        return ()
    return tuple(stage.cmd) if isinstance(stage.cmd, list) else tuple(stage.cmd.splitlines())


def _recorded_command(stage: Stage) -> Any:
    """Give the command in a stage's lock entry; reads the whole lock file."""
    entries = stage.dvcfile.lockfile_contents.get("stages", {})
    return entries.get(stage.name, {}).get("cmd")


def _hash_now(item: Any) -> Any:
    """Hash a file or folder as it is now; a folder's object lists its files."""
    store = item.cache if item.use_cache else item.local_cache
    _, _, built = item._build(
        store, item.fs_path, item.fs, item.hash_name, ignore=item.dvcignore, dry_run=True
    )
    return built
