"""Recommending films: features learnt from ratings, features given by genre, and strangers.

Source: Ng, MLS C3 W2 (collaborative and content-based filtering).
"""

from dataclasses import dataclass

import numpy as np

from foursplit.core.lesson_figures import Lines, Section, Series, Study, Table
from foursplit.core.seeds import generator
from foursplit_courses.from_scratch.cold_start import (
    BIAS_L2,
    RATING_COUNTS,
    NOISE_FLOOR,
    Curves,
    TrainedRecommender,
    first_count_ahead,
    mean_absolute_error,
    predict_all_items,
    new_film_errors,
    new_user_errors,
    with_genres,
)
from foursplit_courses.from_scratch.factorization import (
    Factors,
    L2,
    Ratings,
    als_step,
    init_factors,
    cost,
    gradient_step,
    gradient,
    predict,
)
from foursplit_courses.from_scratch.ranking import ndcg, retrieval_and_ranking_error
from foursplit_courses.from_scratch.synthetic_ratings import RatingWorld, make_rating_world, sample_ratings

GENRES = ("comedy", "documentary", "drama", "thriller")
N_LIST = 10  # films of a top list
AWAY = -10.0  # below every score


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    seed: int = 1
    n_users: int = 300
    n_films: int = 120
    n_strangers: int = 50  # users, and as many films, that come after training
    density: float = 0.3  # share of all pairs that were rated
    rank: int = 8
    penalty: float = 3.0
    noise: float = 0.5  # stars: what the same person would say another day

    def __post_init__(self) -> None:
        for name, least in (("n_users", 60), ("n_films", 60), ("n_strangers", 5), ("rank", 1)):
            if getattr(self, name) < least:
                raise ValueError(f"{name}: {getattr(self, name)} must be at least {least}")
        if not 0 < self.density < 1:
            raise ValueError(f"density: {self.density} must be between 0 and 1")
        if min(self.penalty, self.noise) <= 0:
            raise ValueError(f"penalty, noise: {self.penalty}, {self.noise} must be above 0")


def run(args: Args) -> Study:
    """Train on what is known, then let strangers come: users first, then films."""
    rng = generator("recommenders", args.seed)
    known, new = (args.n_users, args.n_films), (args.n_strangers, args.n_strangers)
    world = make_rating_world(known, new, len(GENRES), args.noise, rng)
    train, held = sample_ratings(world, args.density, rng)
    penalty = L2(features=args.penalty, biases=BIAS_L2)
    start = init_factors(train, args.rank, rng)
    learnt, by_sweep = trained(start, train, penalty, 15)
    state = with_genres(world, train, learnt, penalty)
    users, films = new_user_errors(state, rng), new_film_errors(state, rng)
    lists = top_lists(state)
    reached = mean_absolute_error(predict(learnt, held.user, held.item), held.value)
    mean = mean_absolute_error(np.full(len(held.value), learnt.mean), held.value)
    crossing = first_count_ahead(films)
    return Study(
        title="Recommending films to friends and strangers",
        lead=(
            f"Features learnt from ratings alone answer held-out ratings within {reached:.2f} "
            f"stars, where the mean is off by {mean:.2f}. Of a film that nobody has rated they say "
            f"nothing, and genres do; from {crossing} ratings on the learnt features are ahead."
        ),
        sections=(
            _descent(start, train, penalty, by_sweep),
            _choice(train, held, args),
            _plane(state),
            _cold(users, films),
            _list_of_one(state),
            _ranking(lists, users),
        ),
        numbers={
            "held_out_error": reached,
            "mean_error": mean,
            "new_film_by_genre": float(films["genres given"][0]),
            "new_film_by_features": float(films["features learnt"][0]),
            "new_user_by_features_after_5": float(users["features learnt"][RATING_COUNTS.index(5)]),
            "list_error": lists["features learnt"],
            "list_error_by_mean": lists["biases alone"],
        },
        source="Ng, MLS C3 W2; Zhou et al. (2008), section 3.1",
    )


def trained(
    factors: Factors, ratings: Ratings, penalty: L2, sweeps: int
) -> tuple[Factors, list[float]]:
    """Solve side by side; give the factors and the cost before each sweep and after the last."""
    costs = [cost(factors, ratings, penalty)]
    for _ in range(sweeps):
        factors = als_step(factors, ratings, penalty)
        costs.append(cost(factors, ratings, penalty))
    return factors, costs


def top_lists(state: TrainedRecommender) -> dict[str, float]:
    """Measure 1 - nDCG of strangers' lists of films they have not seen, from ten ratings."""
    world, half, first = state.world, state.world.n_films // 2, np.arange(10)
    said = world.said[world.n_users :, : world.n_films]
    plain = state.learnt.item_bias[half:]
    kept = plain >= np.sort(plain)[-2 * N_LIST]
    found = dict.fromkeys(("biases alone", *state.ways(), "retriever", "ranker"), 0.0)
    for stranger in said:
        truth = stranger[half:]
        guesses = {
            name: predict_all_items(factors, first, stranger[first], by)[half:]
            for name, (factors, by) in state.ways().items()
        }
        for name, guess in {"biases alone": plain, **guesses}.items():
            found[name] += (1 - ndcg(truth, guess, N_LIST)) / len(said)
        parts = retrieval_and_ranking_error(truth, guesses["features learnt"], kept, N_LIST)
        found["retriever"] += parts[0] / len(said)
        found["ranker"] += parts[1] / len(said)
    return found


def _descent(start: Factors, train: Ratings, penalty: L2, by_sweep: list[float]) -> Section:
    stepped, costs = start, [by_sweep[0]]
    for _ in range(60):
        stepped = gradient_step(stepped, gradient(stepped, train, penalty), RATE)
        costs.append(cost(stepped, train, penalty))
    figure = Lines(
        title="Cost on the ratings that are learnt from",
        x_label="steps of gradient descent, or sweeps over both sides",
        y_label="cost",
        series=(
            Series(name="gradient descent on both sides", x=np.arange(len(costs)), y=costs),
            Series(name="each side solved in turn", x=np.arange(len(by_sweep)), y=by_sweep),
        ),
        log_y=True,
    )
    return Section(
        heading="Both sides are unknown, and each alone is a regression",
        text=(
            "A rating is the mean, how mild the user is, how good the film is, and a product of "
            "features that nobody wrote down. Were the films' features known, each user would be a "
            "ridge regression; were the users' known, each film. Solving the two in turn lowers "
            "the cost with every sweep; descent takes both at once, in smaller steps.",
        ),
        figures=(figure,),
    )


RATE = 0.004
"""Of descent: a film of a hundred ratings makes the cost steep, and larger steps overshoot."""


def _choice(train: Ratings, held: Ratings, args: Args) -> Section:
    strengths = np.array([0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 15.0])
    series, at_train = [], []
    for rank in (1, 2, args.rank):
        errors = []
        for strength in strengths:
            penalty = L2(features=float(strength), biases=BIAS_L2)
            start = init_factors(train, rank, generator("recommenders: choice", args.seed, rank))
            found, _ = trained(start, train, penalty, 6)
            errors.append(mean_absolute_error(predict(found, held.user, held.item), held.value))
            if rank == args.rank:
                guess = predict(found, train.user, train.item)
                at_train.append(mean_absolute_error(guess, train.value))
        series.append(Series(name=f"{rank} features, held out", x=strengths, y=errors))
    series.append(
        Series(name=f"{args.rank} features, train", x=strengths, y=at_train, mark="dashed", group=2)
    )
    figure = Lines(
        title="Error over the penalty, by number of features",
        x_label="lambda of the features",
        y_label="mean distance in stars",
        series=tuple(series),
        log_x=True,
    )
    return Section(
        heading="How many features, and how free?",
        text=(
            "With few features the model cannot say what tastes are: bias. With many and no "
            "penalty it learns each rating with its noise: the gap between train and held-out "
            "ratings of the same users is variance. The penalty trades one for the other.",
        ),
        figures=(figure,),
    )


def _plane(state: TrainedRecommender) -> Section:
    world, features = state.world, state.learnt.items
    centred = features - features.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    flat = np.pad(centred, ((0, 0), (0, 1))) @ np.pad(axes, ((0, 1), (0, 1)))[:2].T
    kinds = world.genre[: len(features)].argmax(axis=1)
    figure = Lines(
        title="Films by their learnt features",
        x_label="first principal component",
        y_label="second principal component",
        series=tuple(
            Series(name=name, x=flat[kinds == kind, 0], y=flat[kinds == kind, 1], mark="points")
            for kind, name in enumerate(GENRES)
        ),
        caption="Genres were never told; what the plane shows most of are the hidden traits.",
    )
    length = np.linalg.norm(features, axis=1)
    alike = features @ features.T / (length[:, None] * length)
    np.fill_diagonal(alike, AWAY)
    rows = [
        (
            _name(world, film),
            *(f"{_name(world, i)} ({alike[film, i]:.2f})" for i in np.argsort(-alike[film])[:3]),
        )
        for film in range(5)
    ]
    table = Table(
        title="Films alike",
        columns=("film", "first", "second", "third"),
        rows=tuple(rows),
        caption="By the cosine of their features.",
    )
    return Section(
        heading="What was learnt of films",
        text=("Each film ends with a vector. Films near each other are liked by the same people.",),
        figures=(figure, table),
    )


def _name(world: RatingWorld, film: int) -> str:
    """Call a film by its genre and its place there."""
    kinds = world.genre.argmax(axis=1)
    return f"{GENRES[kinds[film]]} {np.count_nonzero(kinds[: film + 1] == kinds[film])}"


def _cold(users: Curves, films: Curves) -> Section:
    return Section(
        heading="The cold start",
        text=(
            "Features of known films say much about a new user from the first ratings on. A new "
            "film is another matter: it has a genre before anyone has seen it, and learnt features "
            "only from those who have.",
            "On the four splits: train and train-dev share users and time, so their gap is "
            "variance. Dev and test are later, with strangers and new films: the gap between "
            "train-dev and dev is the cold start, and the slices by history say so.",
        ),
        figures=(
            _curves("Error for a new user, on other films", "ratings that the user gave", users),
            _curves("Error on a new film, for other users", "ratings that the film got", films),
        ),
    )


def _curves(title: str, x_label: str, curves: Curves) -> Lines:
    plain = ("biases alone", NOISE_FLOOR)
    return Lines(
        title=title,
        x_label=x_label,
        y_label="mean distance in stars",
        series=tuple(
            Series(name=name, x=RATING_COUNTS, y=y, mark="dashed" if name in plain else "line")
            for name, y in curves.items()
        ),
        caption="Only the stranger is solved for; all else stays as it was learnt.",
    )


def _list_of_one(state: TrainedRecommender) -> Section:
    world = state.world
    kinds = world.genre[: world.n_films].argmax(axis=1)
    liked = np.flatnonzero(kinds == GENRES.index("thriller"))[:3]
    disliked = np.flatnonzero(kinds == GENRES.index("documentary"))[:2]
    seen = np.r_[liked, disliked]
    stars = np.r_[[5.0, 5.0, 4.5][: len(liked)], [1.0, 1.5][: len(disliked)]]
    columns = []
    for factors, by in state.ways().values():
        guess = predict_all_items(factors, seen, stars, by)
        guess[seen] = AWAY
        columns.append([(_name(world, i), round(float(guess[i]), 2)) for i in np.argsort(-guess)])
    rows = [(place + 1, *columns[1][place], *columns[0][place]) for place in range(N_LIST)]
    rated = Table(
        title="Five ratings of a new user",
        columns=("film", "stars"),
        rows=tuple((_name(world, i), float(s)) for i, s in zip(seen, stars, strict=True)),
    )
    table = Table(
        title="The list made of them",
        columns=(
            "place",
            "by features learnt",
            "stars (features)",
            "by genres given",
            "stars (genres)",
        ),
        rows=tuple(rows),
    )
    return Section(
        heading="A new user's list",
        text=(
            "Someone likes three thrillers and dislikes two documentaries. Genres say: more "
            "thrillers. The learnt features ask who else liked just these.",
        ),
        figures=(rated, table),
    )


def _ranking(lists: dict[str, float], users: Curves) -> Section:
    at = RATING_COUNTS.index(12)
    ways = ("biases alone", "genres given", "features learnt")
    table = Table(
        title=f"Error of the list of {N_LIST}, from ten ratings",
        columns=("by", f"1 - nDCG@{N_LIST}", "rating error after 12 (stars)"),
        rows=tuple(
            (name, round(lists[name], 4), round(float(users[name][at]), 3)) for name in ways
        ),
    )
    parts = Table(
        title="Where a list in two steps loses",
        columns=("step", f"share of the best list's gain lost at {N_LIST}"),
        rows=(
            (f"retriever: the {2 * N_LIST} films best liked by all", round(lists["retriever"], 4)),
            ("ranker: learnt features order them", round(lists["ranker"], 4)),
        ),
        caption="The best order of what was retrieved is the ceiling of any ranker.",
    )
    return Section(
        heading="The error of a list",
        text=(
            "A list is judged by user: the gain of its first films, discounted by place, as a "
            "share of what the best list gains. 1 less that is the error. Nobody but the user "
            "knows the best list, so there is no human level; a desired error stands in. Where "
            "one step retrieves and another ranks, the best order of what was retrieved parts "
            "their errors, and the larger one is worked on first.",
        ),
        figures=(table, parts),
    )
