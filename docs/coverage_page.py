"""The page that says which exercise of the courses is covered, and by what."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import yaml

HEAD = """\
# What of the courses is covered

Every exercise of the two specializations, and what covers it here: an experiment of
[params.yaml](../params.yaml), a file of the code, or a page of these docs.
Written by `make docs` from [coverage.yaml](coverage.yaml): edit that, not this page.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A course of one of the specializations."""

    code: str  # how the ids of its exercises begin
    title: str
    n_weeks: int


COURSES = {
    "neural_networks": Course(
        code="D1", n_weeks=4, title="DLS 1: Neural Networks and Deep Learning"
    ),
    "improving": Course(code="D2", n_weeks=3, title="DLS 2: Improving Deep Neural Networks"),
    "structuring": Course(
        code="D3", n_weeks=2, title="DLS 3: Structuring Machine Learning Projects"
    ),
    "convolutional": Course(code="D4", n_weeks=4, title="DLS 4: Convolutional Neural Networks"),
    "sequence": Course(code="D5", n_weeks=4, title="DLS 5: Sequence Models"),
    "supervised": Course(code="M1", n_weeks=3, title="MLS 1: Supervised Machine Learning"),
    "advanced": Course(code="M2", n_weeks=4, title="MLS 2: Advanced Learning Algorithms"),
    "unsupervised": Course(
        code="M3",
        n_weeks=3,
        title="MLS 3: Unsupervised Learning, Recommenders, Reinforcement Learning",
    ),
}
KINDS = {
    "experiment": "a key of params.yaml",
    "module": "a file of the code, from the project's folder",
    "page": "a page, from the project's folder, under docs/",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Exercise:
    """One row of `coverage.yaml`."""

    course: str
    id: str
    week: int
    name: str
    covered_by: tuple[str, ...]  # each `<kind>:<what>`


def parse(text: str) -> tuple[Exercise, ...]:
    """Read the rows of `coverage.yaml`, refusing unknown courses and wrong fields."""
    return tuple(
        _exercise(course, row) for course, rows in yaml.safe_load(text).items() for row in rows
    )


def experiment_keys(params: Mapping[str, Any]) -> frozenset[str]:
    """List the experiments that `params.yaml` defines, over all courses of both pipelines."""
    sections = (params, params.get("full") or {"experiments": {}})
    courses = [block for section in sections for block in section["experiments"].values()]
    return frozenset(key for block in courses for key in block or {})


def check(coverage: Sequence[Exercise], experiments: Collection[str], root: Path) -> None:
    """Refuse ids that are doubled or malformed, impossible weeks, and covers that do not exist.

    `root` is the project's folder, which paths are relative to.
    """
    for exercise_id, count in Counter(row.id for row in coverage).items():
        if count > 1:
            raise ValueError(f"{exercise_id}: {count} rows have this id; an id has one row")
    for row in coverage:
        course = COURSES[row.course]
        if not re.fullmatch(rf"{course.code}-\d\d", row.id):
            raise ValueError(f"{row.id}: an id of {row.course} is {course.code}- and two digits")
        if row.week not in range(1, course.n_weeks + 1):
            raise ValueError(f"{row.id}: week {row.week}; {row.course} has 1 to {course.n_weeks}")
        for cover in row.covered_by:
            _check_cover(row.id, cover, experiments, root)


def render(coverage: Sequence[Exercise]) -> str:
    """Write the page: what is covered of each course, then every exercise."""
    return "\n".join([HEAD, summary(coverage), *_sections(coverage)])


def summary(coverage: Sequence[Exercise]) -> str:
    """Tabulate how many exercises of each course are covered."""
    n_exercises = Counter(row.course for row in coverage)
    n_covered = Counter(row.course for row in coverage if row.covered_by)
    rows = [
        f"| [{course.title}](#{_anchor(course.title)}) | {n_exercises[key]} | {n_covered[key]} |\n"
        for key, course in COURSES.items()
    ]
    total = f"| **all** | **{n_exercises.total()}** | **{n_covered.total()}** |\n"
    return "| course | exercises | covered |\n|---|---:|---:|\n" + "".join(rows) + total


def _sections(coverage: Sequence[Exercise]) -> Iterator[str]:
    for key, course in COURSES.items():
        rows = "".join(
            f"| {row.id} | {row.week} | {row.name} | {_links(row)} |\n"
            for row in coverage
            if row.course == key
        )
        head = "| id | week | exercise | covered by |\n|---|---|---|---|\n"
        yield f"## {course.title}\n\n{head}{rows}"


def _links(row: Exercise) -> str:
    return ", ".join(_link(cover) for cover in row.covered_by) or "not yet"


def _link(cover: str) -> str:
    kind, what = cover.split(":", 1)
    target = {
        "experiment": "../params.yaml",
        "module": f"../{what}",
        "page": what.removeprefix("docs/"),  # the page lies in docs/ itself
    }[kind]
    return f"[`{what}`]({target})"


def _anchor(title: str) -> str:
    """Name a heading as GitHub does in links."""
    return re.sub(r"[^\w\s-]", "", title.lower()).replace(" ", "-")


def _exercise(course: str, row: Mapping[str, Any]) -> Exercise:
    if course not in COURSES:
        raise ValueError(f"{course!r} is no course; courses are {', '.join(COURSES)}")
    known = [field.name for field in fields(Exercise) if field.name != "course"]
    if set(row) != set(known):
        raise ValueError(
            f"{row.get('id', course)}: fields {', '.join(row)}; a row has {', '.join(known)}"
        )
    if not isinstance(row["covered_by"], list):
        raise ValueError(f"{row['id']}: covered_by {row['covered_by']!r} is no list")
    return Exercise(course=course, **{**row, "covered_by": tuple(row["covered_by"])})


def _check_cover(row_id: str, cover: str, experiments: Collection[str], root: Path) -> None:
    kind, _, what = cover.partition(":")
    if kind not in KINDS:
        problem = f"no kind {kind!r}"
    elif not _exists(kind, what, experiments, root):
        problem = f"no such {kind}"
    else:
        return
    valid = "; ".join(f"{kind}:<{meaning}>" for kind, meaning in KINDS.items())
    raise ValueError(f"{row_id}: covered_by {cover!r}: {problem}; valid are {valid}")


def _exists(kind: str, what: str, experiments: Collection[str], root: Path) -> bool:
    if kind == "experiment":
        return what in experiments
    folder = root / "docs" if kind == "page" else root
    path = (root / what).resolve()  # so that `..` leads nowhere outside
    return path.is_file() and path.is_relative_to(folder.resolve())
