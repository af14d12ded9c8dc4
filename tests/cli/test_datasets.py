"""The list of remote data sets, and a run of what was accepted."""

import json
import os
import re

import pytest
from tests import forked

from foursplit.cli.commands.repro import accepted_licences
from foursplit.config import paths
from foursplit.config.load import load
from foursplit.data.download import catalogue

CLEAN = {"FOURSPLIT_MIRROR": "", "FOURSPLIT_ACCEPT": ""}


def run(project, *arguments, code=0, **env):
    done = forked.run(
        ["foursplit", *arguments],
        cwd=project,
        env={**os.environ, "FOURSPLIT_ROOT": str(project), **CLEAN, **env},
    )
    assert done.returncode == code, done.stdout
    return done.stdout


def states(project, **env):
    return {
        row["name"]: row["state"] for row in json.loads(run(project, "datasets", "--json", **env))
    }


def mirror_of(folder, name):
    """Make a mirror whose files have the right names, which is all that the list looks at."""
    for file in catalogue.load_entry(name).files:
        (folder / file.path).parent.mkdir(parents=True, exist_ok=True)
        (folder / file.path).write_bytes(b"")
    return str(folder)


def test_every_data_set_is_listed_with_size_licence_and_state(project):
    rows = {row["name"]: row for row in json.loads(run(project, "datasets", "--json"))}
    assert set(rows) == set(catalogue.entry_names())
    usps = rows["usps"]
    assert usps["state"] == "needs acceptance"
    assert usps["datasets"] == ["mnist_usps"]
    # zip.train.gz, zip.test.gz and zip.info.txt
    assert usps["bytes"] == 1_829_071 + 439_208 + 1_174
    text = run(project, "datasets")
    assert "california_housing" in text
    assert "FOURSPLIT_ACCEPT=mnist,usps" in text


def test_a_data_set_goes_from_remote_to_mirror_to_here(project, tmp_path):
    assert states(project)["california_housing"] == "remote"
    mirror = mirror_of(tmp_path / "m", "california_housing")
    assert states(project, FOURSPLIT_MIRROR=mirror)["california_housing"] == "mirror"
    place = project / "data" / "full" / "raw" / "california_housing" / "california_housing"
    place.mkdir(parents=True)
    assert states(project)["california_housing"] == "here"


def test_what_must_be_asked_for_waits_until_it_is_accepted(project):
    assert states(project, FOURSPLIT_ACCEPT="usps")["usps"] == "remote"
    path = project / "params.yaml"
    path.write_text(path.read_text().replace("accept_licences: []", "accept_licences: [usps]"))
    assert states(project)["usps"] == "remote"
    assert states(project)["mnist"] == "needs acceptance"


def test_what_was_accepted_is_named_with_its_licence(project, monkeypatch):
    monkeypatch.setenv("FOURSPLIT_ROOT", str(project))
    paths.root.cache_clear()
    monkeypatch.delenv("FOURSPLIT_ACCEPT", raising=False)
    assert accepted_licences(load()) == ""
    monkeypatch.setenv("FOURSPLIT_ACCEPT", "usps")
    text = accepted_licences(load())
    assert "licences that you accepted: usps (not stated)" in text
    assert "mnist" not in text
    paths.root.cache_clear()


def test_an_unknown_name_is_answered_with_the_known_ones(project):
    text = run(project, "datasets", code=2, FOURSPLIT_ACCEPT="uspss")
    assert "FOURSPLIT_ACCEPT: unknown data set 'uspss'. Did you mean 'usps'?" in text


@pytest.mark.slow
def test_a_run_on_remote_data_takes_what_was_accepted_and_lists_the_rest(clone, tmp_path):
    """An accepted dataset that is not available fails; a dataset that waits does not."""
    mirror = tmp_path / "empty"
    mirror.mkdir()
    env = {**CLEAN, "FOURSPLIT_MIRROR": str(mirror), "https_proxy": "http://127.0.0.1:9"}
    text = clone.run("foursplit", "repro", "--full", "--dry", **env)
    assert "fetch@california_housing will run" in text
    assert "fetch@mnist_usps" not in text
    waiting = re.search(r"Skipped, because a licence is not accepted: (.*)", text)
    assert {"mnist", "mnist_usps", "cats"} <= set(waiting[1].split(", "))
    accept = re.search(r"FOURSPLIT_ACCEPT=(\S+)", text)
    assert {"mnist", "usps", "course_catvnoncat"} <= set(accept[1].split(","))

    # One group: others need no file from anywhere, and would train for minutes.
    text = clone.run("foursplit", "repro", "--full", "m1w2_california", code=2, **env)
    assert "is not available" in text
    for part in (
        str(mirror),
        "https://raw.githubusercontent.com",
        "To provide it, put the file at",
    ):
        assert part in text
