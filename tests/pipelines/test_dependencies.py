"""Each stage depends on the code that it runs, and an edit runs what it reaches, no more."""

import json
from pathlib import Path
from shutil import copytree, ignore_patterns

import grimp
import networkx
import pytest
from tests.pipelines.conftest import ROOT, declared

from foursplit import plugins
from foursplit.config.load import load
from foursplit.config.pretrained import source_of
from foursplit.core import code_digest
from foursplit.stages import code

PARAMS = load(ROOT / "params.yaml")
PIPELINES = {"report": PARAMS, "report_full": PARAMS.of("full")}
CODE = Path("data") / "code"


def expected(params):
    """List a pipeline's stages with the name in params.yaml that each is of."""
    names = {
        ("fetch", "validate", "split"): [*params.datasets],
        ("train", "evaluate"): [key for block in params.experiments.values() for key in block],
        ("learning_curve",): [key for block in params.curves.values() for key in block],
        ("lesson",): [key for block in params.lessons.values() for key in block],
        ("select", "final"): [key for block in params.groups.values() for key in block],
    }
    return {f"{s}@{key}": key for stages, keys in names.items() for s in stages for key in keys}


STAGES = {
    **{name: key for params in PIPELINES.values() for name, key in expected(params).items()},
    **{report: report for report in PIPELINES},
}


def kind(name):
    """Name the module of a stage."""
    return name.partition("@")[0].removesuffix("_full")


def by_name(stage, key):
    """List the kind and name of each file that a stage finds by a name in params.yaml."""
    if stage in ("fetch", "validate", "split"):
        return {("datasets", key)}
    if stage == "lesson":
        shown = PARAMS.lesson(key).experiment
        of = PARAMS.experiment(shown) if shown else None
        return {("lessons", key), *([("datasets", of.dataset), ("models", of.model)] if of else [])}
    if stage in ("train", "evaluate", "learning_curve"):
        of = PARAMS.experiment(key)
        kinds = {
            "train": ["tasks"],
            "evaluate": ["metrics"],
            "learning_curve": ["tasks", "metrics"],
        }
        found = {("datasets", of.dataset), ("models", of.model)}
        if stage == "train" and not source_of(of) and has_pretrained(key):
            found.add(("training", "initial_weights"))
        return found | {(folder, of.task) for folder in kinds[stage]}
    group = PARAMS.group(key)
    found = {("metrics", group.task)}
    # Which model won is not known here: its code's digest is in its manifest, a dependency.
    return found if stage == "select" else {*found, ("datasets", group.dataset)}


def has_pretrained(key):
    """Return whether an experiment of the same course starts from another's weights."""
    blocks = [b for s in PARAMS.sections().values() for b in s.experiments.values() if key in b]
    return any(source_of(experiment) for block in blocks for experiment in block.values())


@pytest.fixture(scope="module")
def closures():
    """Give, for each file under data/code, the digests that the stage `code` would write now."""
    walk = code_digest.Walk(plugins.folders())
    return {
        CODE / kind / f"{name}.json": walk.closure(code.modules(kind, name))
        for kind, name in code.names()
    }


def test_every_stage_of_the_pipelines_is_tested_here(stages):
    assert set(stages) == {*STAGES, "code", "members"}


def test_a_choice_depends_on_the_experiments_of_its_own_group_alone(stages):
    for name, stage in stages.items():
        if kind(name) == "select":
            asked = [key for dep in stage.deps for key in getattr(dep, "params", ())]
            assert not [key for key in asked if "experiments" in key], name
            assert Path("data") / "members" / f"{STAGES[name]}.json" in set(declared(stage))


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_depends_on_its_own_code_and_on_what_it_finds_by_name(stages, name):
    found = {dep for dep in declared(stages[name]) if dep.is_relative_to(CODE)}
    own = CODE / "stages" / f"{kind(name)}.json"
    if name in PIPELINES:
        assert found == {own, CODE / "datasets", CODE / "metrics"}
        return
    loaded = {CODE / of / f"{key}.json" for of, key in by_name(kind(name), STAGES[name])}
    assert found == {own, *loaded}


def test_the_closures_are_those_that_another_tool_finds(closures):
    graph = grimp.build_graph("foursplit", "foursplit_courses")
    for of, name in code.names():
        found = set(code.modules(of, name))
        for module in code.modules(of, name):
            found |= graph.find_upstream_modules(module)
        files = {Path(*module.split(".")).with_suffix(".py").as_posix() for module in found}
        ours = set(closures[CODE / of / f"{name}.json"])
        assert ours == {file for file in files if (ROOT / "src" / file).is_file()}, (of, name)


def rerun(repo, stages, closures, edited):
    """Name the stages that an edit of one file makes DVC run again, at most."""
    changed = {path for path, files in closures.items() if edited in files}
    touched = {
        stage
        for stage in stages.values()
        if any(
            dep in (path, *path.parents[:-1])
            for dep in declared(stage)
            for path in changed
            if dep.is_relative_to(CODE)
        )
    }
    graph = repo.index.graph  # a stage points to those it depends on
    found = {*touched, *(s for t in touched for s in networkx.ancestors(graph, t))}
    return {stage.name for stage in found}


def default(stages, names):
    return {name for name in names if "full" not in Path(stages[name].dvcfile.relpath).parts}


def test_an_edit_of_lenet_reruns_lenet_and_what_depends_on_it(repo, stages, closures):
    found = rerun(repo, stages, closures, "foursplit_courses/models/lenet.py")
    keys = [k for block in PARAMS.experiments.values() for k, e in block.items()]
    lenets = {key for key in keys if PARAMS.experiment(key).model == "lenet"}
    groups = {PARAMS.experiment(key).group for key in lenets}
    assert default(stages, found) == {
        *(f"{stage}@{key}" for stage in ("train", "evaluate") for key in lenets),
        *(f"{stage}@{group}" for stage in ("select", "final") for group in groups),
        "report",
    }
    assert len(lenets) < len(keys) / 5


def test_an_edit_of_the_initial_weights_reaches_the_experiments_that_start_from_them(
    repo, stages, closures
):
    found = rerun(repo, stages, closures, "foursplit_courses/datasets/digits_0_to_4.py")
    trained = {name.partition("@")[2] for name in default(stages, found) if "train@" in name}
    assert trained == {
        "c3w2_many_digits", "c3w2_few_digits_fine_tuned", "c3w2_few_digits_frozen_first"
    }  # fmt: skip


def test_an_edit_of_one_data_set_leaves_the_others_alone(repo, stages, closures):
    found = rerun(repo, stages, closures, "foursplit_courses/datasets/wine.py")
    assert {name for name in found if "@" in name} == {
        "fetch@wine",
        "validate@wine",
        "split@wine",
        "train@c2w3_wine_softmax",
        "evaluate@c2w3_wine_softmax",
        "select@c2w3_wine",
        "final@c2w3_wine",
    }


def test_an_edit_of_the_report_trains_nothing(repo, stages, closures):
    found = rerun(repo, stages, closures, "foursplit/reporting/pages/experiment.py")
    assert found == {*PIPELINES}


def test_an_edit_of_a_layer_reaches_the_models_that_import_it(repo, stages, closures):
    found = rerun(repo, stages, closures, "foursplit/layers/polynomial.py")
    trained = {name.partition("@")[2] for name in found if name.startswith("train@")}
    polynomial = {"linear", "logistic_polynomial"}
    assert trained == {
        key
        for section in PARAMS.sections().values()
        for block in section.experiments.values()
        for key, experiment in block.items()
        if experiment.model in polynomial
    }


def test_an_edit_of_one_metric_trains_nothing_and_evaluates_its_task(repo, stages, closures):
    found = rerun(repo, stages, closures, "foursplit/evaluation/metrics/cluster.py")
    assert not [name for name in found if name.startswith("train@")]
    evaluated = [name.partition("@")[2] for name in found if name.startswith("evaluate@")]
    assert {PARAMS.experiment(key).task for key in evaluated} == {"cluster"}


@pytest.fixture
def copied(tmp_path):
    """Give a copy of the code, and a function that digests all that stages depend on in it."""
    for package in plugins.packages():
        copytree(ROOT / "src" / package, tmp_path / package, ignore=ignore_patterns("__pycache__"))
    folders = {package: tmp_path / package for package in plugins.packages()}

    def digests():
        named = {(kind, name): code.modules(kind, name) for kind, name in code.names()}
        return {key: code_digest.closure(modules, folders) for key, modules in named.items()}

    return tmp_path, digests


def test_a_new_file_and_an_edit_of_words_run_nothing(copied):
    folder, digests = copied
    before = digests()
    for path in ("layers/new.py", "tasks/new.py", "models/new.py", "evaluation/metrics/new.py"):
        (folder / "foursplit" / path).write_text("from foursplit.layers import standardize\n")
    layer = folder / "foursplit" / "layers" / "standardize.py"
    layer.write_text(f"# A remark.\n{layer.read_text()}")
    assert digests() == before


def test_an_edit_of_code_changes_the_digests_of_what_imports_it(copied):
    folder, digests = copied
    before = digests()
    layer = folder / "foursplit" / "layers" / "polynomial.py"
    layer.write_text(f"{layer.read_text()}\nEDITED = 1\n")
    changed = {key for key, found in digests().items() if found != before[key]}
    assert changed == {("models", "linear"), ("models", "logistic_polynomial")}


def test_what_the_stage_writes_are_the_closures(closures, project, monkeypatch):
    code.run()
    for path, digests in closures.items():
        assert json.loads((project / path).read_text()) == digests
        # A preview knows the text beforehand, and so the hash that DVC would find.
        assert code.texts(project / path) == {path.name: (project / path).read_text()}
    kinds = {path.parent for path in closures}
    for folder in kinds:
        written = {path.name: path.read_text() for path in (project / folder).iterdir()}
        assert code.texts(project / folder) == written


def test_no_stage_runs_code_of_mlflow_or_of_the_command_line(closures):
    outside = ("foursplit/tracking", "foursplit/cli", "foursplit/scaffold", "foursplit/runner")
    for path, files in closures.items():
        assert not [file for file in files if file.startswith(outside)], path


def test_the_sealed_test_is_a_dependency_of_final_alone(stages, closures):
    readers = {name for name, s in stages.items() if any(d.name == "sealed" for d in declared(s))}
    assert readers == {name for name in stages if name.startswith("final@")}
    opened = {path for path, files in closures.items() if "foursplit/data/load_test.py" in files}
    assert opened == {CODE / "stages" / "final.json"}
