"""What others have computed, brought from DVC's remote where a stage would run without it."""

from collections.abc import Callable
from typing import Any

Echo = Callable[[str], None]

Stage = Any
"""DVC's own object, untyped."""


class DvcRemote:
    """The default remote of a project; the first trouble with it is told, and it is left alone."""

    def __init__(self, repo: Any, say: Echo) -> None:
        self.repo, self.say = repo, say
        self.enabled = bool(repo.config["core"].get("remote"))

    def pull_run_cache(self) -> None:
        """Bring the run-cache: which inputs gave which outputs; remotes over HTTP have none."""
        from dvc.exceptions import DvcException

        if not self.enabled:
            return
        try:
            self.repo.stage_cache.pull(None)
        except (DvcException, OSError) as error:
            self.say(f"DVC's remote has no run-cache to give ({_first_line(error)})")

    def restore(self, stage: Stage) -> None:
        """Check out what this stage once wrote on the same inputs, brought here if need be.

        Raises DVC's `RunCacheNotFoundError` where nobody knows of it, or the remote fails.
        """
        from dvc.exceptions import DvcException
        from dvc.stage.cache import RunCacheNotFoundError

        try:
            stage.repo.stage_cache.restore(stage, pull=True)
        except RunCacheNotFoundError:
            raise
        except (DvcException, OSError) as error:
            self.say(f"DVC's remote: {_first_line(error)}; computing what is not here")
            self.enabled = False
            raise RunCacheNotFoundError(stage) from error


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
