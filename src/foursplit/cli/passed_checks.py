"""Checks of params.yaml that passed before, by all that decides them, so that they import nothing.

A check of arguments runs the code of a model, a task or a lesson, most of which import torch.  It
is left out if it passed for the same inputs with the same code, by the digests of all that the file
imports, the same Python and the same installed packages.  A check that fails is never recorded.
"""

import sys
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from foursplit import plugins
from foursplit.config import paths
from foursplit.core import code_digest
from foursplit.core.errors import FoursplitError
from foursplit.io import artifacts
from foursplit.runner import unchanged

MOST_KEPT = 10_000  # checks; beyond that only those of this command

CHECKS = ("foursplit.cli.commands.check",)
"""The modules that check; what they import decides with the files that are checked."""


class PassedChecks:
    """The record of the project; leaving the context without an error writes it."""

    def __init__(self) -> None:
        self.walk = code_digest.Walk(plugins.folders())
        self.setting = artifacts.fingerprint(
            [sys.version, unchanged.installed(), self.walk.closure(CHECKS)]
        )
        self.before = self._read()
        self.now: set[str] = set()

    def check(self, kind: plugins.Kind, name: str, inputs: Any, run: Callable[[], object]) -> None:
        """Call `run`, which checks `inputs` with the file `name`, unless it passed before."""
        code = self.walk.closure([plugins.module_name(kind, name)])
        key = artifacts.fingerprint([self.setting, kind, name, inputs, code])
        if key not in self.before | self.now:
            run()
        self.now.add(key)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        if error is not None or self.now <= self.before:
            return
        kept = self.before | self.now
        with suppress(OSError, FoursplitError):  # a full disk or a read-only folder
            artifacts.write_json(_file(), sorted(kept if len(kept) < MOST_KEPT else self.now))

    def _read(self) -> set[str]:
        try:
            return {key for key in artifacts.read_json(_file()) if isinstance(key, str)}
        except (FoursplitError, OSError, ValueError, TypeError):
            return set()


def _file() -> Any:
    return paths.state() / "checked.json"
