"""From text to text: padding changes nothing, no look ahead, and edits are counted as by hand."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from foursplit.config.fit import TrainerConfig
from foursplit.core.examples import DataSpec
from foursplit.data import texts
from foursplit.evaluation.metrics import sequence_to_sequence as metrics
from foursplit.tasks import sequence_to_sequence
from foursplit.training import initial_weights
from foursplit.training.batches import collate
from foursplit_courses.models import encoder_decoder

TOKENS = (*texts.SPECIAL, *"abcdef")
SPEC = DataSpec(
    inputs=(),
    tokenizer="characters",
    vocabularies={"x": TOKENS, "answer": TOKENS},
    max_lengths={"x": 6, "answer": 4},
)
FIT = TrainerConfig(seeds=(1,), learning_rate=0.01, max_epochs=1, batch_size=4)
WORDS = st.text("abcdef", min_size=1, max_size=6)


def built(attention=True):
    """Return a task whose head is not near zero, so that answers differ."""
    args = encoder_decoder.Args(attention=attention)
    net = initial_weights.build_with_seed(lambda: encoder_decoder.build(args, SPEC), 3)
    torch.nn.init.normal_(net.head.weight, std=1.0)
    return sequence_to_sequence.module(net, FIT, SPEC).eval()


def batch_of(written, answers):
    """Return the batch of some texts and their answers."""
    ids = [
        texts.to_ids(texts.from_texts(lines), TOKENS, "characters") for lines in (written, answers)
    ]
    before, after = ([texts.START], [texts.END])
    rows = [ids[1].row(n).tolist() for n in range(len(answers))]
    ragged = texts.Ragged.of
    arrays = {
        "x": ids[0],
        "answer_in": ragged([np.array(before + row) for row in rows]),
        "answer_out": ragged([np.array(row + after) for row in rows]),
    }
    return collate(arrays, slice(None))


@pytest.mark.parametrize("attention", [True, False])
@settings(max_examples=25)
@given(st.lists(st.tuples(WORDS, st.text("abcdef", max_size=4)), min_size=2, max_size=4))
def test_a_text_alone_is_answered_as_in_a_batch_of_longer_ones(attention, pairs):
    task = built(attention)
    together = batch_of(*map(list, zip(*pairs, strict=True)))
    with torch.no_grad():
        logits, answers = task(together), task.net.predict(together)
        for n, (written, answer) in enumerate(pairs):
            alone = batch_of([written], [answer])
            mine = task(alone)[0]
            torch.testing.assert_close(mine, logits[n, : len(mine)], rtol=1e-4, atol=1e-4)
            assert texts.from_ids(task.net.predict(alone)[0].numpy(), TOKENS, "characters") == (
                texts.from_ids(answers[n].numpy(), TOKENS, "characters")
            )


def test_no_step_sees_the_tokens_after_it():
    task = built()
    with torch.no_grad():
        one, other = (task(batch_of(["abc"], [answer])) for answer in ("abcd", "abfe"))
    assert torch.equal(one[:, :3], other[:, :3])
    assert not torch.allclose(one[:, 3:], other[:, 3:])


def test_padding_weighs_nothing_in_the_loss():
    task = built()
    short, long = batch_of(["ab"], ["c"]), batch_of(["ab", "abcdef"], ["c", "abcd"])
    with torch.no_grad():
        logits = task(long)
        means = [task.loss(short), task.loss(batch_of(["abcdef"], ["abcd"]))]
        together = task.output_loss(logits, long)
    assert float(together) == pytest.approx(
        (2 * float(means[0]) + 5 * float(means[1])) / 7, abs=1e-5
    )


def test_the_error_is_that_of_the_networks_own_answers():
    task = built()
    written = ["abc", "fed", "a"]
    with torch.no_grad():
        own = task.net.predict(batch_of(written, ["", "", ""])).numpy()
        answers = [texts.from_ids(ids, TOKENS, "characters") for ids in own]
        right = batch_of(written, answers)
        ended = [bool((ids == texts.END).any()) for ids in own]
        error = float(task.output_error(task(right), right))
    assert error == pytest.approx(1 - np.mean(ended))  # an answer without an end is none


def slow_edits(a, b):
    """Return the edit distance by its definition."""
    if not a or not b:
        return len(a) + len(b)
    replaced = slow_edits(a[1:], b[1:]) + (a[0] != b[0])
    return min(replaced, slow_edits(a[1:], b) + 1, slow_edits(a, b[1:]) + 1)


@given(st.text("abc", max_size=5), st.text("abc", max_size=5))
def test_edits_are_those_of_the_definition(a, b):
    assert metrics.edit_distance(a, b) == slow_edits(a, b) == metrics.edit_distance(b, a)


def test_a_table_scores_whole_answers_and_counts_edits():
    known = np.array(["1979-05-03", "ab", ""], dtype=object)
    answers = np.array(["1979-05-03", "b", "c"], dtype=object)
    table = metrics.score_columns(answers, known, SPEC)
    assert table["loss"].tolist() == [0, 1, 1]
    assert table["edit_rate"].tolist() == [0, 0.5, 1]
    assert table["baseline_loss"].tolist() == [1, 1, 0]


def test_a_data_set_without_an_answer_is_refused():
    with pytest.raises(ValueError, match="sequence_to_sequence needs"):
        sequence_to_sequence.module(torch.nn.Linear(1, 1), FIT, DataSpec(inputs=(3,)))
