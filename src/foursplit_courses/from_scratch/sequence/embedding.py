"""Word vectors: lookup and its gradient, similarity, analogies, and removing a direction.

Axes: `n_tokens` rows of a table, `n` numbers each.

Source: Ng, DLS C5 W2; Mikolov, Yih and Zweig (2013), Linguistic regularities in continuous space
word representations; Bolukbasi et al. (2016), Man is to computer programmer as woman is to
homemaker?
"""

from collections.abc import Collection

import numpy as np
from jaxtyping import Float, Int

Table = Float[np.ndarray, "n_tokens n"]
Vector = Float[np.ndarray, " n"]
Ids = Int[np.ndarray, "..."]


def one_hot(ids: Int[np.ndarray, " batch"], n_tokens: int) -> Float[np.ndarray, "batch n_tokens"]:
    """Return a row for each id with a one in its place."""
    rows: np.ndarray = (ids[:, None] == np.arange(n_tokens)).astype(np.float64)
    return rows


def embed(ids: Ids, table: Table) -> Float[np.ndarray, "... n"]:
    """Return each id's row: the product of its one-hot row and the table, without the product."""
    return table[ids]


def embed_backward(d: Float[np.ndarray, "... n"], ids: Ids, n_tokens: int) -> Table:
    """Add up each row's gradient; an id that occurs twice gets both."""
    gradient = np.zeros((n_tokens, d.shape[-1]), d.dtype)
    np.add.at(gradient, ids.ravel(), d.reshape(-1, d.shape[-1]))
    return gradient


def cosine_similarity(a: Vector, b: Vector) -> float:
    """Compute the cosine of the angle between two vectors; 0 where one of them is zero."""
    lengths = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / lengths if lengths else 0.0


def cosine_similarities(table: Table, v: Vector) -> Float[np.ndarray, " n_tokens"]:
    """Compute the cosine between each row and `v`; 0 where one of them is zero."""
    lengths = np.linalg.norm(table, axis=1) * np.linalg.norm(v)
    products: np.ndarray = table @ v
    return np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)


def analogy(table: Table, a: int, b: int, c: int, excluded: Collection[int] = ()) -> int:
    """Return the row d for which d - c points most nearly where b - a does: a is to b as c to d.

    Rows in `excluded` are no answers; the row c itself never is.
    """
    scores = cosine_similarities(table - table[c], table[b] - table[a])
    scores[[c, *excluded]] = -np.inf
    return int(scores.argmax())


def project(v: Vector, direction: Vector) -> Vector:
    """Return the part of `v` along a direction."""
    return (v @ direction) / (direction @ direction) * direction


def neutralize(v: Vector, direction: Vector) -> Vector:
    """Return `v` without its part along a direction, such as that of gender."""
    return v - project(v, direction)


def equalize(a: Vector, b: Vector, direction: Vector) -> tuple[Vector, Vector]:
    """Return two vectors that differ along a direction alone, each of length 1.

    Off the direction both are what `a` and `b` have in common; along it they lie on either side of
    zero. The shared part must not be longer than 1, which holds for vectors of length 1.
    """
    common = neutralize((a + b) / 2, direction)
    along = project(a - b, direction) / 2  # half of what separates them
    rest, length = 1 - float(common @ common), float(np.linalg.norm(along))
    if rest < 0:
        raise ValueError(f"the shared part is {1 - rest:.4g} long, squared: scale a and b to 1")
    if not length:
        raise ValueError(
            "a and b do not differ along the direction: nothing says which side is whose"
        )
    side = np.sqrt(rest) / length * along
    return common + side, common - side
