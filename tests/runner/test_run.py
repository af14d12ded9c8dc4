"""Runs of small pipelines: the same books as DVC's, side by side, and nothing lost."""

import inspect
import json
import logging
import os
import pty
import signal
import sys
import time
from importlib.metadata import version
from pathlib import Path

import pytest

from foursplit.runner.dvc_adapter import dvc_warnings, graph

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="stages side by side need Linux")

DIAMOND = """
  a: {cmd: cp start.txt a.out, deps: [start.txt], outs: [a.out]}
  b: {cmd: "cat a.out > b.out && echo b >> b.out", deps: [a.out], outs: [b.out]}
  c:
    cmd: [mkdir -p c.out, cp a.out c.out/one, cp a.out c.out/two]
    deps: [a.out]
    params: [run.threads, diagnosis]
    outs: [c.out]
  d:
    cmd: "cat b.out c.out/one > d.out && echo '{\\"x\\": 1}' > m.json"
    deps: [b.out, c.out]
    outs: [d.out]
    metrics: [m.json: {cache: false}]
"""


def test_the_locks_are_those_of_a_sequential_dvc_repro(small):
    small.write(DIAMOND)
    small.run("dvc", "repro", "--quiet")
    dvc_locks, text = small.locks(), (small.folder / "dvc.lock").read_text()
    small.forget()
    assert "4 stages: 4 ran" in small.repro()
    assert small.locks() == dvc_locks
    assert sorted((small.folder / "dvc.lock").read_text().splitlines()) == sorted(text.splitlines())
    assert "up to date" in small.run("dvc", "status")
    assert "Running stage" not in small.run("dvc", "repro")


def test_stages_that_share_a_parameter_block_are_written_as_dvc_writes_them(small):
    """YAML marks an object met twice, so which stages end together would show in the lock."""
    # It holds a null, which YAML writes in two ways.
    fit = "experiments.improving.c2w3_wine_softmax.fit"
    stages = "".join(
        f"  {name}: {{cmd: cp start.txt {name}.out, outs: [{name}.out], "
        f"params: [diagnosis, {fit}]}}\n"
        for name in "abc"
    )
    small.write(stages)
    small.run("dvc", "repro", "--quiet")
    lock = small.folder / "dvc.lock"
    dvc_locks = lock.read_text()
    assert "3 stages: 3 ran" in small.repro("--force")
    assert lock.read_text() == dvc_locks

    body, marked = "diagnosis:\n", dvc_locks  # as older locks have it
    first = marked.index(body) + len("diagnosis:")
    block = marked[first : marked.rindex("\n", 0, marked.index(fit, first)) + 1]
    marked = marked[:first] + " &id001" + block + marked[first + len(block) :]
    second = marked.index(body, first + len(block))
    marked = marked[:second] + "diagnosis: *id001\n" + marked[second + len("diagnosis:" + block) :]
    lock.write_text(marked)
    assert "3 stages: 3 unchanged" in small.repro()
    assert "3 stages: 3 ran" in small.repro("--force")
    assert lock.read_text() == dvc_locks


def test_a_folder_left_empty_is_kept_without_a_word(small):
    small.write("  a: {cmd: mkdir a.out, outs: [a.out]}\n")
    assert "is empty" in small.run("dvc", "repro")  # once for all, DVC's own words
    small.forget()
    output = small.repro()
    assert "1 stages: 1 ran" in output
    assert "is empty" not in output


def test_other_warnings_of_dvc_are_said_once_and_its_logger_is_left_as_it_was(capfd):
    import dvc.output as output

    messages, before = [], [*logging.getLogger("dvc").handlers]
    with dvc_warnings.redirect_dvc_warnings(messages.append):
        output.logger.warning(dvc_warnings.EMPTY_OUTPUT_MESSAGE, "data/raw/coffee")
        output.logger.warning("build cache entry not found for '%s'", "a.out")
    assert messages == ["DVC: build cache entry not found for 'a.out'"]
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger("dvc").handlers == before
    assert dvc_warnings.EMPTY_OUTPUT_MESSAGE in inspect.getsource(output)  # as this DVC words it


def test_what_did_not_change_does_not_run_and_what_did_says_why(small):
    small.write(DIAMOND).repro()
    again = small.repro()  # as short as the files' times allow
    assert "4 stages: 4 unchanged" in again or "no file has changed since the last run" in again
    (small.folder / "start.txt").write_text("other\n")
    assert "a will run:\n  dependency start.txt: " in small.run("foursplit", "why", "a")
    assert "b may run: if a will write new outputs" in small.run("foursplit", "why", "b")
    assert "4 stages: 1 would run, 3 may, 0 would not" in small.repro("--dry")
    assert not (small.folder / "a.out").read_text().startswith("other")
    assert "4 stages: 4 ran" in small.repro()
    text = small.run("foursplit", "why", "d")
    assert "d will not run: none of its dependencies has changed\n  It last ran on " in text
    assert "    dependency b.out: " in text
    assert "    dependency c.out: one changed, two changed" in text


def test_a_changed_parameter_or_command_is_told_from_what_to_what(small):
    small.write(DIAMOND).repro()
    path = small.folder / "params.yaml"
    path.write_text(path.read_text().replace("min_gap: 0.005", "min_gap: 0.006"))
    small.write(DIAMOND.replace("echo b", "echo B"))
    text = small.repro("--dry")
    assert "c will run:\n  parameter diagnosis.min_gap: 0.005 → 0.006" in text
    assert "command: cat a.out > b.out && echo b >> b.out → cat a.out > b.out && echo B" in text


def test_the_run_cache_gives_back_what_ran_before(small):
    small.write(DIAMOND).repro()
    before = small.locks()
    (small.folder / "start.txt").write_text("other\n")
    small.repro()
    (small.folder / "start.txt").write_text("start\n")
    # d writes a metric that git keeps, which DVC's run-cache keeps too.
    assert "4 stages: 4 restored from the run-cache" in small.repro()
    assert small.locks() == before
    assert "It was last restored from the run-cache on" in small.run("foursplit", "why", "d")


def test_force_runs_all_and_a_target_only_what_it_needs(small):
    small.write(DIAMOND)
    assert "2 stages: 2 ran" in small.repro("b")
    assert "2 stages: 2 ran" in small.repro("b", "--force")
    assert "4 stages: 2 ran, 2 unchanged" in small.repro()


def timed(name, seconds, threads=""):
    """Write a stage that notes when it began and ended."""
    note = f"date +%s.%N >> {name}.out"
    return f"  {name}: {{cmd: '{note}; sleep {seconds}; {note}', deps: [start.txt], outs: [{name}.out]}}\n"  # noqa: E501


def most_at_once(folder):
    spans = [tuple(map(float, p.read_text().split())) for p in folder.glob("t*.out")]
    return max(sum(a <= begin < b for a, b in spans) for begin, _ in spans)


@pytest.mark.parametrize("jobs", [1, 3])
def test_no_more_run_at_once_than_jobs(small, jobs):
    small.write("".join(timed(f"t{n}", 1) for n in range(4))).repro("--jobs", str(jobs))
    assert most_at_once(small.folder) == jobs


def test_the_words_of_two_stages_are_never_mixed(small):
    shout = "for i in 1 2 3 4 5 6 7 8; do echo NAME $i; sleep 0.05; done; cp start.txt NAME.out"
    stages = "".join(
        f"  {n}: {{cmd: '{shout.replace('NAME', n)}', deps: [start.txt], outs: [{n}.out]}}\n"
        for n in ("x", "y", "z")
    )
    lines = small.write(stages).repro("--jobs", "3").splitlines()
    said = [
        line.split()[0] for line in lines if line.split() and line.split()[0] in ("x", "y", "z")
    ]
    assert sorted(said) == said or len({tuple(said[i : i + 8]) for i in (0, 8, 16)}) == 3
    assert all(len(set(said[i : i + 8])) == 1 for i in (0, 8, 16))


def test_a_stage_sees_the_terminal_that_its_person_sees(small):
    code = (
        "import sys,os;print(end=str(20)+chr(37)+chr(13)+str(40)+chr(37)+chr(13));"
        "print(sys.stdout.isatty(),os.get_terminal_size().columns)"
    )
    small.write(f"  a: {{cmd: \"python -c '{code}'; cp start.txt a.out\", deps: [start.txt], outs: [a.out]}}\n")  # fmt: skip  # noqa: E501
    ours, theirs = pty.openpty()
    process = small.start("foursplit", "repro", stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    seen = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:
            break
        if not part:
            break
        seen += part
    assert process.wait(60) == 0, seen
    assert b"True 120" in seen  # as COLUMNS says
    assert b"20%" not in seen  # drawn over: only its end is kept


def test_a_run_says_what_it_does_before_it_has_planned(small):
    small.write(DIAMOND)
    ours, theirs = pty.openpty()
    process = small.start("foursplit", "repro", "--dry", stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    seen = b""
    while True:
        try:
            seen += os.read(ours, 4096)
        except OSError:
            break
    assert process.wait(60) == 0, seen
    steps = [b"importing", b"reading params.yaml", b"checking params.yaml", b"planning"]
    places = [seen.index(step) for step in steps]
    assert places == sorted(places)
    assert seen[: places[0]] == b"\r\x1b[Kstarting: "  # the first of all that it writes


def processes(folder):
    """List what still runs in a folder."""
    pids = []
    for path in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if path.readlink().is_relative_to(folder):
                pids.append((path.parent / "cmdline").read_bytes().replace(b"\0", b" "))
        except OSError:
            continue
    return pids


def wait_for(condition, seconds=30.0):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    assert condition()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interruption_keeps_what_was_finished_and_leaves_no_process(small, number):
    small.write(
        "  quick: {cmd: cp start.txt quick.out, deps: [start.txt], outs: [quick.out]}\n"
        "  slow: {cmd: 'touch started; sleep 600', deps: [quick.out], outs: [slow.out]}\n"
        "  later: {cmd: cp slow.out later.out, deps: [slow.out], outs: [later.out]}\n"
    )
    process = small.start("foursplit", "repro")
    wait_for((small.folder / "started").exists)
    process.send_signal(number)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 128 + number, output
    assert "3 stages: 1 ran, 2 left at the interruption; finished stages are kept" in output
    assert set(small.locks()) == {".:quick"}
    wait_for(lambda: processes(small.folder) == [])


def test_an_interruption_reaches_what_a_shell_starts_after_it(small):
    # Its first command takes no notice and ends well, so the shell goes on to the next.
    (small.folder / "slow.sh").write_text(
        "bash -c 'trap \"\" INT; touch started; sleep 0.5'\nsleep 600\ntouch slow.out\n"
    )
    small.write("  slow: {cmd: bash slow.sh, outs: [slow.out]}\n")
    process = small.start("foursplit", "repro")
    wait_for((small.folder / "started").exists)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGINT, output
    wait_for(lambda: processes(small.folder) == [])


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_without_our_signs_ends_no_run(small, encoding):
    small.env["PYTHONIOENCODING"] = encoding
    (small.folder / "say.sh").write_text("echo '5 · 6 → 7'; touch one.out\n", encoding="utf-8")
    small.write(
        "  one: {cmd: sh say.sh, outs: [one.out]}\n"
        "  two: {cmd: touch two.out, deps: [one.out], outs: [two.out]}\n"
    )
    process = small.start("foursplit", "repro", text=False)
    output, _ = process.communicate(timeout=120)
    text = output.decode(encoding)
    assert process.returncode == 0, text
    assert "2 stages: 2 ran" in text
    assert f"5 {'-' if encoding == 'ascii' else '·'} 6 -> 7" in text
    assert "will run" in small.run("foursplit", "repro", "--force", "--dry")


@pytest.mark.slow
def test_a_reader_that_leaves_does_not_end_the_run(small):
    """As in `foursplit repro | head`; a line that tells how far it is comes each quarter minute."""
    small.write(
        "  slow: {cmd: 'touch started; sleep 20; touch slow.out', outs: [slow.out]}\n"
        "  next: {cmd: 'touch next.out', deps: [slow.out], outs: [next.out]}\n"
    )
    process = small.start("foursplit", "repro")
    wait_for((small.folder / "started").exists)
    process.stdout.close()
    assert process.wait(timeout=60) == 0
    assert (small.folder / "next.out").exists()
    assert len(small.locks()) == 2
    wait_for(lambda: processes(small.folder) == [])
    assert not any(json.loads((small.folder / ".dvc" / "tmp" / "rwlock").read_text()).values())


AT_THE_START = """
import os, pathlib, signal, time
from foursplit.cli.main import main
from foursplit.runner.workers import client

send = client.send

def sent(connection, request, streams):
    send(connection, request, streams)
    while not pathlib.Path("started").exists():
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGINT)  # before the stage is known to have been started

client.send = sent
main(["repro"])
"""


def test_an_interruption_while_a_stage_is_being_started_reaches_it(small):
    small.write("  slow: {cmd: 'touch started; sleep 600', outs: [slow.out]}\n")
    assert "1 left at the interruption" in small.run(sys.executable, "-c", AT_THE_START, code=130)
    wait_for(lambda: processes(small.folder) == [])


def test_a_second_run_and_a_plain_dvc_keep_out_of_a_running_one(small):
    small.write(
        "  slow: {cmd: 'touch started; until [ -e go ]; do sleep 0.05; done; "
        "cp start.txt slow.out', deps: [start.txt], "
        "outs: [slow.out]}\n"
        "  other: {cmd: cp start.txt other.out, deps: [start.txt], outs: [other.out]}\n"
    )
    process = small.start("foursplit", "repro", "slow")
    wait_for((small.folder / "started").exists)
    assert "another foursplit repro is running" in small.repro(code=2)
    assert "is busy, it is being blocked by" in small.run("dvc", "repro", "slow", code=255)
    assert "Running stage 'other'" in small.run("dvc", "repro", "other")
    (small.folder / "go").touch()
    output, _ = process.communicate(timeout=60)
    assert "1 stages: 1 ran" in output
    assert set(small.locks()) == {".:slow", ".:other"}


def test_a_torn_lock_is_healed_and_its_stages_come_from_the_run_cache(small):
    small.write(DIAMOND).repro()
    before, path = small.locks(), small.folder / "dvc.lock"
    for cut in (0, len("schema: '2.0'\nstages:\n  a:\n"), 200):
        path.write_text(path.read_text()[:cut])
        text = small.repro()
        assert "moved aside dvc.lock: torn" in text
        assert "4 stages: 4 restored from the run-cache" in text
        assert small.locks() == before


def test_another_dvc_than_we_know_is_left_to_itself_with_a_word(small):
    small.write(DIAMOND)
    code = (
        "import foursplit.runner.dvc_adapter.graph as graph; graph.SUPPORTED_VERSION = '1.0';"
        "from foursplit.cli.main import main; main(['repro'])"
    )
    text = small.run(sys.executable, "-c", code)
    assert f"DVC {version('dvc')} is installed; its inner API is known for 1.0" in text
    assert "running plain dvc repro, one stage at a time" in text
    assert "Running stage 'd'" in text


def test_dvc_is_the_one_whose_inner_calls_were_read():
    # For a new DVC: check the calls in runner/dvc_adapter, then set SUPPORTED_VERSION.
    assert version("dvc") == graph.SUPPORTED_VERSION
    import dvc.dependency.param
    import dvc.output
    import dvc.repo.reproduce
    import dvc.rwlock
    import dvc.stage.cache
    import dvc.stage.run
    import dvc.stage.serialize
    import dvc.utils.serialize._yaml

    for function, names in {
        dvc.rwlock.rwlock: ["tmp_dir", "fs", "cmd", "read", "write", "hardlink"],
        dvc.stage.run.prepare_kwargs: ["stage", "run_env"],
        dvc.stage.run._make_cmd: ["executable", "cmd"],
        dvc.stage.serialize.to_lockfile: ["stage", "kwargs"],
        dvc.stage.cache.StageCache.restore: ["self", "stage", "run_cache", "pull", "dry"],
        dvc.stage.cache.StageCache._create_stage: ["self", "cache", "wdir"],
        dvc.utils.serialize._yaml.parse_yaml_for_update: ["text", "path"],
        dvc.repo.reproduce.plan_repro: ["graph", "stages", "pipeline", "downstream"],
    }.items():
        assert list(inspect.signature(function).parameters) == names
    for module, name in (
        (dvc.dependency.param, "load_path"),
        (dvc.output, "build"),
        (dvc.utils.serialize, "load_path"),
    ):
        assert callable(getattr(module, name))
