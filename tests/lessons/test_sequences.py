"""Pages of the fifth deep learning course: their numbers by another way."""

import numpy as np
import pytest

from foursplit_courses.from_scratch.sequence import embedding
from foursplit_courses.lesson_helpers.glove_words import vectors
from foursplit_courses.lessons import word_vectors


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
