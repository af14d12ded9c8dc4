"""Stage study: work a lesson through on numbers, for a page of the report."""

import importlib

from foursplit.core import artifacts, paths
from foursplit.core.params import load, parse


def run(key: str) -> str:
    """Write `data/studies/<key>.json`: texts, figures as numbers, and what was measured."""
    settings = load().study(key)
    file = importlib.import_module(f"foursplit.studies.{key}")
    args = parse(file.Args, settings.args, f"studies.{key}.args")
    study = file.run(args)
    content = {"key": key, "lesson": settings.lesson, **study.as_json()}
    artifacts.write_json(paths.study(key), content)
    return f"{study.title}: {len(study.sections)} sections, {len(study.numbers)} figures measured"
