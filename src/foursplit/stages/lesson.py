"""Stage lesson: work a lesson through on numbers, for a page of the report."""

from foursplit import plugins
from foursplit.config import paths
from foursplit.config.load import load, parse
from foursplit.io import artifacts


def run(key: str) -> str:
    """Write `data/lessons/<key>.json`: texts, figures as numbers, and what was measured."""
    settings = load().lesson(key)
    file = plugins.lesson(key)
    args = parse(file.Args, settings.args, f"lessons.{key}.args")
    lesson = file.run(args)
    content = {"key": key, "week": settings.week, **lesson.as_json()}
    artifacts.write_json(paths.lesson(key), content)
    return (
        f"{lesson.title}: {len(lesson.sections)} sections, {len(lesson.numbers)} figures measured"
    )
