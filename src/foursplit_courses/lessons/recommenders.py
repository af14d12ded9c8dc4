"""Recommending films: learnt features, genres as features, and new users and films.

Source: Ng, MLS C3 W2 (collaborative and content-based filtering).
"""

from dataclasses import dataclass

import numpy as np

from foursplit.core.lesson_figures import Lesson, Lines, Section, Series, Table
from foursplit.core.seeds import generator
from foursplit_courses.argument_checks import check_at_least
from foursplit_courses.from_scratch.cold_start import (
    BIAS_L2,
    NOISE_FLOOR,
    RATING_COUNTS,
    Curves,
    TrainedRecommender,
    first_count_ahead,
    mean_absolute_error,
    new_film_errors,
    new_user_errors,
    predict_all_items,
    with_genres,
)
from foursplit_courses.from_scratch.factorization import (
    L2,
    Factors,
    Ratings,
    als_step,
    cost,
    gradient,
    gradient_step,
    init_factors,
    predict,
)
from foursplit_courses.from_scratch.ranking import ndcg, retrieval_and_ranking_error
from foursplit_courses.from_scratch.synthetic_ratings import (
    RatingWorld,
    make_rating_world,
    sample_ratings,
)

GENRES = ("comedy", "documentary", "drama", "thriller")
N_LIST = 10  # films of a top list
AWAY = -10.0  # below every score


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    seed: int = 1
    n_users: int = 300
    n_films: int = 120
    n_new: int = 50  # users, and as many films, that come after training
    density: float = 0.3  # fraction of all pairs that were rated
    rank: int = 8
    l2: float = 3.0
    noise: float = 0.5  # standard deviation in stars

    def __post_init__(self) -> None:
        check_at_least(self, n_users=60, n_films=60, n_new=5, rank=1)
        if not 0 < self.density < 1:
            raise ValueError(f"density: {self.density} must be between 0 and 1")
        if min(self.l2, self.noise) <= 0:
            raise ValueError(f"l2, noise: {self.l2}, {self.noise} must be above 0")


def run(args: Args) -> Lesson:
    """Train on known users and films, then evaluate on new ones."""
    rng = generator("recommenders", args.seed)
    n_known, n_new = (args.n_users, args.n_films), (args.n_new, args.n_new)
    world = make_rating_world(n_known, n_new, len(GENRES), args.noise, rng)
    train, held_out = sample_ratings(world, args.density, rng)
    l2 = L2(features=args.l2, biases=BIAS_L2)
    start = init_factors(train, args.rank, rng)
    factors, als_costs = train_als(start, train, l2, 15)
    recommender = with_genres(world, train, factors, l2)
    users, films = new_user_errors(recommender, rng), new_film_errors(recommender, rng)
    lists = top_lists(recommender)
    held_out_error = mean_absolute_error(
        predict(factors, held_out.user, held_out.item), held_out.value
    )
    mean = mean_absolute_error(np.full(len(held_out.value), factors.mean), held_out.value)
    crossing = first_count_ahead(films)
    return Lesson(
        title="Recommending films to known and new users",
        lead=(
            "Features learnt from ratings alone predict held-out ratings within "
            f"{held_out_error:.2f} "
            f"stars, where the mean is off by {mean:.2f}. Of a film that nobody has rated they say "
            f"nothing, and genres do; from {crossing} ratings on the learnt features are better."
        ),
        sections=(
            _descent(start, train, l2, als_costs),
            _choice(train, held_out, args),
            _plane(recommender),
            _cold(users, films),
            _list_of_one(recommender),
            _ranking(lists, users),
        ),
        numbers={
            "held_out_error": held_out_error,
            "mean_error": mean,
            "new_film_by_genre": float(films["genres given"][0]),
            "new_film_by_features": float(films["features learnt"][0]),
            "new_user_by_features_after_5": float(users["features learnt"][RATING_COUNTS.index(5)]),
            "list_error": lists["features learnt"],
            "list_error_by_mean": lists["biases alone"],
        },
        source="Ng, MLS C3 W2; Zhou et al. (2008), section 3.1",
    )


def train_als(
    factors: Factors, ratings: Ratings, l2: L2, n_iter: int
) -> tuple[Factors, list[float]]:
    """Run ALS; return the factors, and the cost before each iteration and after the last."""
    costs = [cost(factors, ratings, l2)]
    for _ in range(n_iter):
        factors = als_step(factors, ratings, l2)
        costs.append(cost(factors, ratings, l2))
    return factors, costs


def top_lists(recommender: TrainedRecommender) -> dict[str, float]:
    """Compute 1 - nDCG of new users' lists of unrated films, from ten ratings each."""
    world, half, first = recommender.world, recommender.world.n_films // 2, np.arange(10)
    ratings = world.ratings[world.n_users :, : world.n_films]
    bias_only = recommender.factors.item_bias[half:]
    retrieved = bias_only >= np.sort(bias_only)[-2 * N_LIST]
    errors = dict.fromkeys(("biases alone", *recommender.methods(), "retriever", "ranker"), 0.0)
    for user_ratings in ratings:
        relevance = user_ratings[half:]
        predictions = {
            name: predict_all_items(factors, first, user_ratings[first], method_l2)[half:]
            for name, (factors, method_l2) in recommender.methods().items()
        }
        for name, prediction in {"biases alone": bias_only, **predictions}.items():
            errors[name] += (1 - ndcg(relevance, prediction, N_LIST)) / len(ratings)
        error_split = retrieval_and_ranking_error(
            relevance, predictions["features learnt"], retrieved, N_LIST
        )
        errors["retriever"] += error_split[0] / len(ratings)
        errors["ranker"] += error_split[1] / len(ratings)
    return errors


def _descent(start: Factors, train: Ratings, l2: L2, als_costs: list[float]) -> Section:
    factors, costs = start, [als_costs[0]]
    for _ in range(60):
        factors = gradient_step(factors, gradient(factors, train, l2), LEARNING_RATE)
        costs.append(cost(factors, train, l2))
    figure = Lines(
        title="Cost on the ratings that are learnt from",
        x_label="steps of gradient descent, or sweeps over both sides",
        y_label="cost",
        series=(
            Series(name="gradient descent on both sides", x=np.arange(len(costs)), y=costs),
            Series(name="each side solved in turn", x=np.arange(len(als_costs)), y=als_costs),
        ),
        log_y=True,
    )
    return Section(
        heading="Both sides are unknown; with one side fixed it is a regression",
        text=(
            "A rating is the mean, how mild the user is, how good the film is, and a product of "
            "features that nobody wrote down. Were the films' features known, each user would be a "
            "ridge regression; were the users' known, each film. Solving the two in turn lowers "
            "the cost with every sweep; descent takes both at once, in smaller steps.",
        ),
        figures=(figure,),
    )


LEARNING_RATE = 0.004
"""Of gradient descent: films with a hundred ratings make the cost steep; larger steps diverge."""


def _choice(train: Ratings, held_out: Ratings, args: Args) -> Section:
    strengths = np.array([0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 15.0])
    series, train_errors = [], []
    for rank in (1, 2, args.rank):
        errors = []
        for strength in strengths:
            l2 = L2(features=float(strength), biases=BIAS_L2)
            start = init_factors(train, rank, generator("recommenders: choice", args.seed, rank))
            factors, _ = train_als(start, train, l2, 6)
            errors.append(
                mean_absolute_error(predict(factors, held_out.user, held_out.item), held_out.value)
            )
            if rank == args.rank:
                prediction = predict(factors, train.user, train.item)
                train_errors.append(mean_absolute_error(prediction, train.value))
        series.append(Series(name=f"{rank} features, held out", x=strengths, y=errors))
    series.append(
        Series(
            name=f"{args.rank} features, train", x=strengths, y=train_errors, mark="dashed", group=2
        )
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
            "With few features the model cannot represent tastes: bias. With many and no "
            "penalty it learns each rating with its noise: the gap between train and held-out "
            "ratings of the same users is variance. The penalty trades one for the other.",
        ),
        figures=(figure,),
    )


def _plane(recommender: TrainedRecommender) -> Section:
    world, features = recommender.world, recommender.factors.items
    centered = features - features.mean(axis=0)
    _, _, axes = np.linalg.svd(centered, full_matrices=False)
    projected = np.pad(centered, ((0, 0), (0, 1))) @ np.pad(axes, ((0, 1), (0, 1)))[:2].T
    genre_ids = world.genre[: len(features)].argmax(axis=1)
    figure = Lines(
        title="Films by their learnt features",
        x_label="first principal component",
        y_label="second principal component",
        series=tuple(
            Series(
                name=name,
                x=projected[genre_ids == genre_id, 0],
                y=projected[genre_ids == genre_id, 1],
                mark="points",
            )
            for genre_id, name in enumerate(GENRES)
        ),
        caption="Genres were not used in training; the plane shows mainly the latent factors.",
    )
    length = np.linalg.norm(features, axis=1)
    similarity = features @ features.T / (length[:, None] * length)
    np.fill_diagonal(similarity, AWAY)
    rows = [
        (
            _name(world, film),
            *(
                f"{_name(world, i)} ({similarity[film, i]:.2f})"
                for i in np.argsort(-similarity[film])[:3]
            ),
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
    """Name a film by its genre and its number within the genre."""
    genre_ids = world.genre.argmax(axis=1)
    return f"{GENRES[genre_ids[film]]} {np.count_nonzero(genre_ids[: film + 1] == genre_ids[film])}"


def _cold(users: Curves, films: Curves) -> Section:
    return Section(
        heading="The cold start",
        text=(
            "Features of known films say much about a new user from the first ratings on. A new "
            "film is another matter: it has a genre before anyone has seen it, and learnt features "
            "only from those who have.",
            "On the four splits: train and train-dev share users and time, so their gap is "
            "variance. Dev and test are later, with new users and new films: the gap between "
            "train-dev and dev is the cold start, and the slices by history say so.",
        ),
        figures=(
            _curves("Error for a new user, on other films", "ratings that the user gave", users),
            _curves("Error on a new film, for other users", "ratings that the film got", films),
        ),
    )


def _curves(title: str, x_label: str, curves: Curves) -> Lines:
    bias_only = ("biases alone", NOISE_FLOOR)
    return Lines(
        title=title,
        x_label=x_label,
        y_label="mean distance in stars",
        series=tuple(
            Series(name=name, x=RATING_COUNTS, y=y, mark="dashed" if name in bias_only else "line")
            for name, y in curves.items()
        ),
        caption="Only the new user or film is solved for; all other factors stay fixed.",
    )


def _list_of_one(recommender: TrainedRecommender) -> Section:
    world = recommender.world
    genre_ids = world.genre[: world.n_films].argmax(axis=1)
    liked = np.flatnonzero(genre_ids == GENRES.index("thriller"))[:3]
    disliked = np.flatnonzero(genre_ids == GENRES.index("documentary"))[:2]
    train_set = np.r_[liked, disliked]
    stars = np.r_[[5.0, 5.0, 4.5][: len(liked)], [1.0, 1.5][: len(disliked)]]
    columns = []
    for factors, method_l2 in recommender.methods().values():
        prediction = predict_all_items(factors, train_set, stars, method_l2)
        prediction[train_set] = AWAY
        columns.append(
            [(_name(world, i), round(float(prediction[i]), 2)) for i in np.argsort(-prediction)]
        )
    rows = [
        (rank_index + 1, *columns[1][rank_index], *columns[0][rank_index])
        for rank_index in range(N_LIST)
    ]
    rated = Table(
        title="Five ratings of a new user",
        columns=("film", "stars"),
        rows=tuple((_name(world, i), float(s)) for i, s in zip(train_set, stars, strict=True)),
    )
    table = Table(
        title="The resulting list",
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
    count_index = RATING_COUNTS.index(12)
    methods = ("biases alone", "genres given", "features learnt")
    table = Table(
        title=f"Error of the list of {N_LIST}, from ten ratings",
        columns=("by", f"1 - nDCG@{N_LIST}", "rating error after 12 (stars)"),
        rows=tuple(
            (name, round(lists[name], 4), round(float(users[name][count_index]), 3))
            for name in methods
        ),
    )
    error_split = Table(
        title="Errors of retriever and ranker",
        columns=("step", f"share of the best list's gain lost at {N_LIST}"),
        rows=(
            (f"retriever: the {2 * N_LIST} films best liked by all", round(lists["retriever"], 4)),
            ("ranker: learnt features order them", round(lists["ranker"], 4)),
        ),
        caption="The best order of the candidates is the ceiling of any ranker.",
    )
    return Section(
        heading="The error of a list",
        text=(
            "A list is judged by user: the gain of its first films, discounted by place, as a "
            "share of the best list's gain. 1 minus that is the error. Nobody but the user "
            "knows the best list, so there is no human level; a desired error replaces it. Where "
            "one step retrieves and another ranks, the best order of the candidates separates "
            "their errors, and the larger one should be improved first.",
        ),
        figures=(table, error_split),
    )
