"""Pushes of parameters, data and code retrain what they touch, and only the better is promoted."""

import json

import pytest
from tests.retraining.world import GROUP, KEY, PLAIN, SCALED, SPREAD, draw, git

from foursplit.io import artifacts

TRAINED = {
    f"{stage}@{name}"
    for stage, name in (
        ("train", KEY),
        ("evaluate", KEY),
        ("learning_curve", KEY),
        ("select", GROUP),
        ("final", GROUP),
    )
} | {"report"}
"""What a change of the model touches, beside the stage that digests code."""

LISTS = {"code", "members"}
"""Stages that write lists of what others depend on: any change may run them."""

DATA = {f"{stage}@{GROUP}" for stage in ("fetch", "validate", "split")}


@pytest.mark.slow
def test_from_push_to_promotion_in_ci(world):
    with world.server():
        start = first(world)
        better = parameters(world, start)
        worse(world, better)
        ruined(world, better)
        noise(world, better)
        code(world)
        data(world)


def first(world):
    """Nothing was there: all runs, the first champion only has to beat the trivial predictor."""
    told = world.runner().retrain("0" * 40, "--promote")
    assert told.ran - LISTS == TRAINED | DATA
    assert told.gate["verdict"] == "PROMOTE"
    assert told.gate["champion"] is None
    assert told.gate["promoted"]
    world.merge()
    return git(world.dev, "rev-parse", "HEAD")


def parameters(world, since):
    """A better setting: the data stages come from the remote, the model is trained and promoted."""
    world.set(columns=[1, 2])
    world.push("Look at the load too")
    runner = world.runner()
    told = runner.retrain(since, "--promote")
    assert told.ran - LISTS == TRAINED
    assert told.gate["verdict"] == "PROMOTE", told.comment
    assert told.gate["champion"]["version"] == 1
    assert [one["name"] for one in told.json["parameters"]] == [
        f"experiments.own.{KEY}.model_args.columns"
    ]
    says_what_happened(told, runner)
    world.merge()
    return git(world.dev, "rev-parse", "HEAD")


def says_what_happened(told, runner):
    """The comment's numbers are those of the files, before and after."""
    pair = told.json["groups"][GROUP]["experiments"][KEY]
    before = json.loads(git(runner.folder, "show", "HEAD:metrics.json"))["own"][KEY]
    after = artifacts.read_json(runner.folder / "metrics.json")["own"][KEY]
    assert (pair["before"], pair["after"]) == (before, after)
    final = artifacts.read_json(runner.folder / "data/final" / GROUP / "diagnosis.json")
    assert after["dev"] == pytest.approx(final["splits"]["dev"]["value"], abs=1e-6)
    assert f"{before['dev']:.1%} → {after['dev']:.1%}" in told.comment
    assert f"| `{GROUP}` | `{KEY}` | **PROMOTE** and promoted |" in told.comment
    assert f"`experiments.own.{KEY}.model_args.columns` | `[1]` | `[1, 2]`" in told.comment
    assert f"- `train@{KEY}`" in told.comment
    assert "Models evaluated on this test set so far: 2." in told.comment
    # What was pushed is what was measured.
    commit = told.json["branch"]["commit"]
    assert (
        git(runner.folder, "show", f"{commit}:metrics.json")
        == (runner.folder / "metrics.json").read_text().strip()
    )


def worse(world, since):
    world.set(columns=[1])
    world.push("Look at the distance alone")
    told = world.runner().retrain(since, "--promote")
    # Trained before: everything but the report, which no cache keeps, comes from the remote.
    assert told.ran - LISTS == {"report"}
    assert told.gate["verdict"] == "REJECT"
    assert "dev_not_worse" in told.failing()
    assert not told.gate["promoted"]
    world.undo()


def ruined(world, since):
    """Better by far on the whole, and for the small south worse than before: no mean shows it."""
    world.set(columns=[0, 1, 2])
    world.push("Look at the weather too")
    told = world.runner().retrain(since, "--promote")
    assert told.ran - LISTS == TRAINED
    gain = next(one for one in told.gate["reasons"] if one["code"] == "dev_better")
    assert gain["holds"]
    assert told.gate["verdict"] == "REJECT"
    assert "no_slice_ruined" in told.failing()
    assert "region = south" in told.comment
    world.undo()


def noise(world, since):
    """Another seed: other weights, and nothing gained."""
    world.set(columns=[1, 2], seed=2)
    world.push("Draw again")
    told = world.runner().retrain(since, "--promote")
    assert told.ran - LISTS == TRAINED
    assert told.gate["verdict"] == "HOLD"
    assert "dev_better" in told.failing()
    assert not told.gate["promoted"]
    world.undo()


def code(world):
    """A better way to measure distances, in the model's file."""
    since = git(world.dev, "rev-parse", "HEAD")
    text = world.model.read_text()
    assert PLAIN in text
    changed = text.replace(f"self.scale = {PLAIN}", f"self.scale = {SCALED}")
    world.model.write_text(changed + SPREAD)
    world.push("Measure distances by their spread")
    told = world.runner().retrain(since, "--promote")
    assert told.ran - LISTS == TRAINED
    assert told.json["parameters"] == []
    assert told.json["files"] == [
        name for name in told.json["files"] if name.endswith(("centroids.py", "dvc.lock", ".json"))
    ]
    assert told.gate["verdict"] == "PROMOTE", told.comment
    world.merge()


def data(world):
    """More orders: dev and test grew, so the champion answers the new ones first."""
    since = git(world.dev, "rev-parse", "HEAD")
    old = world.orders.read_text()
    new = draw(2_000, 2).to_csv(index=False).partition("\n")[2]
    world.orders.write_text(old + new)
    world.push("Two thousand orders more")
    told = world.runner().retrain(since, "--promote")
    assert told.ran - LISTS == TRAINED | DATA
    assert told.gate["reasons"][0]["code"] == "rescored"
    assert told.gate["verdict"] == "HOLD"
    # A new test: challenger and champion were asked it, nobody before.
    assert told.gate["looks_at_test"] == 2
