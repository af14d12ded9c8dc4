"""Pull outputs that others have computed from DVC's remote."""

from collections.abc import Callable
from typing import Any

Echo = Callable[[str], None]

Stage = Any
"""DVC's own object, untyped."""


class DvcRemote:
    """The default remote of a project; disabled, with a message, after its first error."""

    def __init__(self, repo: Any, echo: Echo) -> None:
        self.repo, self.echo = repo, echo
        self.enabled = bool(repo.config["core"].get("remote"))

    def pull_run_cache(self) -> None:
        """Pull the run-cache, which maps inputs to outputs; HTTP remotes have none."""
        from dvc.exceptions import DvcException

        if not self.enabled:
            return
        try:
            self.repo.stage_cache.pull(None)
        except (DvcException, OSError) as error:
            self.echo(f"DVC's remote has no run-cache ({_first_line(error)})")

    def restore(self, stage: Stage) -> None:
        """Check out the outputs of an earlier run on the same inputs, pulled if missing.

        Raise DVC's `RunCacheNotFoundError` if there is none, or the remote fails.
        """
        from dvc.exceptions import DvcException
        from dvc.stage.cache import RunCacheNotFoundError

        try:
            stage.repo.stage_cache.restore(stage, pull=True)
        except RunCacheNotFoundError:
            raise
        except (DvcException, OSError) as error:
            self.echo(f"DVC's remote: {_first_line(error)}; missing outputs are computed instead")
            self.enabled = False
            raise RunCacheNotFoundError(stage) from error


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
