"""Targets by course, week and words: `c4`, `DLS C4 W2`, `lenet`, `wine softmax`."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the command line looks words up before it imports the schema
    from foursplit.config.schema import PipelineConfig

Words = Mapping[str, str]
"""The words of each experiment and lesson, in one line, by its name."""

SPECIALIZATIONS: Mapping[str, str] = {"dls": "c", "mls": "m"}
"""What names begin with: the courses of the Deep Learning and of the Machine Learning one."""

ABBREVIATIONS: Mapping[str, str] = {
    "cnn": "convolutional", "convnet": "convolutional", "convolution": "convolutional",
    "rnn": "sequence", "nn": "mlp", "forest": "random_forest", "kmeans": "k_means",
}  # fmt: skip
"""Other words for what names of courses and models have."""

COURSE = re.compile(r"(?:(dls|mls)[ _-]*)?([cm])(\d)(?:[ _-]*w(\d+))?", re.IGNORECASE)


def words(section: "PipelineConfig") -> dict[str, str]:
    """Return the words of the experiments and lessons of a pipeline: names, model, course, week."""
    found = {
        key: f"{key} {experiment.model} {experiment.group} {course} {_short(experiment.week)}"
        for course, block in section.experiments.items()
        for key, experiment in block.items()
    }
    return found | {
        key: f"{key} {course} {_short(lesson.week)}"
        for course, block in section.lessons.items()
        for key, lesson in block.items()
    }


def _short(week: str) -> str:
    """Return a week as names begin with it: `DLS C4 W2` is `c4 c4w2`, `MLS C1 W3` is `m1 m1w3`."""
    match = COURSE.fullmatch(week.strip())
    if match is None:
        return ""
    course = _course(match)
    return f"{course} {course}w{match[4]}" if match[4] else course


def _course(match: re.Match[str]) -> str:
    letter = SPECIALIZATIONS[match[1].lower()] if match[1] else match[2].lower()
    return f"{letter}{match[3]}"


def matching(target: str, words_of: Words) -> list[str]:
    """Return the names that have the target's course and week, or all of its words."""
    match = COURSE.fullmatch(target.strip())
    if match is not None:
        wanted = _short(target).split()[-1:]
    else:
        wanted = target.lower().replace("-", "_").split()
    return [name for name, line in words_of.items() if wanted and _has_all(line, wanted)]


def _has_all(line: str, wanted: list[str]) -> bool:
    # `_` on both ends, so that "tree" is a word of "decision_tree" and not of "street".
    names = [f"_{name}_" for name in line.lower().split()]
    return all(
        any(f"_{form}_" in name for name in names for form in {word, ABBREVIATIONS.get(word, word)})
        for word in wanted
    )
