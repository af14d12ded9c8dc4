"""Which examples a page shows, and what is kept of a network's answers to them."""

import numpy as np
import pandas as pd
import pytest
import torch

from foursplit.core.examples import DataSpec, Examples
from foursplit.data import texts
from foursplit.evaluation import kept_answers, shown_examples
from foursplit.evaluation.predict import NetworkPredictor
from foursplit.training import initial_weights
from foursplit_courses.models import encoder_decoder

N = 60
TOKENS = (*texts.SPECIAL, *"abcdef")
SPEC = DataSpec(
    inputs=(),
    tokenizer="characters",
    vocabularies={"x": TOKENS, "answer": TOKENS},
    max_lengths={"x": 9, "answer": 4},
)


def table(n_wrong, n=N):
    wrong = np.arange(n) < n_wrong
    ids = [f"e{number:02}" for number in range(n)]
    return pd.DataFrame(
        {"example_id": ids, "group_id": ids, "loss": wrong.astype(float), "is_error": wrong}
    )


@pytest.mark.parametrize(("n_wrong", "n_shown"), [(0, 8), (12, 12), (50, 24)])
def test_the_worst_are_the_wrong_ones_within_limits(n_wrong, n_shown):
    shown = shown_examples.worst(table(n_wrong))
    assert len(shown) == n_shown
    assert shown["is_error"].sum() == min(n_wrong, n_shown)


def test_the_sample_is_no_sample_of_the_errors():
    all_of_it = table(20, n=200)
    shown = shown_examples.fair_sample(all_of_it)
    assert len(set(shown["example_id"])) == shown_examples.N_SAMPLED
    assert not shown["is_error"].all()
    mixed = all_of_it.sample(frac=1, random_state=1)
    assert shown_examples.fair_sample(mixed)["example_id"].tolist() == shown["example_id"].tolist()


def test_the_sample_stays_in_the_part_of_dev_that_may_be_read():
    from foursplit.diagnosis.error_analysis import eyeball
    from foursplit.diagnosis.prediction_table import validate

    many = table(150, n=900)
    part = eyeball.split_dev(validate(many, "dev"))
    assert part.blackbox is not None
    shown = set(shown_examples.fair_sample(many)["example_id"])
    assert shown <= set(part.eyeball.frame["example_id"])


def test_of_a_small_dev_all_is_the_sample():
    assert len(shown_examples.fair_sample(table(1, n=3))) == 3


def predictor(*, with_attention):
    args = encoder_decoder.Args(attention=with_attention)
    net = initial_weights.build_with_seed(lambda: encoder_decoder.build(args, SPEC), 3).eval()
    return NetworkPredictor(net, torch.device("cpu"), SPEC, "sequence_to_sequence")


def written(rng, n=N):
    lines = ["".join(rng.choice([*"abcdef"], 1 + number % 9)) for number in range(n)]
    ids = [f"e{number:02}" for number in range(n)]
    return Examples(
        x=texts.from_texts(lines),
        metadata=pd.DataFrame({"example_id": ids}),
        further={"answer": texts.from_texts(["ab"] * n)},
    )


def test_attention_is_kept_for_the_shown_examples_and_its_rows_add_up_to_1(tmp_path, rng):
    dev, scored = written(rng), table(20)
    kept_answers.save(tmp_path, predictor(with_attention=True), dev, scored)
    kept = kept_answers.load(tmp_path)
    shown = (shown_examples.worst(scored), shown_examples.fair_sample(scored))
    assert set(kept) == set(pd.concat(shown)["example_id"])
    lengths = dict(zip(dev.metadata["example_id"], dev.x.lengths.tolist(), strict=True))
    for example, arrays in kept.items():
        weights = arrays["attention"]
        assert weights.shape == (5, lengths[example])  # four tokens and the end
        np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-3)


def test_the_file_is_the_same_bytes_each_time(tmp_path, rng):
    dev = written(rng)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        kept_answers.save(tmp_path / name, predictor(with_attention=True), dev, table(20))
    one, two = ((tmp_path / name / kept_answers.NAME).read_bytes() for name in ("one", "two"))
    assert one == two


@pytest.mark.parametrize("answer", [predictor(with_attention=False), print])
def test_a_model_that_has_nothing_more_to_say_leaves_no_file(tmp_path, rng, answer):
    kept_answers.save(tmp_path, answer, written(rng), table(20))
    assert list(tmp_path.iterdir()) == []
    assert kept_answers.load(tmp_path) == {}


def test_what_is_explained_is_the_answer_that_is_given(rng):
    dev = written(rng, n=12)
    model = predictor(with_attention=True)
    torch.nn.init.normal_(model.net.head.weight, std=1.0)
    answers = model(dev)
    # Where the attention were of another answer, its steps would be other states' weights.
    with torch.no_grad():
        for number, said in enumerate(model.explain(dev)):
            ids = texts.to_ids(dev.x[np.array([number])], TOKENS, "characters").padded()
            batch = {"x": torch.from_numpy(ids), "x_length": torch.tensor([ids.shape[1]])}
            tokens, weights = model.net._answer(batch)
            assert texts.from_ids(tokens[0].numpy(), TOKENS, "characters") == answers[number]
            np.testing.assert_allclose(
                torch.stack(weights, dim=1)[0].numpy(), said["attention"], atol=1e-6
            )
