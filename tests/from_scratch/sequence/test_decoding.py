"""Sampling, beam search and CTC against enumeration of everything there is, and PyTorch."""

from itertools import pairwise, product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.from_scratch.slopes import slopes
from torch.nn import functional as F

from foursplit_courses.from_scratch.sequence import beam_search as beams
from foursplit_courses.from_scratch.sequence import clipping, ctc, sampling

SEEDS = st.integers(0, 2**32 - 1)


def log_softmax(z):
    return z - np.logaddexp.reduce(z, axis=-1, keepdims=True)


@settings(max_examples=50)
@given(seed=SEEDS, n=st.integers(1, 8), temperature=st.floats(0.1, 5))
def test_temperature_is_a_softmax_of_scaled_logits(seed, n, temperature):
    logits = np.random.default_rng(seed).normal(0, 3, n)
    found = sampling.token_probabilities(logits, temperature=temperature)
    expected = torch.softmax(torch.from_numpy(logits / temperature), 0)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-15)


@settings(max_examples=50)
@given(seed=SEEDS, n=st.integers(1, 8), k=st.integers(1, 9))
def test_top_k_keeps_the_most_likely_and_their_ratios(seed, n, k):
    logits = np.random.default_rng(seed).normal(0, 3, n)
    whole = sampling.token_probabilities(logits)
    found = sampling.token_probabilities(logits, top_k=k)
    best = np.sort(np.argsort(-whole)[:k])
    np.testing.assert_array_equal(np.flatnonzero(found), best)
    np.testing.assert_allclose(found[best], whole[best] / whole[best].sum(), rtol=1e-12)


@settings(max_examples=100)
@given(seed=SEEDS, n=st.integers(1, 8), p=st.floats(0.01, 1))
def test_the_nucleus_is_the_smallest_set_that_reaches_its_share(seed, n, p):
    logits = np.random.default_rng(seed).normal(0, 2, n)
    whole = sampling.token_probabilities(logits)
    kept = np.flatnonzero(sampling.token_probabilities(logits, top_p=p))
    mass = whole[kept].sum()
    assert mass >= p - 1e-9
    # Without its least likely token it does not reach the share, and no set of that size does.
    assert mass - whole[kept].min() < p or len(kept) == 1
    assert whole[kept].min() >= np.delete(whole, kept).max(initial=0)


def test_draws_have_the_probabilities_of_the_model():
    probabilities, rng = np.array([0.0, 0.7, 0.1, 0.2, 0.0]), np.random.default_rng(1)
    drawn = np.bincount(
        [sampling.draw_token(probabilities, rng) for _ in range(20_000)], minlength=5
    )
    deviation = np.sqrt(20_000 * probabilities * (1 - probabilities))
    assert (np.abs(drawn - 20_000 * probabilities) <= 5 * deviation).all()


def test_a_sequence_stops_at_its_end_or_at_the_longest():
    chain = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])

    def follow(tokens):
        return chain[tokens[-1] if tokens else 0]

    rng = np.random.default_rng(1)
    assert sampling.sample_sequence(follow, rng, end=0, max_length=9) == [1, 2]
    assert sampling.sample_sequence(follow, rng, end=7, max_length=4) == [1, 2, 0, 1]


@pytest.mark.parametrize(
    "wrong", [{"temperature": 0.0}, {"top_k": 0}, {"top_p": 0.0}, {"top_p": 1.5}]
)
def test_settings_that_leave_nothing_are_refused_by_name(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        sampling.token_probabilities(np.zeros(3), **wrong)


def model_of(seed, n_tokens):
    """Return a model whose next token depends on all tokens before it."""

    def next_log_probabilities(tokens):
        drawn = np.random.default_rng([seed, *tokens]).normal(0, 1.5, n_tokens)
        return log_softmax(drawn)

    return next_log_probabilities


def all_answers(n_tokens, end, max_length):
    for length in range(1, max_length + 1):
        for tokens in product(range(n_tokens), repeat=length):
            ends = tokens[-1] == end or length == max_length
            if ends and end not in tokens[:-1]:
                yield tokens


@settings(max_examples=20)
@given(seed=SEEDS, alpha=st.sampled_from([0.0, 0.7, 1.0]))
def test_a_beam_as_wide_as_the_tree_finds_the_best_of_all_answers(seed, alpha):
    model, end = model_of(seed, 3), 0
    found = beams.beam_search(model, end=end, width=27, max_length=3, alpha=alpha)
    scores = {
        tokens: beams.log_probability(tokens, model) / len(tokens) ** alpha
        for tokens in all_answers(3, end, 3)
    }
    assert {answer.tokens for answer in found.answers} == set(scores)
    best = found.answers[0]
    assert best.score(alpha) == pytest.approx(max(scores.values()), abs=1e-12)
    assert scores[best.tokens] == pytest.approx(best.score(alpha), abs=1e-12)


@settings(max_examples=20)
@given(seed=SEEDS)
def test_a_beam_of_one_is_greedy_search(seed):
    model, tokens = model_of(seed, 4), ()
    while len(tokens) < 5 and (not tokens or tokens[-1] != 0):
        tokens = (*tokens, int(model(tokens).argmax()))
    found = beams.beam_search(model, end=0, width=1, max_length=5)
    assert found.answers[0].tokens == tokens
    assert [len(step) for step in found.steps] == [1] * len(tokens)


def test_greedy_search_misses_what_a_beam_of_two_finds():
    # Ng's example: "is going" is a likelier beginning than "is visiting", and a worse sentence.
    table = {(): [0.0, 0.6, 0.4], (1,): [0.3, 0.35, 0.35], (2,): [0.98, 0.01, 0.01]}

    def model(tokens):
        with np.errstate(divide="ignore"):
            return np.log(np.array(table.get(tokens, [1.0, 0.0, 0.0])))

    greedy, wide = (beams.beam_search(model, end=0, width=w, max_length=3, alpha=0) for w in (1, 2))
    assert greedy.answers[0].log_probability == pytest.approx(np.log(0.6 * 0.35))
    assert wide.answers[0].tokens == (2, 0)
    assert wide.answers[0].log_probability == pytest.approx(np.log(0.4 * 0.98))


def test_without_length_normalization_the_shorter_answer_wins():
    # Ending at once has .4; two tokens and then the end .6 * .9 * .45 = .243, .624 a token.
    table = {(): [0.4, 0.6], (1,): [0.1, 0.9], (1, 1): [0.45, 0.55]}

    def model(tokens):
        return np.log(np.array(table[tokens]))

    by_sum, by_mean = (
        beams.beam_search(model, end=0, width=4, max_length=3, alpha=alpha) for alpha in (0, 1)
    )
    assert by_sum.answers[0].tokens == (0,)
    assert len(by_mean.answers[0].tokens) == 3


def paths_of(labels, log_probabilities):
    n_steps, n_tokens = log_probabilities.shape
    for path in product(range(n_tokens), repeat=n_steps):
        if ctc.collapse(path) == tuple(labels):
            yield sum(log_probabilities[step, token] for step, token in enumerate(path))


def possible(labels, n_steps):
    return len(labels) + sum(a == b for a, b in pairwise(labels)) <= n_steps


@settings(max_examples=25)
@given(seed=SEEDS, n_steps=st.integers(1, 5), labels=st.lists(st.integers(1, 2), max_size=3))
def test_ctc_sums_over_every_path(seed, n_steps, labels):
    logits = np.random.default_rng(seed).normal(0, 2, (n_steps, 3))
    if not possible(labels, n_steps):
        with pytest.raises(ValueError, match="steps"):
            ctc.ctc_loss(log_softmax(logits), labels)
        return
    loss, _ = ctc.ctc_loss(log_softmax(logits), labels)
    every = np.logaddexp.reduce(list(paths_of(labels, log_softmax(logits))))
    assert loss == pytest.approx(-every, rel=1e-10, abs=1e-12)


@settings(max_examples=25)
@given(seed=SEEDS, n_steps=st.integers(1, 12), labels=st.lists(st.integers(1, 4), max_size=6))
def test_ctc_is_pytorchs_with_its_gradient(seed, n_steps, labels):
    if not possible(labels, n_steps):
        labels = labels[:1]
    logits = torch.from_numpy(np.random.default_rng(seed).normal(0, 2, (n_steps, 5)))
    logits.requires_grad_()
    log_probabilities = logits.log_softmax(-1)
    expected = F.ctc_loss(
        log_probabilities[:, None], torch.tensor([labels], dtype=torch.long),
        torch.tensor([n_steps]), torch.tensor([len(labels)]), reduction="sum",
    )  # fmt: skip
    expected.backward()
    loss, gradient = ctc.ctc_loss(log_probabilities.detach().numpy(), labels)
    assert loss == pytest.approx(float(expected.detach()), rel=1e-10, abs=1e-12)
    np.testing.assert_allclose(gradient, logits.grad, rtol=1e-9, atol=1e-10)


def test_ctc_matches_central_differences(rng):
    logits, labels = rng.normal(0, 1, (5, 3)), [1, 1, 2]
    slope = slopes(lambda z: ctc.ctc_loss(log_softmax(z), labels)[0], logits)
    gradient = ctc.ctc_loss(log_softmax(logits), labels)[1]
    np.testing.assert_allclose(gradient, slope, rtol=1e-5, atol=1e-7)


@settings(max_examples=15)
@given(seed=SEEDS, n_steps=st.integers(1, 5))
def test_a_wide_prefix_search_has_the_probability_of_every_labelling(seed, n_steps):
    log_probabilities = log_softmax(np.random.default_rng(seed).normal(0, 2, (n_steps, 3)))
    totals = {}
    for path in product(range(3), repeat=n_steps):
        value = sum(log_probabilities[step, token] for step, token in enumerate(path))
        key = ctc.collapse(path)
        totals[key] = np.logaddexp(totals.get(key, -np.inf), value)
    found = dict(ctc.decode_by_prefixes(log_probabilities, width=10_000))
    for labels, total in totals.items():
        assert found[labels] == pytest.approx(total, abs=1e-10)
    assert np.logaddexp.reduce(list(found.values())) == pytest.approx(0, abs=1e-10)


def test_the_best_path_need_not_be_the_best_labelling():
    # Blank .6 twice is the best path (.36); "a" has the paths a-, -a and aa: .64.
    log_probabilities = np.log(np.array([[0.6, 0.4], [0.6, 0.4]]))
    assert ctc.decode_greedily(log_probabilities) == ()
    best, value = ctc.decode_by_prefixes(log_probabilities, width=3)[0]
    assert (best, value) == ((1,), pytest.approx(np.log(0.64)))


def test_a_path_collapses_repetitions_first():
    assert ctc.collapse([0, 1, 1, 0, 1, 2, 2, 0]) == (1, 1, 2)
    assert ctc.collapse([]) == ()
    with pytest.raises(ValueError, match="blank"):
        ctc.ctc_loss(np.log(np.full((3, 2), 0.5)), [0])


@settings(max_examples=50)
@given(seed=SEEDS, limit=st.floats(0.01, 10))
def test_clipping_is_pytorchs_and_keeps_what_it_should(seed, limit):
    rng = np.random.default_rng(seed)
    gradients = [rng.normal(0, 5, size) for size in ((3, 2), (4,))]
    theirs = [torch.nn.Parameter(torch.zeros(g.shape, dtype=torch.float64)) for g in gradients]

    def clipped(by):
        for parameter, gradient in zip(theirs, gradients, strict=True):
            parameter.grad = torch.from_numpy(gradient.copy())
        by(theirs, limit)
        return [parameter.grad.numpy() for parameter in theirs]

    by_value = clipping.clip_by_value(gradients, limit)
    for mine, other in zip(by_value, clipped(torch.nn.utils.clip_grad_value_), strict=True):
        np.testing.assert_array_equal(mine, other)
    by_norm = clipping.clip_by_norm(gradients, limit)
    # PyTorch adds 1e-6 to the norm that it divides by.
    for mine, other in zip(by_norm, clipped(torch.nn.utils.clip_grad_norm_), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-5)
    before, after = clipping.global_norm(gradients), clipping.global_norm(by_norm)
    assert after == pytest.approx(min(limit, before), rel=1e-12)
    for mine, gradient in zip(by_norm, gradients, strict=True):
        np.testing.assert_allclose(mine * before, gradient * after, rtol=1e-9, atol=1e-12)


def test_a_limit_that_is_not_positive_is_refused():
    with pytest.raises(ValueError, match="limit"):
        clipping.clip_by_value([np.ones(2)], 0)
    with pytest.raises(ValueError, match="max_norm"):
        clipping.clip_by_norm([np.ones(2)], -1)
