"""The profile of arrays: figures by hand, and broken arrays refused with their split and row."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

from foursplit import plugins
from foursplit.config.schema import SplitConfig, SplitDomains
from foursplit.core.arrays import Ragged
from foursplit.core.dataset_spec import DatasetSpec
from foursplit.core.errors import FoursplitError
from foursplit.core.examples import Examples
from foursplit.data.profile import figures, profile
from foursplit.data.profile_expectations import profile_failures, run_profile
from foursplit.data.run_expectations import entries
from foursplit.data.to_examples import convert, to_examples
from foursplit.data.validation_page import render_page
from foursplit_courses.datasets import dates, digit_scenes

RULE = SplitConfig(
    seed=1,
    domains=SplitDomains(source={"train": 0.4, "train_dev": 0.1, "dev": 0.25, "test": 0.25}),
)


def spec(**settings):
    return DatasetSpec(**{"title": "made", "provenance": "", "files": (), "target": "", **settings})


SCENES = spec(dtype="float32", picture=True, further={"boxes": "target"})


def scenes(boxes, x=None):
    n = len(boxes)
    x = np.arange(n * 2 * 4 * 6, dtype=np.float32).reshape(n, 2, 4, 6) if x is None else x
    rows = [np.array(each, np.float32).reshape(-1, 5) for each in boxes]
    frame = pd.DataFrame(index=range(n))
    frame["number"] = range(n)
    return convert(Examples(x=x, metadata=frame, further={"boxes": Ragged.of(rows)}), SCENES)


def test_figures_of_an_array_are_those_by_hand():
    x = np.zeros((3, 2, 4, 6), np.float32)
    x[1, 0, 0, 0] = 48
    x[2, 1, 0, :2] = [np.nan, -2]
    found = profile(scenes([[]] * 3, x), SCENES, np.array(["train", "dev", "dev"]))
    assert found["x.shape"].tolist() == ["2x4x6"] * 3
    assert found["x.dtype"].tolist() == ["float32"] * 3
    assert found["x.max"].tolist() == [0, 48, 0]
    assert found["x.min"].tolist() == [0, 0, -2]
    assert found["x.mean"].tolist() == [0, 1, pytest.approx(-2 / 47)]
    assert found["x.n_not_finite"].tolist() == [0, 0, 1]
    assert found["x.is_blank"].tolist() == [True, False, False]


@pytest.mark.parametrize(
    ("box", "outside"),
    [
        ((0, 0, 6, 4, 1), 0),  # the whole picture, 6 wide and 4 high
        ((0, 0, 4, 6, 1), 1),  # as if it were 4 wide and 6 high
        ((-1, 0, 3, 3, 1), 1),
        ((0, 0, 7, 3, 1), 1),
        ((3, 1, 3, 2, 1), 1),  # without width
        ((3, 3, 2, 1, 1), 1),  # ends before it begins
    ],
)
def test_boxes_outside_of_their_picture_are_counted(box, outside):
    found = profile(scenes([[box, (1, 1, 3, 2, 0)], []]), SCENES, np.array(["train", "train"]))
    assert found["boxes.n_outside"].tolist() == [outside, 0]
    assert found["boxes.length"].tolist() == [2, 0]
    assert found["boxes.min_width"][0] == min(box[2] - box[0], 2)
    assert np.isnan(found["boxes.min_width"][1])
    assert found["boxes.class"].tolist() == [["1", "0"], []]


def test_a_picture_without_a_finite_value_has_no_range():
    x = np.full((1, 1, 2, 2), np.inf, np.float32)
    found = profile(scenes([[]], x), SCENES, np.array(["dev"]))
    assert found["x.n_not_finite"].tolist() == [4]
    assert found["x.mean"].isna().all()
    assert found["x.max"].isna().all()


def test_texts_are_measured_in_characters_and_sounds_in_samples():
    declared = spec(text="words", further={"answer": "target", "sound": "input"})
    frame = pd.DataFrame({"words": ["äh", " "], "answer": ["x", ""]})
    sounds = Ragged.of([np.zeros(2, np.int16), np.array([5, 0, 1], np.int16)])
    examples = Examples(
        x=convert(frame, spec(text="words")).x,
        metadata=convert(frame, spec(text="words")).metadata,
        further={"answer": convert(frame, spec(text="answer")).x, "sound": sounds},
    )
    found = profile(examples, declared, np.array(["train"] * 2))
    assert found["x.length"].tolist() == [2, 1]
    assert found["x.is_blank"].tolist() == [False, True]
    assert found["answer.length"].tolist() == [1, 0]
    assert found["answer.is_blank"].tolist() == [False, True]
    assert found["sound.length"].tolist() == [2, 3]
    assert found["sound.max"].tolist() == [0, 5]
    assert found["sound.is_blank"].tolist() == [True, False]


def test_figures_are_by_split_and_domain_and_show_the_balance_of_classes():
    declared = spec(
        target="kind", classes=("a", "b"), features=("width", "height"),
        domains={"lab": "source", "field": "target"},
    )  # fmt: skip
    frame = pd.DataFrame(
        {
            "width": [1.0, 2, 3, 4], "height": [1.0, 4, 5, 6], "kind": ["a", "a", "b", "a"],
            "domain": ["lab", "lab", "lab", "field"],
        }
    )  # fmt: skip
    splits = np.array(["train", "train", "train", "dev"])
    first, second = figures(profile(convert(frame, declared), declared, splits))
    assert (first["split"], first["domain"], first["n"]) == ("train", "lab", 3)
    assert (second["split"], second["domain"], second["n"]) == ("dev", "field", 1)
    assert first["class"] == {"a": 0.666667, "b": 0.333333}
    assert second["class"] == {"a": 1.0}
    assert first["x.mean"] == {"min": 1.0, "mean": 2.66667, "max": 4.0}
    assert first["x.is_blank (share)"] == 0.333333


def failures(module, change):
    """Break what a data set reads, and return what its profile says."""
    read = module.read(RAW[module])
    broken = change(read)
    examples = convert(broken, module.SPEC)
    result = run_profile(examples, module.SPEC, RULE, module.profile_suite, "made")
    assert result["success"] == (not profile_failures(result))
    return profile_failures(result)


@pytest.fixture(scope="module", autouse=True)
def raw(tmp_path_factory):
    """Give the raw files that the scenes are read from."""
    from sklearn import datasets

    folder = tmp_path_factory.mktemp("raw")
    source = plugins.dataset("digit_scenes").SPEC.files[0]
    packed = datasets.__path__[0] + "/data/" + source.name
    (folder / source.name).symlink_to(packed)
    RAW.update({digit_scenes: folder, dates: folder})


RAW = {}
HUNDREDTH = 99  # position; people count rows from 1


def zeros(read):
    x = read.x.copy()
    x[HUNDREDTH] = 0
    return dataclasses.replace(read, x=x)


def box_outside(read):
    boxes = read.further["boxes"]
    values = boxes.values.copy()  # noqa: PD011, no pandas
    values[boxes.ends[HUNDREDTH] - 1, 2] = 33
    return dataclasses.replace(read, further={"boxes": Ragged(values, boxes.ends)})


@pytest.mark.parametrize(
    ("change", "column"), [(zeros, "x.is_blank"), (box_outside, "boxes.n_outside")]
)
def test_a_broken_scene_is_named_with_its_split_and_row(change, column):
    found = [line for line in failures(digit_scenes, change) if column in line]
    assert len(found) == 1
    assert found[0].startswith(("split train", "split dev", "split test"))
    assert "row 100:" in found[0]


def one_length(read):
    return read.assign(written=read["written"].str.slice(0, 8))


def test_texts_of_one_length_are_refused_in_every_split():
    found = failures(dates, one_length)
    for split in ("train", "train-dev", "dev", "test"):
        assert any(
            line.startswith(f"split {split}: x.length: expect_column_unique") for line in found
        ), split


def test_the_data_sets_as_they_are_pass():
    for module in (dates, digit_scenes):
        assert failures(module, lambda read: read) == []


def missing_suite():
    import great_expectations.expectations as gxe

    return [gxe.ExpectColumnValuesToBeBetween(column="x.n_not_finite", max_value=0)]


def test_a_missing_value_is_refused_with_its_split_before_the_split_is_made():
    x = np.ones((40, 1, 2, 2), np.float32) * np.arange(40)[:, None, None, None]
    x[7, 0, 1, 1] = np.nan
    examples = scenes([[]] * 40, x)
    result = run_profile(examples, SCENES, RULE, missing_suite, "made")
    (line,) = profile_failures(result)
    assert line.startswith("split ")
    assert "x.n_not_finite" in line
    assert "row 8: 1" in line
    with pytest.raises(FoursplitError, match="of row 8"):
        to_examples(
            Examples(x=x, metadata=pd.DataFrame({"n": range(40)}), further=examples.further), SCENES
        )


def test_the_page_shows_figures_and_failures_by_split():
    examples = scenes([[(0, 0, 7, 3, 1)]] * 40)

    def suite():
        import great_expectations.expectations as gxe

        return [gxe.ExpectColumnValuesToBeInSet(column="boxes.n_outside", value_set=[0])]

    found = run_profile(examples, SCENES, RULE, suite, "made")
    result = {"success": False, "n_rows": 40, "expectations": [], "profile": found}
    page = render_page(SCENES, json.loads(json.dumps(result)))
    n = len(found["splits"])
    assert len(entries(result)) == n == 4
    assert f"{n} of {n} expectations failed" in page
    assert "train-dev, all" in page
    assert "boxes.min_width" in page
