"""A stage forked from the warm parent behaves as one that starts by itself."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from foursplit.config import paths
from foursplit.config.load import load
from foursplit.core import reproducible_env
from foursplit.runner.run_pipeline import RunTargets, _expected_commands
from foursplit.runner.workers.client import SOCKET
from foursplit.runner.workers.pool import WorkerPool
from foursplit.runner.workers.preload import preload_plan
from foursplit.runner.workers.start import warm_worker

PROJECT = Path(__file__).parent.parent.parent

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the warm parent needs Linux")


@pytest.fixture
def run(project):
    """Give a function that runs a command as DVC would, under a warm parent."""
    with warm_worker(load()) as warmth:
        assert warmth

        def start(command, **rest):
            given = {"env": {**os.environ, **warmth, "FOURSPLIT_ROOT": str(project)}, **rest}
            given["env"]["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
            return subprocess.Popen(
                [warmth["SHELL"], "-c", command],
                cwd=project,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                **given,
            )

        yield start


def finish(process):
    output, _ = process.communicate(timeout=120)
    return process.returncode, output


def test_a_stage_does_its_work_and_ends_with_0(run, project):
    code, output = finish(run("foursplit stage fetch wine"))
    assert code == 0, output
    assert "sha256 as declared" in output
    assert (project / "data" / "raw" / "wine" / "wine_data.csv").is_file()


def test_a_refusal_ends_with_its_own_exit_code_and_words(run):
    code, output = finish(run("foursplit stage split wine"))
    assert code == 2
    assert "no such file" in output
    assert "Traceback" not in output


def test_another_command_runs_in_a_plain_shell(run):
    code, output = finish(run("echo $((6 * 7)); exit 3"))
    assert (code, output.strip()) == (3, "42")


def test_the_parents_libraries_are_not_imported_again(project, monkeypatch):
    monkeypatch.chdir(project)  # first on the path of whatever starts here
    env = {**os.environ, "FOURSPLIT_ROOT": str(project)}
    cold = [sys.executable, "-m", "foursplit", "stage", "validate", "wine"]
    subprocess.run([*cold[:3], "stage", "fetch", "wine"], env=env, check=True, capture_output=True)
    with warm_worker(load()) as warmth:
        command = [warmth["SHELL"], "-c", "foursplit stage validate wine"]
        subprocess.run(command, env={**env, **warmth}, check=True, capture_output=True)
        # From now on, importing it anew would fail.
        (project / "great_expectations.py").write_text("raise ImportError('imported anew')\n")
        subprocess.run(command, env={**env, **warmth}, check=True, capture_output=True)
    alone = subprocess.run(cold, env=env, capture_output=True, text=True)
    assert "imported anew" in alone.stderr


def test_limits_and_folder_are_those_of_the_caller(run, project):
    import resource

    def small_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, 5_000))

    code, output = finish(run("foursplit stage fetch wine", preexec_fn=small_files))
    assert code == 3, output
    assert "File too large" in output


def test_a_changed_kernel_starts_the_command_by_itself(run, project):
    path = project / "params.yaml"
    path.write_text(
        path.read_text().replace("instruction_set: portable", "instruction_set: native")
    )
    code, output = finish(run("foursplit stage fetch wine"))
    assert code == 0, output


def slow_training(project):
    """Give a command that trains for minutes."""
    path = project / "params.yaml"
    path.write_text(path.read_text().replace("max_epochs: 200", "max_epochs: 900000"))
    for stage in ("fetch", "validate", "split"):
        subprocess.run(
            [sys.executable, "-m", "foursplit", "stage", stage, "wine"],
            check=True,
            capture_output=True,
            env={**os.environ, "FOURSPLIT_ROOT": str(project)},
            cwd=project,
        )
    return "foursplit stage train c2w3_wine_softmax"


def family(warmth):
    """List the processes of this warm parent, itself among them, by their command line."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                words = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if warmth[SOCKET].encode() in words and b"foursplit.runner.workers.server" in words:
                found.append(int(folder.name))
    return found


def test_a_signal_to_the_client_ends_the_stage(project):
    command = slow_training(project)
    with warm_worker(load()) as warmth:  # one for all signals: it imports for many seconds
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            shutil.rmtree(project / ".foursplit" / "resume", ignore_errors=True)
            process = subprocess.Popen(
                [warmth["SHELL"], "-c", command],
                cwd=project,
                start_new_session=True,
                env={
                    **os.environ,
                    **warmth,
                    "FOURSPLIT_ROOT": str(project),
                    "FOURSPLIT_SAVE_EVERY_S": "0",
                },
            )
            state = project / ".foursplit" / "resume" / "c2w3_wine_softmax"
            _wait(lambda state=state: list(state.glob("*/state.json")), 60)
            assert len(family(warmth)) == 2  # the parent, and its child
            process.send_signal(number)
            assert process.wait(30) != 0
            _wait(lambda: len(family(warmth)) == 1, 20)
            assert len(family(warmth)) == 1
    assert family(warmth) == []


def _wait(condition, seconds):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)


def test_every_stage_of_the_pipelines_has_a_plan():
    params = load(PROJECT / "params.yaml")
    commands = set(preload_plan(params))
    assert {"foursplit stage report", "foursplit stage code"} <= commands
    learns = {
        f"foursplit stage learning_curve {key}" for block in params.curves.values() for key in block
    }
    assert learns
    assert learns <= commands
    for name in params.datasets:
        stages = ("fetch", "validate", "split")
        assert {f"foursplit stage {stage} {name}" for stage in stages} <= commands


def test_what_the_parents_import_leaves_cuda_alone_and_starts_no_thread():
    plan = preload_plan(load(PROJECT / "params.yaml"))
    modules = sorted({module for needed in plan.values() for module in needed})
    code = (
        "import importlib, sys, warnings\nwarnings.simplefilter('ignore')\n"
        "for name in sys.argv[1:]: importlib.import_module(name)\n"
        "import torch\nfrom foursplit.runner.workers.server import _single_threaded\n"
        "print(torch.cuda.is_initialized(), _single_threaded())"
    )
    env = {**os.environ, **reproducible_env.settings("portable", 1)}
    done = subprocess.run(
        [sys.executable, "-c", code, *modules], env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False True"


def test_the_settled_variables_are_those_that_decide_bytes():
    assert "OMP_NUM_THREADS" in reproducible_env.DETERMINING_VARIABLES
    assert "ATEN_CPU_CAPABILITY" in reproducible_env.DETERMINING_VARIABLES
    assert not reproducible_env.DETERMINING_VARIABLES & set(reproducible_env.QUIET)


def test_settling_again_under_the_same_settings_changes_nothing(monkeypatch):
    for name in reproducible_env.DETERMINING_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    wanted = reproducible_env.settings("portable", 1)
    for name, value in wanted.items():
        monkeypatch.setenv(name, value)
    reproducible_env.configure_environment(
        "portable", 1
    )  # NumPy is imported here: a difference would start us anew
    assert json.dumps({n: os.environ[n] for n in sorted(wanted)}) == json.dumps(
        {n: wanted[n] for n in sorted(wanted)}
    )


def test_in_a_clean_clone_alone_all_commands_are_expected_before_dvc_has_planned(project):
    params = load()
    pool = WorkerPool(params, project / "log")
    everything, some = RunTargets(), RunTargets(addresses=["pipelines/data/dvc.yaml:fetch@wine"])
    assert _expected_commands(everything, pool) == []  # pipelines of other stages
    (project / "pipelines" / "code").mkdir(parents=True)
    (project / "pipelines" / "code" / "dvc.yaml").write_text("stages: {}\n")
    assert {*_expected_commands(everything, pool)} == preload_plan(params).keys()
    assert _expected_commands(some, pool) == ["foursplit stage fetch wine"]
    paths.code().mkdir(parents=True)
    assert _expected_commands(everything, pool) == []
    pool.close()
