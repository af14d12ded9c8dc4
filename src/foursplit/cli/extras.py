"""What to install for a command whose packages are missing: the extras of pyproject.toml."""

import re
from collections.abc import Sequence

NAMES = {
    "Box2D": "box2d",
    "PIL": "pillow",
    "pytorch_lightning": "pytorch-lightning",
    "ruamel": "ruamel.yaml",
    "sklearn": "scikit-learn",
    "xgboost": "xgboost-cpu",
}
"""Packages whose modules have other names."""


def extra_with(module: str, requirements: Sequence[str] | None = None) -> str | None:
    """Return the extra that brings a module: "" if every install does, None if none does."""
    top = module.partition(".")[0]
    package = _normal(NAMES.get(top, top))
    for line in _requirements() if requirements is None else requirements:
        extra = re.search(r"""extra\s*==\s*['"]([\w-]+)['"]""", line)
        name = re.match(r"[\w.-]+", line)
        if name and _normal(name[0]) == package:
            return extra[1] if extra else ""
    return None


def advice(module: str, extra: str) -> str:
    """Return the sentence that says what to install."""
    return (
        f"this command needs {module.partition('.')[0]}, which is not installed. "
        f"Run: pip install 'foursplit{f'[{extra}]' if extra else ''}'"
    )


def _requirements() -> list[str]:
    from importlib.metadata import PackageNotFoundError, requires

    try:
        return requires("foursplit") or []
    except PackageNotFoundError:
        return []


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
