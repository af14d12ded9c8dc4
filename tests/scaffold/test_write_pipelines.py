"""The dvc.yaml files follow from params.yaml; a user's own file is never replaced."""

import re

import pytest
from ruamel.yaml import YAML

from foursplit.config import paths
from foursplit.config.load import load
from foursplit.core.errors import FoursplitError
from foursplit.scaffold import write_pipelines


def stages(path):
    return YAML(typ="safe").load(path.read_text())["stages"]


def add_course(project, name="extra"):
    """Add a course with one experiment, as a person would."""
    text = (project / "params.yaml").read_text()
    block = f"""
  {name}:
    extra_wine: {{week: own, dataset: wine, task: classify, model: mlp, group: extra_wines,
      model_args: {{hidden: [], dropout: 0.0}}, fit: {{seeds: [1], learning_rate: 0.1,
      batch_size: 9, max_epochs: 1}}}}
"""
    group = f"\n  {name}:\n    extra_wines: {{dataset: wine, task: classify, metric: error}}\n"
    text = re.sub(r"^experiments:.*$", lambda m: m[0] + block, text, count=1, flags=re.M)
    text = re.sub(r"^groups:.*$", lambda m: m[0] + group, text, count=1, flags=re.M)
    (project / "params.yaml").write_text(text)


def test_the_files_of_this_project_are_current():
    write_pipelines.check(load())


def test_what_is_written_is_current_and_written_once(project):
    (project / "dvc.yaml").write_text(f"{write_pipelines.HEADER}\nstages: {{}}\n")
    written = write_pipelines.write(load())
    assert paths.pipeline_file("supervised") in written
    assert all(write_pipelines.is_generated(path) for path in written)
    write_pipelines.check(load())
    assert write_pipelines.write(load()) == []


def test_a_new_course_asks_for_one_file_and_changes_no_other(project):
    (project / "dvc.yaml").write_text(f"{write_pipelines.HEADER}\nstages: {{}}\n")
    write_pipelines.write(load())
    add_course(project)
    with pytest.raises(
        FoursplitError, match=r"pipelines/extra/dvc\.yaml.*foursplit pipeline write"
    ):
        write_pipelines.check(load())
    assert write_pipelines.write(load()) == [project / "pipelines" / "extra" / "dvc.yaml"]
    extra = stages(project / "pipelines" / "extra" / "dvc.yaml")
    assert set(extra) == {"train", "evaluate", "select", "final"}  # no curves, no lessons
    assert extra["train"]["foreach"] == "${experiments.extra}"


@pytest.mark.parametrize("name", write_pipelines.PROJECT_PIPELINES)
def test_a_course_has_no_name_whose_folder_is_taken(project, name):
    add_course(project, name)
    with pytest.raises(FoursplitError, match=f"'{name}' is not a valid course name"):
        write_pipelines.expected_files(load())


def test_a_file_that_a_person_wrote_is_left_alone(project):
    (project / "dvc.yaml").write_text("# Mine.\nstages: {}\n")
    with pytest.raises(FoursplitError, match=r"dvc\.yaml"):
        write_pipelines.write(load())
    assert (project / "dvc.yaml").read_text() == "# Mine.\nstages: {}\n"
    assert not (project / "pipelines").exists()  # nothing is written partially


def test_a_project_that_keeps_its_pipelines_by_hand_is_asked_for_a_courses_file_alone(project):
    (project / "dvc.yaml").write_text("# Mine.\nstages: {}\n")
    with pytest.raises(FoursplitError, match=r"pipelines/supervised/dvc\.yaml"):
        write_pipelines.check(load())
    for home in load().homes():
        path = paths.pipeline_file(home)
        path.parent.mkdir(parents=True)
        path.write_text("stages: {}\n")
    write_pipelines.check(load())


def test_a_course_that_is_gone_leaves_a_file_that_is_named(project):
    (project / "dvc.yaml").write_text(f"{write_pipelines.HEADER}\nstages: {{}}\n")
    write_pipelines.write(load())
    left = project / "pipelines" / "history" / "dvc.yaml"
    left.parent.mkdir()
    left.write_text(paths.pipeline_file("supervised").read_text())
    own = project / "pipelines" / "mine" / "dvc.yaml"
    own.parent.mkdir()
    own.write_text("stages: {}\n")
    with pytest.raises(FoursplitError, match="pipelines/history"):
        write_pipelines.check(load())
    assert write_pipelines.orphaned_files(load()) == [left]


def test_the_pipelines_differ_in_names_alone(project):
    (project / "dvc.yaml").write_text(f"{write_pipelines.HEADER}\nstages: {{}}\n")
    write_pipelines.write(load())
    here, remote = (paths.pipeline_file(home).read_text() for home in ("data", "full/data"))
    remote = remote.replace("full.", "").replace("data/full/", "data/").replace("../../..", "../..")
    assert remote == here


def test_every_output_lies_in_its_pipelines_folder(project):
    (project / "dvc.yaml").write_text(f"{write_pipelines.HEADER}\nstages: {{}}\n")
    for path in write_pipelines.write(load()):
        remote = "full" in path.relative_to(project).parts
        for stage in stages(path).values():
            for out in stage.get("do", stage)["outs"]:
                assert out.startswith(("data/", "reports/"))
                assert ("/full/" in out) == remote
