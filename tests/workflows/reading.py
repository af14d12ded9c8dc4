"""Read the workflows and local actions as GitHub does: `on` is a key, not a truth value."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
ACTIONS = sorted((GITHUB / "actions").glob("*/action.yml"))


def load(path: Path) -> dict[str, Any]:
    # YAML 1.1 takes `on` for true. The base loader makes texts, lists and maps, and nothing else.
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506


def workflow(name: str) -> dict[str, Any]:
    return load(GITHUB / "workflows" / f"{name}.yml")


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    """Give every job under `<workflow>.<job>`."""
    for path in WORKFLOWS:
        for name, job in load(path)["jobs"].items():
            yield f"{path.stem}.{name}", job


def steps() -> Iterator[tuple[str, dict[str, Any]]]:
    """Give every step of workflows and local actions, with where it stands."""
    for where, job in jobs():
        yield from ((where, step) for step in job["steps"])
    for path in ACTIONS:
        yield from ((f"action {path.parent.name}", step) for step in load(path)["runs"]["steps"])


def scripts() -> Iterator[tuple[str, str]]:
    """Give every `run` with where it stands."""
    yield from ((where, step["run"]) for where, step in steps() if "run" in step)


def script(job: str, command: str) -> str:
    """Give the one `run` of `<workflow>.<job>` that calls `command`."""
    (found,) = (text for where, text in scripts() if where == job and f"{command} " in text)
    return found


def holds(condition: str, context: dict[str, str]) -> bool:
    """Evaluate a job's `if` where it only compares names of `context`, a missing one being ''."""
    text = re.sub(
        r"'[^']*'|\b[a-z_]+(?:\.\w+)+\b",
        lambda found: repr(_value(found[0], context)),
        condition,
    )
    return bool(eval(text.replace("&&", " and ").replace("||", " or "), {"__builtins__": {}}))


def _value(token: str, context: dict[str, str]) -> str:
    return token.strip("'") if token.startswith("'") else context.get(token, "")
