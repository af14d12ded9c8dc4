"""Decisions from a file: answers with their codes, and refusals that name place and choice."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from foursplit.cli.commands.advise import answer_questions
from foursplit.cli.main import main
from foursplit.diagnosis.planning.questions import SECTIONS
from foursplit.scaffold.questions_example import EXAMPLE


def run(text, tmp_path, *more, code=0):
    file = tmp_path / "q.yaml"
    file.write_text(text)
    done = CliRunner().invoke(main, ["advise", str(file), *more])
    assert done.exit_code == code, done.output
    return done.output


def asked(**sections):
    return answer_questions(sections, "q.yaml")


def test_the_example_runs_and_asks_every_question(tmp_path):
    printed = CliRunner().invoke(main, ["advise", "--example"]).output
    assert printed == EXAMPLE
    said = run(printed, tmp_path, "--json", str(tmp_path / "a.json"))
    told = json.loads((tmp_path / "a.json").read_text())
    assert told["schema"] == "foursplit.decide/1"
    assert {name: (a["answer"], a["code"]) for name, a in told["answers"].items()} == {
        "synthesis": ("no", "ST061"),  # an hour of noise a thousand times
        "transfer": ("yes", "ST062"),
        "multi_task": ("measure first", "ST070"),
        "end_to_end": ("no", "ST080"),
        "use_source": ("measure first", "ST060"),
        "consistent": ("no", "ST064"),
        "start_weight": ("yes", "ST063"),
        "split": ("no", "ST065"),
        "flawed_pipeline": ("yes", "ST052"),
        "dev_size": ("no", "ST011"),
    }
    assert {*told["answers"]} == {*SECTIONS}
    assert "measure: the network is big enough for all" in said
    for name in SECTIONS:
        assert f"({name})" in said


def test_each_section_is_asked_alone():
    one = asked(start_weight={"n_target": 5000, "n_source": 200_000})
    assert [*one] == ["start_weight"]
    assert one["start_weight"]["value"] == pytest.approx(1 / 40)


def test_a_difference_may_be_a_bare_number_and_what_counts_follows_from_dev_and_min_gain():
    gain = {"use_source": {"gain": 0.03}}
    assert asked(dev_error=0.1, **gain)["use_source"]["answer"] == "yes"
    assert asked(dev_error=0.1, min_gain=0.05, **gain)["use_source"]["answer"] == "no"
    assert asked(dev_error=0.5, **gain)["use_source"]["answer"] == "no"  # below a tenth of it


def test_few_examples_of_a_part_cannot_show_whether_it_is_as_good_as_people():
    def told(n, error=0.10):
        parts = {"cars": {"error": error, "human": 0.06, "n": n}}
        system = {"error": 0.3, "human": 0.05}
        return asked(flawed_pipeline={"parts": parts, "system": system})["flawed_pipeline"]

    assert told(50)["answer"] == "measure first"
    assert told(50)["missing"] == ["more examples of cars"]
    assert told(5000)["answer"] == "no"
    assert "cars" in told(5000)["why"]
    assert told(5000, error=0.05)["answer"] == "yes"


@pytest.mark.parametrize("name", [*SECTIONS])
def test_no_section_takes_a_name_it_does_not_know(name, tmp_path):
    text = run(f"dev_error: 0.1\n{name}:\n  nonsense: 1\n", tmp_path, code=2)
    assert f"q.yaml: {name}: unknown name 'nonsense'" in text
    assert "Valid: " in text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("transfr: {}", "unknown name 'transfr'. Did you mean 'transfer'? Valid: consistent"),
        ("transfer: {n_source: 5}", "q.yaml: transfer: missing n_target"),
        ("transfer: {n_source: -5, n_target: 1}", "transfer: n_source -5: must be 1 or more"),
        ("transfer: {n_source: many, n_target: 1}", "transfer.n_source: 'many' must be"),
        ("transfer: {n_source: 5, n_target: 1, same_input: perhaps}", "transfer.same_input: 'perh"),
        ("transfer: 7", "q.yaml: transfer: 7 is not a mapping of names to values"),
        ("dev_error: 10\nuse_source: {}", "dev_error 10: errors are fractions from 0 to 1"),
        ("use_source: {gain: 0.1}", "q.yaml: use_source: needs dev_error at the top of the file"),
        (
            "dev_error: 0.1\nuse_source: {gain: {value: 0.1, lo: 0}}",
            "use_source.gain: give both ends",
        ),
        ("dev_error: 0.1\nuse_source: {gain: {value: 1, lo: 2, hi: 3}}", "must be in this order"),
        (
            "dev_error: 0.1\nsynthesis: {factors: {fog: {made: 1, sources: 0}}}",
            "synthesis.factors.fog: 1 made from 0 sources",
        ),
        (
            "dev_error: 0.1\nsynthesis: {factors: {fog: {made: 1, from: 3}}}",
            "synthesis.factors.fog: unknown name 'from'. Valid: made, sources",
        ),
        ("multi_task: {n_per_task: {a: 1, b: 2}, output: relu}", "'softmax' or 'sigmoid'"),
        ("multi_task: {n_per_task: {a: 1}, output: sigmoid}", "q.yaml: multi_task: tasks {'a': 1}"),
        ("start_weight: {n_target: 0, n_source: 1}", "start_weight: 0 target and 1 source"),
        ("split: {n_target: 10, dev: 8, test: 8}", "split: dev 8 and test 8 need 16 target"),
        ("dev_size: {error: 0.1, n: 100, gain: 0}", "dev_size: gain 0: no number of examples"),
        ("dev_size: {error: 0.1, n: 100, gain: 0.1, discordance: 0.05}", "0.05 below gain 0.1"),
        ("flawed_pipeline: {parts: {a: {error: 2}}, system: null}", "parts.a: error 2: must be"),
        ("", "no questions found. Valid sections: synthesis, transfer"),
        ("- a\n- b", "is not a mapping of names to values"),
        ("a: [", "not YAML"),
        ("transfer: {}\ntransfer: {}", "not YAML"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(text, words, tmp_path):
    assert words in run(text, tmp_path, code=2)


def test_a_file_that_is_not_there_is_answered_with_the_example(tmp_path):
    done = CliRunner().invoke(main, ["advise", str(tmp_path / "none.yaml")])
    assert done.exit_code == 2
    assert "--example" in done.output
    assert "--example" in CliRunner().invoke(main, ["advise"]).output


def test_it_starts_without_what_it_does_not_need(tmp_path):
    file = tmp_path / "q.yaml"
    file.write_text(EXAMPLE)
    code = (
        "import sys; from foursplit.cli.main import main\n"
        f"main(['advise', {str(file)!r}], standalone_mode=False)\n"
        "print(sorted({'torch', 'mlflow', 'dvc', 'sklearn', 'scipy.stats'} & {*sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip().endswith("[]")
