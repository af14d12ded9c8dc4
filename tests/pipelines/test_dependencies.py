"""What a stage declares is what it imports, and an edit re-runs what it touches alone."""

from pathlib import Path

import grimp
import networkx
import pytest
from tests.pipelines.conftest import ROOT, declared

from foursplit.core.params import load

PARAMS = load(ROOT / "params.yaml")
PIPELINES = {"report": PARAMS, "report_real": PARAMS.of("real")}


def expected(params):
    """List a pipeline's stages with the name in params.yaml that each is of."""
    names = {
        ("fetch", "validate", "split"): [*params.sources],
        ("train", "evaluate"): [key for block in params.experiments.values() for key in block],
        ("learn",): [key for block in params.curves.values() for key in block],
        ("study",): [key for block in params.studies.values() for key in block],
        ("select", "final"): [key for block in params.groups.values() for key in block],
    }
    return {f"{s}@{key}": key for stages, keys in names.items() for s in stages for key in keys}


STAGES = {
    **{name: key for params in PIPELINES.values() for name, key in expected(params).items()},
    **{report: report for report in PIPELINES},
}


@pytest.fixture(scope="session")
def imports():
    return grimp.build_graph("foursplit")


def by_name(stage, key):
    """Name the modules that a stage imports by names in params.yaml."""
    if stage in ("fetch", "validate", "split"):
        return [f"foursplit.sources.{key}"]
    if stage == "study":
        return [f"foursplit.studies.{key}"]
    if stage == "report":
        params = PIPELINES[key]
        tasks = {group.task for groups in params.groups.values() for group in groups.values()}
        return [
            *(f"foursplit.sources.{name}" for name in params.sources),
            *(f"foursplit.evaluation.scoring.{task}" for task in tasks),
        ]
    if stage in ("train", "evaluate"):
        experiment = PARAMS.experiment(key)
        found = [f"foursplit.sources.{experiment.source}", f"foursplit.models.{experiment.model}"]
        kind = "tasks" if stage == "train" else "evaluation.scoring"
        return [*found, f"foursplit.{kind}.{experiment.task}"]
    if stage == "learn":
        return [*by_name("train", key), *by_name("evaluate", key)]
    group = PARAMS.group(key)
    found = [f"foursplit.evaluation.scoring.{group.task}"]
    if stage == "select":
        return found
    models = [f"foursplit.models.{PARAMS.experiment(m).model}" for m in PARAMS.members(key)]
    return [*found, f"foursplit.sources.{group.source}", *models]


def needed(imports, stage, key):
    """List the files that a stage runs, through every import."""
    start = [f"foursplit.stages.{stage}", *by_name(stage, key)]
    modules = set(start)
    for module in start:
        modules |= imports.find_upstream_modules(module)
    files = [ROOT / "src" / Path(*module.split(".")) for module in modules]
    return {
        file.with_suffix(".py").relative_to(ROOT)
        for file in files
        if file.with_suffix(".py").is_file()
    }


def kind(name):
    """Name the module of a stage."""
    return name.partition("@")[0].removesuffix("_real")


def covers(dependency, file):
    return dependency == file or dependency in file.parents


def test_every_stage_of_the_pipelines_is_tested_here(stages):
    assert set(stages) == set(STAGES)


@pytest.mark.parametrize("name", STAGES)
def test_every_import_is_a_declared_dependency(stages, imports, name):
    files = needed(imports, kind(name), STAGES[name])
    found = declared(stages[name])
    if name.startswith("final@"):
        # Which model won is not known here: its file's hash is in the manifest, a dependency.
        files = {file for file in files if file.parent.name != "models"}
    missing = sorted(str(f) for f in files if not any(covers(dep, f) for dep in found))
    assert missing == []


@pytest.mark.parametrize("name", STAGES)
def test_no_declared_code_is_needless(stages, imports, name):
    files = needed(imports, kind(name), STAGES[name])
    code = [dep for dep in declared(stages[name]) if dep.parts[:2] == ("src", "foursplit")]
    # One list serves every model of a course, and not each needs layers or first principles.
    # The catalogue is data.
    shared = ("layers", "scratch")
    code = [dep for dep in code if dep.name not in shared and dep.suffix != ".yaml"]
    assert [str(dep) for dep in code if not any(covers(dep, file) for file in files)] == []


def rerun(repo, stages, edited):
    """Name the stages that an edit of a file makes DVC run again, at most."""
    touched = {
        stage
        for stage in stages.values()
        if any(covers(dep, Path(edited)) for dep in declared(stage))
    }
    graph = repo.index.graph  # a stage points to those it depends on
    return {
        stage.name
        for stage in {*touched, *(s for t in touched for s in networkx.ancestors(graph, t))}
    }


def test_an_edit_of_lenet_reruns_lenet_and_what_depends_on_it(repo, stages):
    found = rerun(repo, stages, "src/foursplit/models/lenet.py")
    assert {name for name in found if "real" not in Path(stages[name].dvcfile.relpath).parts} == {
        "train@c4w2_digits_lenet",
        "evaluate@c4w2_digits_lenet",
        "select@c4w2_digits",
        "final@c4w2_digits",
        "report",
    }


def test_an_edit_of_one_source_leaves_the_others_alone(repo, stages):
    found = rerun(repo, stages, "src/foursplit/sources/wine.py")
    assert {name for name in found if "@" in name} == {
        "fetch@wine", "validate@wine", "split@wine", "train@c2w3_wine_softmax",
        "evaluate@c2w3_wine_softmax", "select@c2w3_wine", "final@c2w3_wine",
    }  # fmt: skip


def test_an_edit_of_the_report_trains_nothing(repo, stages):
    assert rerun(repo, stages, "src/foursplit/reporting/pages.py") == {*PIPELINES}


def test_no_stage_depends_on_mlflow_or_on_the_doors(stages):
    outside = {"tracking", "doors", "cli.py", "cli_tables.py"}
    for stage in stages.values():
        assert not [d for d in declared(stage) if len(d.parts) > 2 and d.parts[2] in outside]


def test_the_sealed_test_is_a_dependency_of_final_alone(stages):
    readers = {
        name
        for name, stage in stages.items()
        if any(dep.name == "sealed" or dep.name == "sealed.py" for dep in declared(stage))
    }
    assert readers == {name for name in stages if name.startswith("final@")}
    assert readers
