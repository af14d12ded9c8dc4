"""The command that shows a model's layers."""

import json
import os

import pytest
from tests import forked

from foursplit.runner.workers.preload import TORCH


def run(project, *arguments, code=0):
    done = forked.run(
        ["foursplit", "shapes", *arguments],
        cwd=project,
        env={**os.environ, "FOURSPLIT_ROOT": str(project)},
        libraries=TORCH,
    )
    assert done.returncode == code, done.stdout
    assert "Traceback" not in done.stdout
    return done.stdout


def test_the_table_and_the_json_say_the_same(project):
    asked = ("lenet", "--input", "1,28,28", "--classes", "10")
    content = json.loads(run(project, *asked, "--json"))
    dense = 16 * 7 * 7 * 120 + 120 + 120 * 84 + 84 + 84 * 10 + 10
    assert content["n_parameters"] == 6 * 26 + 16 * (6 * 25 + 1) + dense
    text = run(project, *asked)
    for row in content["layers"]:
        assert " x ".join(f"{n:,}" for n in row["outputs"]) in text
    assert f"{content['n_parameters']:,}" in text
    assert f"{content['multiply_adds']:,}" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["lenett"], "unknown model 'lenett'. Did you mean 'lenet'?"),
        (["lenet", "--input", "3,0,4"], "whole numbers above 0"),
        (["mobilenet", "--input", "5"], "does not take examples of 5"),
        (["lenet", "--args", "{chanels: [1, 2]}"], "Did you mean 'channels'?"),
        (["lenet", "--args", "[1]"], "must be a mapping"),
        (["random_forest_sklearn"], "is no network"),
    ],
)
def test_what_cannot_be_shown_is_refused_with_the_reason(project, arguments, message):
    assert message in " ".join(run(project, *arguments, code=2).split())
