"""The workflows are valid, pinned, thin, and may do no more than they need."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.workflows.reading import (
    ACTIONS,
    GITHUB,
    ROOT,
    WORKFLOWS,
    holds,
    jobs,
    load,
    scripts,
    steps,
)

# What a line of a workflow may call: the project's commands, and what hands them their setting.
THIN = ("make", "foursplit", "gh", "git config", "echo", "cat", "export", "set", "exit")

PERMISSIONS = {
    "check.check": {"contents": "read"},
    "check.test": {"contents": "read"},
    "check.repro": {"contents": "read"},
    "retrain.judge": {"contents": "read"},
    "retrain.comment": {"pull-requests": "write"},
    "retrain.keep": {"contents": "write"},
    "promote.promote": {"contents": "read"},
}


@pytest.fixture
def tool():
    """Run a checker that lies beside Python, without network."""

    def run(name, *arguments):
        program = Path(sys.executable).with_name(name)
        found = str(program) if program.exists() else shutil.which(name)
        if found is None:
            pytest.skip(f"{name} is not installed")
        # A token of the one who tests would switch zizmor's questions to GitHub on.
        tokens = ("GH_TOKEN", "GITHUB_TOKEN", "ZIZMOR_GITHUB_TOKEN")
        setting = {name: value for name, value in os.environ.items() if name not in tokens}
        called = [found, *map(str, arguments)]
        return subprocess.run(called, capture_output=True, text=True, env=setting, timeout=120)

    return run


@pytest.mark.parametrize(
    ("schema", "files"),
    [("vendor.github-workflows", WORKFLOWS), ("vendor.github-actions", ACTIONS)],
)
def test_the_schema_of_github_takes_every_file(tool, schema, files):
    done = tool("check-jsonschema", "--builtin-schema", schema, *files)
    assert done.returncode == 0, done.stdout


def test_a_misspelt_key_does_not_pass_the_schema(tool, tmp_path):
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(WORKFLOWS[0].read_text().replace("timeout-minutes", "timeout-minute"))
    done = tool("check-jsonschema", "--builtin-schema", "vendor.github-workflows", wrong)
    assert done.returncode == 1


def test_zizmor_finds_nothing_even_where_it_is_pedantic(tool):
    done = tool("zizmor", "--offline", "--no-progress", "--persona=pedantic", GITHUB)
    assert done.returncode == 0, done.stdout


def test_zizmor_would_find_an_input_that_a_script_reads_as_code(tool, tmp_path):
    text = (GITHUB / "workflows" / "promote.yml").read_text()
    naive = text.replace('-- "$GROUP"', "-- ${{ inputs.group }}")
    assert naive != text
    (tmp_path / "naive.yml").write_text(naive)
    done = tool("zizmor", "--offline", "--no-progress", tmp_path / "naive.yml")
    assert done.returncode != 0
    assert "template-injection" in done.stdout


def test_every_action_is_of_this_commit_or_pinned_to_a_hash_that_was_seen_in_public():
    decisions = (ROOT / "docs" / "decisions.md").read_text(encoding="utf-8")
    for path in [*WORKFLOWS, *ACTIONS]:
        for used, comment in re.findall(r"uses: (\S+)(.*)", path.read_text(encoding="utf-8")):
            if used.startswith("$/"):
                assert (ROOT / used[2:] / "action.yml").is_file(), used
                continue
            action, commit = used.split("@")
            version = comment.strip().removeprefix("# ")
            assert re.fullmatch(r"[0-9a-f]{40}", commit), used
            assert re.fullmatch(r"v\d+\.\d+\.\d+", version), used
            owner_and_name = "/".join(action.split("/")[:2])
            assert any(
                owner_and_name in line and commit in line and version in line
                for line in decisions.splitlines()
            ), f"{used}: docs/decisions.md does not say where it was seen"


def test_every_line_of_a_script_calls_the_project_or_prepares_the_call():
    for where, text in scripts():
        for line in text.splitlines():
            assert line.startswith(tuple(f"{word} " for word in THIN)), f"{where}: {line}"


def test_no_script_holds_an_expression():
    assert not [(where, text) for where, text in scripts() if "${{" in text]


def test_each_job_may_do_what_it_needs_and_no_more():
    assert {where: job["permissions"] for where, job in jobs()} == PERMISSIONS
    assert all(load(path)["permissions"] == {} for path in WORKFLOWS)


def test_a_job_that_may_write_to_a_pull_request_runs_nothing_of_it():
    ours = [
        step
        for where, step in steps()
        if PERMISSIONS.get(where, {}).get("pull-requests") == "write"
        and ("checkout" in step.get("uses", "") or step.get("uses", "").startswith("$/"))
    ]
    assert not ours


def test_no_token_is_left_on_disk_for_what_is_run():
    checkouts = [
        step for _, step in steps() if step.get("uses", "").startswith("actions/checkout@")
    ]
    assert checkouts
    assert all(step["with"]["persist-credentials"] == "false" for step in checkouts)


def test_no_foreign_code_meets_a_secret():
    triggers = {name for path in WORKFLOWS for name in load(path)["on"]}
    assert triggers <= {"push", "pull_request", "schedule", "workflow_dispatch"}
    assert "secrets." not in (GITHUB / "workflows" / "check.yml").read_text(encoding="utf-8")


READER = re.compile(r"READER_\w+")


def secrets(job):
    return set(re.findall(r"secrets\.(\w+)", json.dumps(job)))


def runs_on(name, job, event, ref):
    """Say whether a job runs for an event at a ref of this repository."""
    path = GITHUB / "workflows" / f"{name.partition('.')[0]}.yml"
    if event not in load(path)["on"]:
        return False
    context = {
        "github.event_name": event,
        "github.ref": ref,
        "github.repository": "us/it",
        "github.event.pull_request.head.repo.full_name": "us/it",
    }
    return "if" not in job or holds(job["if"], context)


@pytest.mark.parametrize(
    ("event", "ref"),
    [
        ("pull_request", "refs/pull/7/merge"),
        ("push", "refs/heads/idea"),
        ("workflow_dispatch", "refs/heads/idea"),
    ],
)
def test_code_that_main_does_not_hold_gets_no_secret_that_can_promote(event, ref):
    for name, job in jobs():
        if runs_on(name, job, event, ref) and "environment" not in job:
            assert all(READER.fullmatch(secret) for secret in secrets(job)), name


def test_secrets_that_can_promote_are_those_of_an_environment():
    """A branch may change its workflow: only an environment keeps a secret from it."""
    holders = {name: job for name, job in jobs() if any(map(_promotes, secrets(job)))}
    assert {name: job["environment"] for name, job in holders.items()} == {
        "retrain.keep": "retrain",
        "promote.promote": "production",
    }
    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    for secret in set().union(*map(secrets, holders.values())):
        (row,) = [line for line in page.splitlines() if line.startswith(f"| `{secret}` |")]
        assert "secret of the environments" in row


def _promotes(secret):
    return not READER.fullmatch(secret)


def test_pip_asks_one_index_for_each_package():
    texts = [path.read_text(encoding="utf-8") for path in [*WORKFLOWS, *ACTIONS, ROOT / "Makefile"]]
    assert not [text for text in texts if re.search(r"extra.index.url", text, re.IGNORECASE)]
    lines = texts[-1].replace("\\\n", " ").splitlines()  # a command over several lines is one
    (line,) = [one for one in lines if "--index-url" in one]
    assert "--no-deps" in line
    assert line.count("==") == 1


def test_torch_comes_in_a_step_of_its_own_before_all_others():
    made = [step["run"] for step in load(GITHUB / "actions/ready/action.yml")["runs"]["steps"][1:]]
    assert made == ["make torch-cpu", "make .venv/ready"]


def test_every_job_has_an_end():
    assert all(int(job["timeout-minutes"]) <= 180 for _, job in jobs())


def test_only_a_check_is_cancelled_by_what_comes_after_it():
    cancels = {path.stem: load(path)["concurrency"]["cancel-in-progress"] for path in WORKFLOWS}
    assert cancels == {"check": "true", "retrain": "false", "promote": "false"}


def test_what_triggers_a_retraining_is_there():
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    on = load(GITHUB / "workflows" / "retrain.yml")["on"]
    assert on["push"]["paths"] == on["pull_request"]["paths"]
    for pattern in on["push"]["paths"]:
        form = re.compile(re.escape(pattern).replace(r"\*\*", ".*").replace(r"\*", "[^/]*"))
        assert any(form.fullmatch(name) for name in listed), pattern
