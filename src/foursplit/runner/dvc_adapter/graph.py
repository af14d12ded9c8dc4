"""Calls to DVC's undocumented API: its graph, run-cache, caches and lock files.

Only this package makes such calls.  They were read in DVC 3.67.1; with any other version (see
`dvc_unsupported_reason`) a run falls back to DVC's own command.  All calls are made on one thread,
as DVC expects; only the stages' commands run in parallel.
"""

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from foursplit.io import artifacts
from foursplit.runner import removable_outputs
from foursplit.runner.dvc_adapter.dvc_caching import patched_dvc
from foursplit.runner.dvc_adapter.integrity import VerifiedRestore
from foursplit.runner.dvc_adapter.lock_text import lock_text_with
from foursplit.runner.dvc_adapter.remote import DvcRemote
from foursplit.runner.dvc_adapter.stage_inputs import (
    StageInputs,
    changes_ahead,
    collect_inputs,
    compare_inputs,
    file_hashes,
    is_known_ahead,
)
from foursplit.runner.dvc_adapter.stage_objects import (
    Stage,
    hash_now,
    output_files,
    output_hash,
    recorded_command,
    restrict_index,
    skip_gitignore_behind_links,
    stage_commands,
)
from foursplit.runner.processes import lock_holder
from foursplit.runner.rerun_reasons import Change, listing_changes, parameter_changes

SUPPORTED_VERSION = "3.67.1"

MAX_LISTED_FILES = 2000  # a folder with more is not listed file by file


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStage:
    """A stage of the plan as the runner sees it."""

    name: str  # DVC's address from the root, such as pipelines/data/dvc.yaml:fetch@wine
    title: str  # fetch@wine
    commands: tuple[str, ...]  # empty: DVC runs the stage itself
    needs: frozenset[str]  # names


@dataclass(frozen=True, slots=True, kw_only=True)
class StageLaunch:
    """The command line, folder and environment with which DVC starts one command of a stage."""

    command: str
    argv: list[str]
    folder: str
    environment: dict[str, str]


class DvcLockedError(Exception):
    """Raise when another process holds a DVC lock; the message names the process."""


def dvc_unsupported_reason() -> str:
    """Return why DVC's inner API cannot be used here; empty if it can."""
    installed = version("dvc")
    if installed != SUPPORTED_VERSION:
        return f"DVC {installed} is installed; its inner API is known for {SUPPORTED_VERSION} only"
    return ""


class DvcPipeline:
    """DVC's view of the project: its stages, what changed, and what its caches hold."""

    def __init__(self, root: Path, listings_folder: Path) -> None:
        """Open the project at `root`; write the listings of hashed folders to `listings_folder`."""
        import dvc.progress as progress
        import dvc.rwlock as rwlocks
        import dvc_data.callbacks as callbacks
        from dvc.repo import Repo

        for module in (progress, callbacks):  # the runner draws the progress line
            module.logger.setLevel(logging.CRITICAL)
        self.lock_paths = rwlocks.rwlock  # the original, which `patched_dvc` replaces
        self.root, self.listings = root, listings_folder
        self.parsed = listings_folder.parent / "parsed"  # what files of YAML hold
        with suppress(OSError):  # a read-only folder: a dry run needs no record
            self.parsed.mkdir(parents=True, exist_ok=True)
        self.repo: Any = Repo(str(root))
        self.stages: dict[str, Stage] = {}
        self.unwritten_stages: list[Stage] = []  # finished, not yet in lock files
        self.stage_output_paths: dict[str, bool] = {}
        # What running stages read, when they started.
        self.inputs_at_start: dict[str, StageInputs] = {}
        # Called with a stage's outputs after they were hashed, and the md5 of the files of each.
        self.on_commit: Callable[[Mapping[str, Mapping[str, str]]], None] = lambda _: None
        self.remote: DvcRemote | None = None
        self.rule = removable_outputs.RemovalRule()

    @contextmanager
    def dvc_lock(self) -> Iterator[None]:
        """Hold DVC's project lock, as DVC's own commands do except while a stage runs."""
        from dvc.lock import LockError

        try:
            self.repo.lock.lock()
        except LockError as error:
            holder = lock_holder(Path(self.repo.lock.lockfile)) or "unknown process"
            raise DvcLockedError(
                f"another DVC command is running in this project ({holder})"
            ) from error
        try:
            with patched_dvc(self._is_stage_output, self.parsed), self.repo.scm_context(quiet=True):
                yield
        finally:
            self.repo.lock.unlock()

    def _is_stage_output(self, path: str) -> bool:
        """Return whether a stage of the plan writes at, below or above `path`."""
        if path not in self.stage_output_paths:
            outputs = [out.fs_path for stage in self.stages.values() for out in stage.outs]
            self.stage_output_paths[path] = not outputs or any(
                os.path.commonpath([path, output]) in (path, output) for output in outputs
            )
        return self.stage_output_paths[path]

    def plan(self, targets: Iterable[str], files: Sequence[Path] = ()) -> dict[str, PlannedStage]:
        """Return the stages that `targets` need, in topological order; read only `files` if any."""
        restrict_index(self.repo, files)
        self.stage_output_paths.clear()
        from dvc.repo.reproduce import collect_stages, get_active_graph, plan_repro

        graph = get_active_graph(self.repo.index.graph)
        stages = collect_stages(self.repo, targets)
        steps = {}
        for stage in plan_repro(graph, stages):
            self.stages[stage.addressing] = stage
            skip_gitignore_behind_links(stage)
            steps[stage.addressing] = PlannedStage(
                name=stage.addressing,
                title=getattr(stage, "name", None) or stage.addressing,
                commands=stage_commands(stage),
                needs=frozenset(dependency.addressing for dependency in graph.successors(stage)),
            )
        return steps

    def files(self) -> list[str]:
        """List the paths of all dependencies and outputs of the plan."""
        items = [item for stage in self.stages.values() for item in (*stage.deps, *stage.outs)]
        return [item.fs_path for item in items if item.protocol == "local"]

    def stage_names(self, targets: Iterable[str]) -> list[str]:
        """List the stages of `targets` themselves, without their dependencies."""
        from dvc.repo.reproduce import collect_stages

        return [stage.addressing for stage in collect_stages(self.repo, targets)]

    def changes(self, name: str, *, ahead: bool = False) -> list[Change]:
        """List the differences from the stage's lock entry; empty if it need not run.

        With `ahead`, compare what the stages `code` and `members` would write now.
        """
        stage = self.stages[name]
        if stage_commands(stage) and not any(i.hash_info for i in (*stage.deps, *stage.outs)):
            return [Change(kind="lock")]
        changes = []
        if stage.changed_stage():
            changes.append(Change(kind="command", before=recorded_command(stage), after=stage.cmd))
        if not stage.frozen:
            if stage.is_callback or stage.always_changed:
                changes.append(Change(kind="always"))
            for item in stage.deps:
                changes += (
                    changes_ahead(item, self._load_listing)
                    if ahead and is_known_ahead(Path(item.fs_path))
                    else self._dependency_changes(item)
                )
        for output in stage.outs:
            statuses = output.status()
            if statuses:
                status = statuses[str(output)] if output.exists else "deleted"
                changes.append(Change(kind="output", name=str(output), status=status))
        return changes

    def _dependency_changes(self, item: Any) -> list[Change]:
        statuses = item.status()
        if not statuses:
            return []
        name, status = str(item), statuses[str(item)]
        if item.hash_name == "params":
            if isinstance(status, str):  # the whole file
                return [Change(kind="dependency", name=name, status=status)]
            before, after = item.hash_info.value or {}, item.read_params()
            differences = [
                parameter_changes(key, before.get(key), after.get(key)) for key in status
            ]
            return [change for difference in differences for change in difference]
        before = item.hash_info.value if item.hash_info else None
        if status == "deleted":
            return [Change(kind="dependency", name=name, status=status, before=before)]
        built = hash_now(item)
        after = built.hash_info.value
        files = listing_changes(self._load_listing(before), file_hashes(item, built))
        return [
            Change(
                kind="dependency",
                name=name,
                status=status,
                before=before,
                after=after,
                files=files if self._load_listing(before) else (),
            )
        ]

    def _load_listing(self, value: str | None) -> Mapping[str, str]:
        """Read which files a folder held when a stage that read it ended."""
        path = self.listings / f"{value}.json"
        return artifacts.read_json(path) if value and path.is_file() else {}

    def launches(self, name: str) -> list[StageLaunch]:
        """Return how to start a stage's commands, in order; they log what they write."""
        from dvc.stage.run import _make_cmd, get_executable, prepare_kwargs

        stage = self.stages[name]
        settings = prepare_kwargs(stage)
        settings["env"][artifacts.OUTPUT_LOG_VARIABLE] = str(
            removable_outputs.open_write_log(name, "run")
        )
        return [
            StageLaunch(
                command=command,
                argv=_make_cmd(get_executable(), command),
                folder=settings["cwd"],
                environment=settings["env"],
            )
            for command in stage_commands(stage)
        ]

    def prepare_outputs(self, name: str) -> list[str]:
        """Make sure that a stage's outputs may be removed; list what was moved aside for that."""
        stage = self.stages[name]
        outputs = [
            removable_outputs.StageOutput(
                path=Path(out.fs_path), md5=output_hash(out), cached=out.use_cache
            )
            for out in stage.outs
            if out.protocol == "local" and not out.persist
        ]
        was_interrupted = removable_outputs.write_log_path(name, "run").exists()
        title = getattr(stage, "name", None) or name
        return removable_outputs.prepare_outputs(
            outputs, partial=was_interrupted, by=title, rule=self.rule
        )

    def remove_outputs(self, name: str) -> list[str]:
        """Remove a stage's outputs, as DVC does before it restores or runs it; list what was kept.

        Raise if a file in them was not written by Foursplit.
        """
        messages = self.prepare_outputs(name)
        self.remove_outputs_unchecked(name)
        return messages

    def remove_outputs_unchecked(self, name: str) -> None:
        """Remove a stage's outputs without a check, such as those just restored."""
        self.stages[name].remove_outs(ignore_remove=False, force=False)

    def enable_pull(self, echo: Callable[[str], None]) -> None:
        """Pull missing outputs from the remote from now on."""
        self.remote = DvcRemote(self.repo, echo)
        with self.dvc_lock():
            self.remote.pull_run_cache()

    def restore(self, name: str, echo: Callable[[str], None]) -> bool:
        """Restore a stage's outputs from the run-cache, if it ever ran on the same inputs.

        Damaged objects of the cache are removed and count as missing.
        """
        from dvc.stage.cache import RunCacheNotFoundError

        stage = self.stages[name]
        # Call it once: a failed restore has saved the present dependencies beside the old outputs,
        # and a second call would take those for the stage's results.
        source = self.remote if self.remote is not None and self.remote.enabled else None
        restoring = VerifiedRestore(echo)
        try:
            with restoring.removing_damaged(stage.repo.stage_cache):
                if source is not None:
                    source.restore(stage)
                else:
                    stage.repo.stage_cache.restore(stage)
        except (
            RunCacheNotFoundError,
            FileNotFoundError,
        ):  # a dependency is missing: the run says so
            return False
        if not restoring.is_valid():
            self.remove_outputs_unchecked(name)
            return False
        return True

    def record_inputs(self, name: str) -> None:
        """Hash what a stage reads, just before its commands start."""
        stage = self.stages[name]
        stage.save_deps()
        self.inputs_at_start[name] = collect_inputs(stage, self._is_stage_output)

    def finish(self, name: str) -> list[Change]:
        """Hash and cache a stage's outputs, and save the run to the run-cache.

        If its inputs changed since it started, write nothing and return the changes.
        """
        stage, inputs_before = self.stages[name], self.inputs_at_start.pop(name, None)
        stage.save_deps(allow_missing=inputs_before is not None)
        if inputs_before is not None:
            changed = compare_inputs(inputs_before, collect_inputs(stage, self._is_stage_output))
            if changed:
                return changed
        stage.save_outs()
        stage.md5 = stage.compute_md5()
        if all(out.use_cache or out.is_metric or out.is_plot for out in stage.outs):
            self.repo.stage_cache.save(stage)
        stage.commit()
        self.on_commit({out.fs_path: output_files(out) for out in stage.outs})
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
            path = self.listings / f"{item.hash_info.value}.json"
            files = {} if path.exists() else file_hashes(item, tree)
            if files:
                artifacts.write_json(path, files)

    def run_stage(self, name: str, *, force: bool) -> bool:
        """Run a stage without a command by DVC itself; return whether DVC did anything."""
        from dvc.repo.reproduce import _reproduce_stage

        return _reproduce_stage(self.stages[name], force=force) is not None

    def write_locks(self) -> None:
        """Write the lock entries of all finished stages, each file once and atomically."""
        from dvc.stage.serialize import to_lockfile

        by_file: dict[Path, list[Stage]] = {}
        for stage in self.unwritten_stages:
            by_file.setdefault(Path(stage.dvcfile._lockfile.path), []).append(stage)
        for path, stages in by_file.items():
            entries = {name: e for stage in stages for name, e in to_lockfile(stage).items()}
            artifacts.write_text(path, lock_text_with(path, entries))
            self.repo.scm_context.track_file(os.path.relpath(path, self.root))
        self.unwritten_stages.clear()

    def reserve(self, name: str) -> AbstractContextManager[None]:
        """Lock the paths that a stage reads and writes while it runs, for other DVC processes."""
        from dvc.lock import LockError

        stage = self.stages[name]
        fs, hardlink = self.repo.fs, self.repo.config["core"].get("hardlink_lock", False)
        reads = [item.fs_path for item in stage.deps if item.protocol == "local"]
        writes = [item.fs_path for item in stage.outs]
        command = f"foursplit repro ({name})"

        @contextmanager
        def lock() -> Iterator[None]:
            try:
                with self.lock_paths(self.repo.tmp_dir, fs, command, reads, writes, hardlink):
                    yield
            except LockError as error:
                # Without its last paragraph, which advises to remove a file of DVC's by hand.
                lines = str(error).partition("\n\n")[0].splitlines()
                raise DvcLockedError(" ".join(line.strip() for line in lines)) from error

        return lock()


def dvc_error_types() -> tuple[type[Exception], ...]:
    """List the exceptions that DVC raises for errors in stages or their files."""
    from dvc.exceptions import DvcException

    return (DvcException,)
