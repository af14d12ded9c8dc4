"""The pipeline files of all courses, default and remote, are one file but for names."""

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from foursplit.core.params import load

ROOT = Path(__file__).parents[2]
PARAMS = load(ROOT / "params.yaml")
FILES = [
    (f"{of}/{course}" if of else course, of, course)
    for of, section in PARAMS.sections().items()
    for course in section.experiments
]
ONLY_DEFAULT = ("learn", "study")  # no learning curves and no lessons on remote data


def plain(of, course, stages):
    """Take a course's name, its pipeline's and what models of some courses need out of a file."""
    text = repr(stages)
    above = r"real\." if of else ""
    text = re.sub(rf"\b{above}(experiments|groups)\.{course}\b", r"\1.COURSE", text)
    text = text.replace("data/real/", "data/") if of else text
    text = text.replace("'../../..'", "'../..'") if of else text
    return text.replace("'src/foursplit/scratch', ", "")


def stages(home):
    read = YAML(typ="safe").load(ROOT / "pipelines" / home / "dvc.yaml")
    return {name: stage for name, stage in read["stages"].items() if name not in ONLY_DEFAULT}


@pytest.mark.parametrize(("home", "of", "course"), FILES)
def test_a_course_has_the_stages_of_every_other(home, of, course):
    assert plain(of, course, stages(home)) == plain("", "improving", stages("improving"))
