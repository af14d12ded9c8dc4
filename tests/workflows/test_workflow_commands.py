"""What the workflows hand to the project's commands, tried with stand-ins that write it down."""

import json
import os
import re
import subprocess
import sys

import pytest
from click import Context
from tests.workflows.reading import GITHUB, ROOT, holds, jobs, load, script, scripts, workflow

from foursplit.cli.main import main

# GitHub's own way to call `shell: bash`.
BASH = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"]

STAND_IN = """#!{python}
import json, os, sys
with open(os.environ["CALLS"], "a") as file:
    file.write(json.dumps([os.path.basename(sys.argv[0]), *sys.argv[1:]]) + "\\n")
print("done")
"""

HOSTILE = "$(touch harmed) `touch harmed` ; touch harmed"


@pytest.fixture
def run(tmp_path):
    """Run a script in an empty folder; give the calls that it made, and what it printed."""
    folder = tmp_path / ".venv" / "bin"
    folder.mkdir(parents=True)
    for name in ("foursplit", "make", "git", "gh"):
        (folder / name).write_text(STAND_IN.format(python=sys.executable))
        (folder / name).chmod(0o755)
    (tmp_path / "a_file").touch()  # what a pattern would find

    def call(text, **setting):
        calls, summary = tmp_path / "calls", tmp_path / "summary"
        path = f"{folder}{os.pathsep}{os.environ['PATH']}"
        known = {"PATH": path, "CALLS": str(calls), "GITHUB_STEP_SUMMARY": str(summary)}
        done = subprocess.run(
            [*BASH, text], cwd=tmp_path, env={**known, **setting}, capture_output=True, text=True
        )
        assert not (tmp_path / "harmed").exists()
        made = calls.read_text().splitlines() if calls.exists() else []
        return done, [json.loads(line) for line in made]

    return call


def test_a_pull_request_is_judged_since_its_base_and_nothing_is_pushed(run):
    _, calls = run(script("retrain.judge", "foursplit"), SINCE="abc", TARGETS="")
    assert calls == [["foursplit", "retrain", "--read-only", "--since", "abc", "--"]]


def test_targets_are_words_and_nothing_else(run):
    hostile = f"wine * --promote {HOSTILE}"
    _, calls = run(script("retrain.judge", "foursplit"), SINCE="", TARGETS=hostile)
    assert calls == [["foursplit", "retrain", "--read-only", "--", *hostile.split()]]


def test_on_main_the_locks_go_to_their_branch(run):
    _, calls = run(script("retrain.keep", "foursplit"), SINCE="abc", TARGETS="wine", PROMOTE="")
    assert calls[-2] == ["gh", "auth", "setup-git"]
    pushing = ["foursplit", "retrain", "--push", "--branch", "foursplit/retrained"]
    assert calls[-1] == [*pushing, "--since", "abc", "--", "wine"]


def test_a_scheduled_run_knows_no_commit_before_it(run):
    _, calls = run(script("retrain.keep", "foursplit"), SINCE="", TARGETS="", PROMOTE="--promote")
    pushing = ["foursplit", "retrain", "--push", "--branch", "foursplit/retrained"]
    assert calls[-1] == [*pushing, "--promote", "--"]


def test_a_promotion_hands_the_reason_on_word_by_word(run, tmp_path):
    _, calls = run(script("promote.promote", "foursplit"), GROUP="wine", VERSION="3", WHY=HOSTILE)
    assert calls == [
        ["foursplit", "promote", "--version", "3", "--reason", HOSTILE, "--", "wine"],
    ]
    assert (tmp_path / "summary").read_text() == "done\n"


def test_a_group_is_never_an_option(run):
    _, calls = run(script("promote.promote", "foursplit"), GROUP="--help", VERSION="", WHY="")
    assert calls == [["foursplit", "promote", "--", "--help"]]


def test_a_promotion_that_fails_is_not_hidden_by_what_shows_it(run, tmp_path):
    (tmp_path / ".venv" / "bin" / "foursplit").write_text("#!/bin/sh\nexit 2\n")
    done, _ = run(script("promote.promote", "foursplit"), GROUP="wine", VERSION="", WHY="")
    assert done.returncode == 2
    assert workflow("promote")["defaults"]["run"]["shell"] == "bash"  # only so with pipefail


def test_without_a_registry_a_promotion_refuses_before_anything_is_installed(run):
    first = workflow("promote")["jobs"]["promote"]["steps"][0]
    assert first["if"] == "env.MLFLOW_TRACKING_URI == ''"
    done, calls = run(first["run"])
    assert done.returncode == 1
    assert "MLFLOW_TRACKING_URI" in done.stdout
    assert not calls


def test_the_comment_takes_the_place_of_the_one_before(run):
    _, calls = run(script("retrain.comment", "gh"), NUMBER="7")
    (call,) = calls
    assert call[:4] == ["gh", "pr", "comment", "7"]
    assert {"--edit-last", "--create-if-none"} < set(call)
    assert call[-2:] == ["--body-file", "reports/retrain/comment.md"]


OURS, FORK = "us/foursplit", "them/foursplit"


@pytest.mark.parametrize(
    ("event", "ref", "head", "runs"),
    [
        ("pull_request", "refs/pull/7/merge", OURS, {"judge", "comment"}),
        ("pull_request", "refs/pull/7/merge", FORK, {"comment"}),  # needs judge: is skipped with it
        ("push", "refs/heads/main", "", {"keep"}),
        ("schedule", "refs/heads/main", "", {"keep"}),
        ("workflow_dispatch", "refs/heads/main", "", {"keep"}),
        ("workflow_dispatch", "refs/heads/idea", "", {"judge"}),
    ],
)
def test_who_may_push_is_decided_by_the_branch_and_who_gets_secrets_by_the_repository(
    event, ref, head, runs
):
    context = {
        "github.event_name": event,
        "github.ref": ref,
        "github.repository": OURS,
        "github.event.pull_request.head.repo.full_name": head,
    }
    conditions = {name: job["if"] for name, job in workflow("retrain")["jobs"].items()}
    assert {name for name, text in conditions.items() if holds(text, context)} == runs
    off = {**context, "vars.FOURSPLIT_RETRAIN": "off"}
    assert not {name for name, text in conditions.items() if holds(text, off)} & {"judge", "keep"}
    assert workflow("retrain")["jobs"]["comment"]["needs"] == "judge"


def test_make_knows_what_the_workflows_ask_for():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8").replace("$(VENV)", ".venv")
    asked = {name for _, text in scripts() for name in re.findall(r"^make (\S+)", text, re.M)}
    assert asked == {"check", "test", "repro", "team", "torch-cpu", ".venv/ready"}
    assert all(re.search(rf"^{re.escape(name)}:", makefile, re.M) for name in asked)


@pytest.mark.parametrize("job", ["retrain.judge", "retrain.keep", "promote.promote"])
def test_foursplit_knows_what_the_workflows_ask_for(job):
    text = script(job, "foursplit")
    (name,) = re.findall(r"^foursplit (\w+)", text, re.M)
    command = main.get_command(Context(main), name)
    known = {option for given in command.params for option in given.opts}
    asked = set(re.findall(r"(?<![\w-])--[\w-]+", text.partition("foursplit ")[2]))
    if job == "retrain.keep":
        asked.add("--promote")  # comes by the variable PROMOTE
    assert asked <= known


def test_the_page_names_every_setting_and_no_other():
    text = "".join(path.read_text() for path in sorted(GITHUB.rglob("*.yml")))
    used = set(re.findall(r"(?:vars|secrets)\.(\w+)", text))
    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(\w+)` \|", page, re.M)) == used


def test_the_pipeline_runs_on_the_python_that_its_locks_were_written_with():
    python = load(GITHUB / "actions" / "ready" / "action.yml")["inputs"]["python"]["default"]
    (matrix,) = (job["strategy"]["matrix"] for name, job in jobs() if name == "check.test")
    assert python in matrix["python"]
    others = [step for name, job in jobs() if name != "check.test" for step in job["steps"]]
    assert not [step for step in others if "python" in step.get("with", {})]
