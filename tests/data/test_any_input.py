"""Examples of any dtype and length, with further arrays, from read() to a batch and back."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from foursplit.config.schema import SplitConfig, SplitDomains
from foursplit.core.arrays import Ragged
from foursplit.core.dataset_spec import DatasetSpec
from foursplit.core.errors import FoursplitError
from foursplit.core.examples import DataSpec, Examples
from foursplit.data import store, texts
from foursplit.data.encode import encode_inputs
from foursplit.data.infer_data_spec import infer_data_spec
from foursplit.data.split_examples import split_examples
from foursplit.data.to_examples import to_examples
from foursplit.training.batches import Batches, OnDevice, Stream, collate

N = 23


def spec(**settings):
    defaults = {"title": "made", "provenance": "", "files": (), "target": "y"}
    return DatasetSpec(**{**defaults, **settings})


def pictures(rng):
    """Return pictures as bytes, with a mask and boxes for each."""
    boxes = Ragged.of([np.full((n % 4, 4), n, np.float32) for n in range(N)])
    return Examples(
        x=rng.integers(0, 256, (N, 3, 4, 4), dtype=np.uint8),
        metadata=pd.DataFrame({"y": np.arange(N) % 2}),
        further={"mask": rng.integers(0, 2, (N, 4, 4), dtype=np.uint8), "boxes": boxes},
    )


PICTURES = spec(
    classes=("a", "b"), dtype="uint8", picture=True, further={"mask": "target", "boxes": "target"}
)


def saved(folder: Path, examples: Examples) -> Examples:
    store.save(folder, "train", examples)
    return store.load(folder, "train")


def test_bytes_masks_and_boxes_come_back_from_the_store(tmp_path, rng):
    made = to_examples(pictures(rng), PICTURES)
    back = saved(tmp_path, made)
    assert back.x.dtype == np.uint8
    np.testing.assert_array_equal(back.x, made.x)
    np.testing.assert_array_equal(back.further["mask"], made.further["mask"])
    for number in range(N):
        assert back.further["boxes"].row(number).shape == (number % 4, 4)
    part = back.take(np.array([3, 1]))
    assert part.further["boxes"].row(0).tolist() == [[3.0] * 4] * 3
    names = [
        "train.npy", "train.parquet", "train.boxes.ends.npy", "train.boxes.npy", "train.mask.npy",
    ]  # fmt: skip
    assert store.files(tmp_path, "train") == names


def test_large_arrays_are_mapped_and_not_read(tmp_path, rng, monkeypatch):
    monkeypatch.setattr(store, "MAPPED_FROM", 100)
    back = saved(tmp_path, to_examples(pictures(rng), PICTURES))
    assert isinstance(back.x, np.memmap)
    batch = collate({"x": back.x}, np.array([2, 0]))
    np.testing.assert_array_equal(batch["x"].numpy(), back.x[[2, 0]])


def test_bytes_become_numbers_from_0_to_1_in_a_batch(rng):
    examples = to_examples(pictures(rng), PICTURES)
    known = infer_data_spec(examples, PICTURES)
    assert known.inputs == (3, 4, 4)
    split = OnDevice(encode_inputs(examples, known), torch.device("cpu"))
    (batch,) = Batches(split, size=None, scale=known.scale)
    np.testing.assert_allclose(batch["x"].numpy(), examples.x / 255, rtol=1e-6)


def test_texts_are_stored_and_reach_a_model_as_the_numbers_of_trains_tokens():
    declared = spec(text="words", target="", further={"answer": "target"})
    frame = pd.DataFrame({"words": ["ab", "b", "", "abc"], "answer": ["x", "yy", "x", "z"]})
    examples = to_examples(frame, declared)
    assert "y" not in examples.metadata
    assert texts.to_texts(examples.further["answer"]) == ["x", "yy", "x", "z"]
    known = infer_data_spec(examples, declared)
    assert known.vocabularies["x"] == (*texts.SPECIAL, "a", "b", "c")
    assert known.vocabularies["answer"] == (*texts.SPECIAL, "x", "y", "z")
    assert known.max_lengths == {"x": 3, "answer": 2}
    ids = encode_inputs(examples, known)["x"]
    assert ids.padded().tolist() == [[4, 5, 0], [5, 0, 0], [0, 0, 0], [4, 5, 6]]
    assert DataSpec.from_json(known.as_json()) == known


def test_a_data_spec_of_numbers_says_no_more_than_it_did():
    assert list(DataSpec(inputs=(3,)).as_json()) == [
        "inputs", "classes", "target_mean", "target_std", "target_iqr", "majority_class",
    ]  # fmt: skip


@pytest.mark.parametrize("size", [1, 5, N, None])
def test_streamed_batches_are_those_on_the_device_to_the_byte(size, rng):
    words = Ragged.of([rng.integers(4, 9, n % 6 + 1).astype(np.int32) for n in range(N)])
    arrays = {"x": words, "y": np.arange(N), "mask": rng.random((N, 2, 2), dtype=np.float32)}
    for epoch in range(3):
        how = {"size": size, "seed": 7, "epoch": lambda epoch=epoch: epoch}
        held = Batches(OnDevice(arrays, torch.device("cpu")), **how)
        for mine, theirs in zip(held, Stream(arrays, **how), strict=True):
            assert mine.keys() == theirs.keys()
            for name, values in mine.items():
                assert torch.equal(values, theirs[name]), name


def test_equal_texts_but_for_case_and_space_are_near_duplicates():
    declared = spec(text="words", classes=("a", "b"), row_is_unit="made")
    words = [f"sentence {n}" for n in range(400)] + [f"Sentence  {n}" for n in range(400)]
    frame = pd.DataFrame({"words": words, "y": [0, 1] * 400})
    shares = {"train": 0.4, "train_dev": 0.1, "dev": 0.25, "test": 0.25}
    rule = SplitConfig(seed=1, domains=SplitDomains(source=shares))
    splits, removed = split_examples(to_examples(frame, declared), declared, rule)
    rank = {"train": 0, "train_dev": 1, "dev": 2, "test": 3}
    for n in range(400):
        first, second = rank[splits[n]], rank[splits[400 + n]]
        assert removed[n] == (first < second)
        assert removed[400 + n] == (second < first)


def test_an_array_of_another_dtype_than_declared_is_refused(rng):
    with pytest.raises(FoursplitError, match="x as uint8, and its SPEC declares dtype 'int16'"):
        to_examples(pictures(rng), spec(classes=("a", "b"), dtype="int16"))


def test_an_array_that_read_does_not_give_is_refused_by_name(rng):
    declared = spec(classes=("a", "b"), dtype="uint8", further={"masks": "target"})
    with pytest.raises(FoursplitError, match="unknown array or column 'masks'.*'mask'"):
        to_examples(pictures(rng), declared)


def test_an_array_with_too_few_examples_is_refused(rng):
    with pytest.raises(ValueError, match="mask has 2 examples, metadata 3 rows"):
        Examples(
            x=np.zeros((3, 1)),
            metadata=pd.DataFrame({"y": [0, 1, 0]}),
            further={"mask": np.zeros((2, 1))},
        )
