"""Pages of the fifth deep learning course: their numbers by another way."""

import numpy as np
import pytest
from tests.from_scratch.slopes import slopes

from foursplit_courses.from_scratch.sequence import embedding
from foursplit_courses.lesson_helpers.glove_words import vectors
from foursplit_courses.lessons import (
    attention_steps,
    beam_search_tree,
    gradients_through_time,
    sampling_names,
    word_vectors,
)


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


def test_attention_without_scale_gives_nearly_all_to_one_word_and_none_ahead():
    numbers = attention_steps.run(attention_steps.Args()).numbers
    assert numbers["own_share_without_scale"] > 0.99 > 0.9 > numbers["own_share"]
    assert numbers["largest_share_ahead"] == 0
    assert numbers["products_of_a_distance_differ_by"] == 0
    assert numbers["product_at_0"] == pytest.approx(16)  # 16 pairs of a sine and a cosine


def test_a_wide_beam_finds_the_most_probable_of_all_names_and_a_narrow_one_does_not():
    names = ["a b", "a c", "a d", "e", "e"]
    model = beam_search_tree.word_model(names)
    # a begins 3 of 5 names and each of its ends has a third: .2; e begins 2 and ends: .4.
    answers = {
        width: beam_search_tree._search(beam_search_tree.Args(), model, width, 0.0).answers[0]
        for width in (1, 2)
    }
    assert model.text(answers[2].tokens).split()[0] == "e"
    assert np.exp(answers[2].log_probability) == pytest.approx(0.4)
    assert np.exp(answers[1].log_probability) == pytest.approx(0.2)
    np.testing.assert_allclose(model.shares.sum(axis=1), 1)


def test_on_colour_names_wider_beams_find_no_less():
    found = [*beam_search_tree.run(beam_search_tree.Args()).numbers.values()]
    assert found == sorted(found)
    assert found[0] < found[-1]


@pytest.mark.parametrize(
    ("lesson", "args", "name"),
    [
        (beam_search_tree, {"width": 0}, "width"),
        (beam_search_tree, {"widths": ()}, "widths"),
        (beam_search_tree, {"alphas": ()}, "alphas"),
        (attention_steps, {"n_numbers": 1}, "n_numbers"),
        (sampling_names, {"temperatures": (0.0,)}, "temperatures"),
        (sampling_names, {"top_p": 0.0}, "top_p"),
    ],
)
def test_arguments_that_show_nothing_are_refused(lesson, args, name):
    with pytest.raises(ValueError, match=name):
        lesson.Args(**args)
