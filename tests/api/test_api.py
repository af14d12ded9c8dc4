"""What Python code gets from `foursplit`: the same as the commands, from data frames."""

import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import foursplit
from foursplit import FoursplitError
from foursplit.cli.main import main
from foursplit.core.splits import SPLITS


def predictions(rng, n, error):
    """Give labels, answers of which a share is wrong, and a column to slice on."""
    y = rng.integers(0, 3, n)
    y_hat = np.where(rng.random(n) < error, (y + 1) % 3, y)
    return pd.DataFrame({"y": y, "y_hat": y_hat, "light": rng.choice(["day", "night"], n)})


@pytest.fixture
def frames(rng):
    shares = {"train": 0.02, "train_dev": 0.03, "dev": 0.15}
    return {split: predictions(rng, 1500, error) for split, error in shares.items()}


def test_frames_are_diagnosed_as_their_files_are(frames, tmp_path):
    result = foursplit.diagnose(**frames, human_error=0.01, slice_columns=["light"])
    for split, frame in frames.items():
        ids = [f"{split} {row}" for row in frame.index]
        frame.assign(example_id=ids).to_csv(tmp_path / f"{split}.csv", index=False)
    words = ["diagnose", str(tmp_path), "--human-error", "0.01", "--meta", "light"]
    shown = CliRunner().invoke(main, [*words, "--json", str(tmp_path / "found.json")])
    assert shown.exit_code == 0, shown.output
    assert json.loads(result.to_json()) == json.loads((tmp_path / "found.json").read_text())
    assert repr(result) in shown.output


def test_parts_are_data_frames_of_fractions(frames):
    result = foursplit.diagnose(**frames, human_error=0.01)
    assert result.splits.set_index("split")["error"]["dev"] == pytest.approx(
        (frames["dev"]["y"] != frames["dev"]["y_hat"]).mean()
    )
    gaps = result.ledger.set_index("gap")["value"]
    assert gaps.sum() == pytest.approx(result.splits["error"].iloc[-1] - 0.01)
    assert gaps.idxmax() == "mismatch"
    assert result.next_steps["rank"].tolist() == [*range(1, len(result.next_steps) + 1)]
    assert result.verdict in result._repr_html_()
    assert result.plot()._repr_svg_().startswith("<svg")


def test_slices_and_tags_are_one_row_each(rng):
    dev = predictions(rng, 4000, 0.02)
    night = dev["light"] == "night"
    dev["y_hat"] = np.where(night & (rng.random(4000) < 0.3), (dev["y"] + 1) % 3, dev["y_hat"])
    dev["tags"] = np.where(dev["y"] != dev["y_hat"], "dark", None)
    result = foursplit.diagnose(dev=dev, slice_columns=["light"])
    (worst,) = result.slices[result.slices["confirmed"]].to_dict("records")
    assert worst["slice"] == "light = night"
    assert worst["lo"] < worst["error"] < worst["hi"]
    assert worst["error"] > 5 * worst["rest"]
    assert result.tags["tag"].tolist() == ["dark"]
    assert result.tags["share"].tolist() == [1.0]
    assert foursplit.diagnose(dev=dev.drop(columns="tags")).tags.empty


def test_pages_and_texts_are_written(frames, tmp_path):
    result = foursplit.diagnose(**frames, name="a | <b>")
    for suffix in ("html", "json", "markdown"):
        path = tmp_path / f"found.{suffix}"
        assert getattr(result, f"to_{suffix}")(path) == path.read_text()
    assert "a | &lt;b&gt;" in result.to_html()
    result.plot().save(tmp_path / "gaps.svg")
    assert (tmp_path / "gaps.svg").read_text() == result.plot().svg


def test_several_frames_are_the_seeds_of_one_model(rng):
    first = predictions(rng, 400, 0.1)
    seeds = [first.assign(y_hat=predictions(rng, 400, 0.1)["y_hat"]) for _ in range(3)]
    result = foursplit.diagnose(train=seeds, dev=seeds)
    assert result.report["seeds"] == 3
    with pytest.raises(FoursplitError, match="seeds"):
        foursplit.diagnose(train=seeds, dev=seeds[:2])


def test_models_are_compared_on_the_same_examples(rng):
    a = predictions(rng, 800, 0.2)
    better = a.assign(y_hat=a["y"])
    found = foursplit.compare(a, better)
    assert found.delta == pytest.approx((a["y"] != a["y_hat"]).mean())
    assert found.p_b_better > 0.99
    shuffled = foursplit.compare(a, better.sample(frac=1, random_state=1))
    assert shuffled.delta == found.delta


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda _: foursplit.diagnose(), "at least one"),
        (lambda f: foursplit.diagnose(dev=f.drop(columns="y")), "'y_hat'"),
        (lambda f: foursplit.diagnose(dev=f.to_numpy()), "DataFrame"),
        (lambda f: foursplit.diagnose(dev=f, human_error=2), "fractions"),
        (lambda f: foursplit.diagnose(dev=f, metric="f2"), "f2"),
        (lambda f: foursplit.diagnose(dev=f, slice_columns=["lihgt"]), "light"),
        (lambda f: foursplit.diagnose(dev=pd.concat([f, f])), "twice"),
        (lambda f: foursplit.compare(f, f.assign(y=0)), "differs"),
        (lambda f: foursplit.split(f, group="lihgt"), "light"),
        (lambda f: foursplit.split(f, domain="light"), "target"),
        (lambda f: foursplit.split(f, domain="light", target="dusk"), "dusk"),
        (lambda f: foursplit.split(f, domain="light", target=["day", "night"]), "another"),
        (lambda f: foursplit.split(f, shares={"train": 1.0}), "train_dev"),
        (lambda f: foursplit.split(f, shares={"training": 1.0}), "training"),
        (lambda f: foursplit.split(f, time="light"), "row 1"),
        (lambda f: foursplit.split(f.head(3), group="light"), "no rows"),
    ],
)
def test_what_is_wrong_is_named(rng, call, said):
    with pytest.raises(FoursplitError, match=said):
        call(predictions(rng, 60, 0.2))


@given(
    st.lists(st.tuples(st.integers(0, 60), st.booleans()), min_size=1, max_size=300),
    st.integers(1, 5),
)
@settings(max_examples=50)
def test_a_split_keeps_groups_whole_and_each_row_once(rows, seed):
    more = [(1000 + n, n % 2 == 0) for n in range(400)]  # enough groups for four splits
    frame = pd.DataFrame([*rows, *more], columns=["person", "is_phone"])
    frame.index = [f"row {n}" for n in range(len(frame))]
    found = foursplit.split(frame, group="person", seed=seed)
    assert [*found] == [*SPLITS]
    assert sorted(label for part in found.values() for label in part.index) == sorted(frame.index)
    of_split = [{*part["person"]} for part in found.values()]
    assert sum(map(len, of_split)) == len(set().union(*of_split))
    smaller = foursplit.split(frame.iloc[len(rows) :], group="person", seed=seed)
    assert all({*smaller[name].index} <= {*found[name].index} for name in SPLITS)


def test_target_domains_are_dev_and_test_alone(rng):
    frame = pd.DataFrame({"x": range(600), "from": ["web", "phone", "shop"] * 200})
    found = foursplit.split(frame, domain="from", target="phone")
    assert {name: {*part["from"]} for name, part in found.items()} == {
        "train": {"web", "shop"}, "train_dev": {"web", "shop"}, "dev": {"phone"}, "test": {"phone"},
    }  # fmt: skip


def test_later_rows_are_dev_and_test_and_near_ones_are_left_out():
    days = pd.date_range("2024-01-01", periods=200)
    found = foursplit.split(pd.DataFrame({"day": days[::-1]}), time="day", gap=3)
    ends = [(part["day"].min(), part["day"].max()) for part in found.values()]
    for (_, end), (start, _) in pairwise(ends):
        assert (start - end).days >= 3


def test_equal_rows_are_one_group():
    frame = pd.DataFrame({"x": [n // 3 for n in range(900)]})
    found = foursplit.split(frame)
    assert all((part["x"].value_counts() == 3).all() for part in found.values())


def test_the_public_names_are_those_of_the_page_and_cost_nothing_to_import():
    page = (Path(__file__).parents[2] / "docs" / "python.md").read_text()
    assert all(f"foursplit.{name}" in page for name in foursplit.__all__)
    code = (
        "import foursplit, sys; print([m for m in ('numpy', 'pandas', 'torch', 'click') "
        "if m in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert found.strip() == "[]"
    with pytest.raises(AttributeError, match="diagnoze"):
        _ = foursplit.diagnoze
