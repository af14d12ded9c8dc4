"""The pipeline on remote data stands by itself, and nobody's acceptance changes a byte."""

from pathlib import Path

import networkx
import pytest
from tests.pipelines.conftest import ROOT, declared

from foursplit import plugins
from foursplit.config.load import load
from foursplit.core.errors import FoursplitError
from foursplit.data.download import catalogue, licences
from foursplit.runner.targets import stages_reading

PARAMS = load(ROOT / "params.yaml")


def outputs(stage):
    return [Path(out.fs_path).relative_to(ROOT) for out in stage.outs]


def is_full(stage):
    return "full" in Path(stage.dvcfile.relpath).parts


def test_the_default_pipeline_needs_nothing_of_the_real_one(repo, stages):
    """The naive layout fails here: below data/predictions, DVC would run all that writes there."""
    needed = networkx.descendants(repo.index.graph, stages["report"])
    assert needed
    assert not [stage.name for stage in needed if is_full(stage)]
    full = networkx.descendants(repo.index.graph, stages["report_full"])
    own = {name for name, stage in stages.items() if is_full(stage) and name != "report_full"}
    # Both run the same code, and their comparison groups are listed together.
    assert {stage.name for stage in full} == {"code", "members", *own}


def test_what_the_pipelines_write_lies_apart(stages):
    for stage in stages.values():
        for path in outputs(stage):
            assert ("full" in {*path.parts, *path.name.split(".")}) == is_full(stage)


def test_no_stage_depends_on_what_was_accepted(stages):
    asked = {
        name
        for stage in stages.values()
        for dependency in stage.deps
        for name in getattr(dependency, "params", ())
    }
    # Single values of `run` alone: the whole block would carry accept_licences into hashes.
    assert {name for name in asked if name.startswith("run")} == {
        "run.instruction_set",
        "run.threads",
    }


def test_every_remote_dataset_depends_on_the_catalogue_it_is_listed_in(stages):
    path = catalogue.catalogue_files()[0].relative_to(ROOT)
    listed = {n: catalogue.entries_of(plugins.dataset(n).SPEC) for n in PARAMS.full.datasets}
    for name, entries in listed.items():
        assert bool(entries) == (path in declared(stages[f"fetch@{name}"])), name
    assert [name for name, entries in listed.items() if not entries] == ["lander_levels"]  # a game


def test_the_committed_file_accepts_nothing_for_anybody():
    assert PARAMS.run.accept_licences == ()


def test_what_is_not_accepted_is_left_out_with_all_that_reads_it_and_no_more(stages):
    found = stages_reading(PARAMS.full, "full", {"mnist_usps"})
    assert {address.rpartition(":")[2] for address in found} == {
        name for name in stages if "mnist_usps" in name
    }


def test_a_stage_of_a_dataset_that_is_not_accepted_says_so(project, monkeypatch):
    from foursplit.stages import fetch

    monkeypatch.delenv(licences.ACCEPT, raising=False)
    with pytest.raises(FoursplitError, match="usps: not stated") as raised:
        fetch.run("mnist_usps")
    assert "FOURSPLIT_ACCEPT=mnist,usps" in str(raised.value)
    assert not (project / "data").exists()
