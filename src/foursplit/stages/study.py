"""Stage study: work a lesson through on numbers, for a page of the report."""

from foursplit import plugins
from foursplit.config import paths
from foursplit.config.load import load, parse
from foursplit.io import artifacts


def run(key: str) -> str:
    """Write `data/studies/<key>.json`: texts, figures as numbers, and what was measured."""
    settings = load().study(key)
    file = plugins.lesson(key)
    args = parse(file.Args, settings.args, f"studies.{key}.args")
    study = file.run(args)
    content = {"key": key, "lesson": settings.lesson, **study.as_json()}
    artifacts.write_json(paths.study(key), content)
    return f"{study.title}: {len(study.sections)} sections, {len(study.numbers)} figures measured"
