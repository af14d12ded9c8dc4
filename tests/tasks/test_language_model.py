"""Language models: no look ahead, padding changes nothing, and scores are those of the texts."""

from math import log

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from foursplit.config.fit import TrainerConfig
from foursplit.core.dataset_spec import DatasetSpec
from foursplit.core.examples import DataSpec, Examples
from foursplit.data import texts
from foursplit.data.infer_data_spec import infer_data_spec
from foursplit.evaluation.metrics import language_model as metrics
from foursplit.tasks import language_model
from foursplit.training import initial_weights
from foursplit.training.batches import collate
from foursplit_courses.models import n_gram, recurrent_language_model, transformer_language_model

FIT = TrainerConfig(seeds=(1,), learning_rate=0.01, max_epochs=1, batch_size=4)
DATASET = DatasetSpec(title="", provenance="", files=(), target="", text="text")
WORDS = st.text("abc", max_size=6)
NETS = [
    *((recurrent_language_model, {"cell": cell, "hidden": 8}) for cell in ("rnn", "gru", "lstm")),
    (transformer_language_model, {"hidden": 8, "n_heads": 2}),
]


def examples_of(lines):
    names = [f"e{number}" for number in range(len(lines))]
    rows = pd.DataFrame({"example_id": names, "group_id": names, "content": names, "domain": "all"})
    return Examples(x=texts.from_texts(lines), metadata=rows)


def spec_of(lines):
    return infer_data_spec(examples_of(lines), DATASET)


SPEC = spec_of(["abc", "a", "abcabc"])


def batch_of(lines):
    found = examples_of(lines)
    ids = texts.to_ids(found.x, SPEC.vocabularies["x"], "characters")
    return collate({"x": ids, **language_model.targets(found, SPEC)}, slice(None))


def built(file, args):
    """Return a task whose head is not near zero, so that answers differ."""
    net = initial_weights.build_with_seed(lambda: file.build(file.Args(**args), SPEC), 3)
    torch.nn.init.normal_(net.head.weight, std=1.0)
    return language_model.module(net, FIT, SPEC).eval()


@pytest.mark.parametrize(("file", "args"), NETS)
@settings(max_examples=5)
@given(lines=st.lists(WORDS, min_size=2, max_size=4))
def test_a_text_alone_is_read_as_in_a_batch_of_longer_ones(file, args, lines):
    task = built(file, args)
    with torch.no_grad():
        together = task(batch_of(lines))
        for line, logits in zip(lines, together, strict=True):
            alone = task(batch_of([line]))[0]
            assert len(alone) == len(line) + 1
            torch.testing.assert_close(alone, logits[: len(alone)], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("file", "args"), NETS)
def test_no_place_sees_its_own_token_or_a_later_one(file, args):
    task = built(file, args)
    with torch.no_grad():
        one, other = (task(batch_of([line]))[0] for line in ("abca", "abbb"))
    torch.testing.assert_close(one[:3], other[:3], rtol=1e-5, atol=1e-6)
    assert not torch.allclose(one[3], other[3])


@pytest.mark.parametrize(("file", "args"), NETS)
def test_one_text_can_be_learnt_by_heart(file, args):
    task = built(file, args)
    batch, steps = batch_of(["abcab"]), torch.optim.Adam(task.parameters(), lr=0.01)
    for _ in range(300):
        steps.zero_grad()
        loss = task.loss(batch)
        loss.backward()
        steps.step()
    assert float(loss.detach()) < 0.01


def test_a_text_longer_than_the_positions_is_refused():
    task = built(transformer_language_model, {"hidden": 8, "n_heads": 2, "max_length": 3})
    with pytest.raises(Exception, match="4 tokens is longer than max_length, 3"):
        task(batch_of(["abca"]))


def test_padding_weighs_nothing_in_the_loss():
    task = built(*NETS[1])
    with torch.no_grad():
        means = [float(task.loss(batch_of([line]))) for line in ("a", "abcab")]
        together = float(task.loss(batch_of(["a", "abcab"])))
    assert together == pytest.approx((2 * means[0] + 6 * means[1]) / 8, abs=1e-5)


@settings(max_examples=10)
@given(lines=st.lists(WORDS, min_size=1, max_size=5))
def test_the_tables_mean_is_the_tasks_loss(lines):
    task = built(*NETS[1])
    with torch.no_grad():
        batch = batch_of(lines)
        outputs = task(batch)
        loss, error = float(task.loss(batch)), float(task.output_error(outputs, batch))
    table = metrics.score_columns(metrics.postprocess(outputs.numpy(), SPEC), lines, SPEC)
    columns = {name: table[name].to_numpy() for name in table if name.startswith("stat.")}
    assert metrics.nats_per_token(columns) == pytest.approx(loss, rel=1e-4)
    assert metrics.bits_per_token(columns) == pytest.approx(loss / log(2), rel=1e-4)
    assert np.average(table["loss"], weights=table["weight"]) == pytest.approx(error, rel=1e-4)
    assert table["weight"].tolist() == [len(line) + 1 for line in lines]


def test_scores_worked_by_hand():
    # The text "a" and its end, with probabilities 1/2 and 1/4: 3 bits in two tokens.
    ids = SPEC.vocabularies["x"]
    likely = np.full((2, len(ids)), 1e-9)
    likely[0, ids.index("a")], likely[1, texts.END] = 0.5, 0.25
    table = metrics.score_columns([np.log(likely)], ["a"], SPEC)
    columns = {name: table[name].to_numpy() for name in table if name.startswith("stat.")}
    assert metrics.bits_per_token(columns) == pytest.approx(1.5)
    assert metrics.perplexity(columns) == pytest.approx(2**1.5)
    # Of five outcomes (unknown, end, a, b, c) a uniform guess loses log 5.
    assert table["loss"].tolist() == pytest.approx([1.5 * log(2) / log(5)])
    assert table["y_hat"].tolist() == ["a|"]
    # In train: 4 a, 3 b, 3 c, 3 ends and 0 unknown, each once more, of 18.
    assert table["baseline_loss"].tolist() == pytest.approx(
        [-(log(5 / 18) + log(4 / 18)) / 2 / log(5)]
    )


def test_a_token_that_train_lacks_is_counted():
    table = metrics.score_columns([np.log(np.full((3, 7), 0.2))], ["ax"], SPEC)
    columns = {name: table[name].to_numpy() for name in table if name.startswith("stat.")}
    assert metrics.unknown_rate(columns) == pytest.approx(1 / 3)


def test_shares_are_kept_of_a_language_alone():
    shares = SPEC.token_shares["x"]
    assert sum(shares) == pytest.approx(1)
    assert shares[texts.PADDING] == shares[texts.START] == 0
    other = DatasetSpec(
        title="", provenance="", files=(), target="", text="text", further={"answer": "target"}
    )
    found = examples_of(["ab"])
    with_answer = Examples(x=found.x, metadata=found.metadata, further={"answer": found.x})
    assert "token_shares" not in infer_data_spec(with_answer, other).as_json()
    assert DataSpec.from_json(SPEC.as_json()) == SPEC


def test_a_data_set_without_text_is_refused():
    with pytest.raises(ValueError, match="language_model needs"):
        language_model.module(torch.nn.Linear(1, 1), FIT, DataSpec(inputs=(3,)))


def fitted(lines, order, spec=None):
    model = n_gram.build(n_gram.Args(order=order), spec or spec_of(lines), 1)
    model.fit(texts.from_texts(lines), None)
    return model


@settings(max_examples=20)
@given(
    train=st.lists(WORDS, min_size=1, max_size=8),
    read=st.lists(st.text("abcx", max_size=6), min_size=1, max_size=3),
    order=st.integers(1, 5),
)
def test_an_n_gram_model_gives_probabilities_whatever_it_reads(train, read, order):
    model = fitted(train, order)
    for line, answer in zip(read, model.predict(texts.from_texts(read)), strict=True):
        found = np.exp(answer)
        assert found.shape == (len(line) + 1, len(model.vocabulary))
        np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-9)
        possible = np.delete(found, [texts.PADDING, texts.START], axis=1)
        assert (possible > 0).all()  # nothing is impossible, what train lacks neither


@settings(max_examples=20)
@given(train=st.lists(WORDS, min_size=1, max_size=8), order=st.integers(1, 4))
def test_a_stored_n_gram_model_answers_the_same(train, order):
    model, spec = fitted(train, order), spec_of(train)
    other = n_gram.build(n_gram.Args(order=order), spec, 1)
    other.restore(model.arrays())
    lines = texts.from_texts([*train, "abcabc"])
    for mine, again in zip(model.predict(lines), other.predict(lines), strict=True):
        np.testing.assert_array_equal(mine, again)


def test_kneser_ney_worked_by_hand():
    # Bigrams of "ab" twice and "cb": Sa 2, ab 2, bE 3, Sc 1, cb 1: one n-gram once (two: Sc, cb),
    # two twice: discount 2 / (2 + 2 * 2) = 1/3. Contexts a token follows: a 1, b 2, c 1, end 1.
    lines = ["ab", "ab", "cb"]
    model, names = fitted(lines, 2), spec_of(lines).vocabularies["x"]
    # Of those 5: once 3, twice 1: discount 3/5; what is taken off is 4 * 3/5 / 5 = 12/25.
    uniform = 1 / 5  # unknown, end, a, b, c
    shorter = {"a": (1 - 0.6) / 5 + 0.48 * uniform, "b": (2 - 0.6) / 5 + 0.48 * uniform}
    first = np.exp(model.predict(texts.from_texts(["a"]))[0][0])
    taken = 2 * (1 / 3) / 3  # two tokens follow the start, in three texts
    assert first[names.index("a")] == pytest.approx((2 - 1 / 3) / 3 + taken * shorter["a"])
    assert first[names.index("b")] == pytest.approx(taken * shorter["b"])


def test_a_longer_memory_helps_where_the_text_has_one():
    # The third letter repeats the first: two letters back, which a bigram does not see.
    rng = np.random.default_rng(1)
    lines = [f"{a}x{a}" for a in rng.choice(list("abc"), 200)]
    spec, held_out = spec_of(lines), ["axa", "bxb", "cxc"]
    nats = []
    for order in (2, 3):
        model = fitted(lines, order, spec)
        table = metrics.score_columns(model.predict(texts.from_texts(held_out)), held_out, spec)
        nats.append(table["stat.nats"].mean())
    assert nats[1] < log(3) / 4 + 0.1 < nats[0]
