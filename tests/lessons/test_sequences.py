"""Pages of the fifth deep learning course: their numbers by another way."""

import numpy as np
import pytest
from tests.from_scratch.slopes import slopes

from foursplit_courses.from_scratch.sequence import embedding
from foursplit_courses.lesson_helpers.glove_words import vectors
from foursplit_courses.lessons import gradients_through_time, sampling_names, word_vectors


@pytest.fixture(scope="module")
def words():
    return word_vectors.run(word_vectors.Args()).numbers


def test_the_words_have_the_published_cosine(words):
    # DLS C5 W2, printed by its notebook of 2021.
    assert words["cosine_father_mother"] == pytest.approx(0.8909038442893615, abs=1e-15)
    table = vectors()
    assert {len(vector) for vector in table.values()} == {50}
    assert all(np.isfinite(vector).all() for vector in table.values())
    assert words["analogies_right"] == len(word_vectors.QUESTIONS)


def test_an_equal_pair_lies_evenly_and_was_not_even_before(words):
    assert words["father_after"] == pytest.approx(-words["mother_after"], abs=1e-12)
    assert abs(words["father_before"] + words["mother_before"]) > 0.1


def test_man_and_woman_at_length_1_are_even_before_they_are_equalized():
    table = vectors()
    man, woman = (table[word] / np.linalg.norm(table[word]) for word in ("man", "woman"))
    pair = embedding.equalize(man, woman, woman - man)
    np.testing.assert_allclose(pair, (man, woman), atol=1e-12)


@pytest.fixture(scope="module")
def through_time():
    args = gradients_through_time.Args(steps=30, units=16, repeats=5, scales=(0.5, 1.5))
    return gradients_through_time.run(args).numbers


def test_a_gradient_vanishes_as_the_power_of_the_weights_and_gates_keep_it(through_time):
    # The slope of tanh only takes away.
    assert 0.5**29 * 0.1 < through_time["plain_0.5"] < 0.5**29
    assert through_time["plain_1.5"] > 1
    for layer in ("lstm", "gru"):
        assert through_time[layer] < 1e-3 < 0.05 < through_time[f"{layer}_open"]


def test_clipping_by_value_turns_the_gradient(through_time):
    assert through_time["cosine_by_value"] < 0.99


@pytest.mark.parametrize(
    ("args", "name"),
    [({"steps": 1}, "steps"), ({"scales": ()}, "scales"), ({"limits": (0,)}, "limits")],
)
def test_settings_that_show_nothing_are_refused(args, name):
    with pytest.raises(ValueError, match=name):
        gradients_through_time.Args(**args)


def test_the_model_learns_and_cold_draws_repeat_themselves():
    args = sampling_names.Args(units=16, epochs=2, n_drawn=20, temperatures=(0.1, 3.0))
    numbers = sampling_names.run(args).numbers
    assert numbers["loss_last"] < numbers["loss_first"] < np.log(30)
    assert numbers["different_0.1"] < numbers["different_3"] == 1


def test_the_written_gradients_are_those_of_differences():
    rng, n, n_tokens = np.random.default_rng(1), 3, 4
    shapes = ((n_tokens, 3 * n), (n, 3 * n), (3 * n,), (3 * n,), (n, n_tokens), (n_tokens,))
    parameters = [rng.normal(size=shape) for shape in shapes]
    ids, counts = sampling_names._encode(["ab", "cba"], "|abc")
    assert ids.T.tolist() == [[0, 1, 2, 0, 0], [0, 3, 2, 1, 0]]
    assert counts.T.tolist() == [[1, 1, 1, 0], [1, 1, 1, 1]]
    gradients = sampling_names._loss_and_gradients(parameters, ids, counts)[1]
    for place, gradient in enumerate(gradients):

        def cost(value, place=place):
            changed = [*parameters[:place], value, *parameters[place + 1 :]]
            return sampling_names._loss_and_gradients(changed, ids, counts)[0]

        np.testing.assert_allclose(gradient, slopes(cost, parameters[place]), rtol=1e-5, atol=1e-8)
