"""Deep Q-learning of a lunar landing: returns over episodes, and landings drawn as they happen.

The agents are those that the pipeline trained; the levels were never played in training.

Source: Mnih and others (2015); Ng, MLS C3 W3; Gymnasium 1.4, envs/box2d/lunar_lander.py (the scales
of the state).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from foursplit.core.lesson_figures import Flight, Lesson, Lines, Section, Series, Slider, Table
from foursplit.core.trained_experiment import TrainedExperiment
from foursplit_courses.argument_checks import check_at_least
from foursplit_courses.from_scratch.deep_q import SOLVED_WINDOW

GOOD = 200.0  # mean return at which the game counts as solved
HALF_WIDTH, HALF_HEIGHT = 10.0, 20 / 3  # of the game's window, in its units
PAD_HEIGHT, LEGS = 10 / 3, 0.6  # the landing place, and the craft's legs
N_DRAWN = 200  # steps of a drawn flight at most; more cannot be distinguished


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    seeds_of_levels: tuple[int, ...]  # calm levels to be drawn
    published_episodes: int  # until the course's run had solved it

    def __post_init__(self) -> None:
        check_at_least(self, published_episodes=1)
        if not self.seeds_of_levels:
            raise ValueError("seeds_of_levels: at least one level")


class Played(NamedTuple):
    """A game, step by step: states (step + 1, 8), actions (step,), return, ground (point, 2)."""

    states: np.ndarray
    actions: np.ndarray
    total: float
    ground: np.ndarray


def run(args: Args, trained: TrainedExperiment) -> Lesson:
    """Read the returns of training, and play with the agent that ended best."""
    returns = {seed: np.array(model.returns) for seed, model in trained.models.items()}
    solved = {seed: episodes_until_solved(values) for seed, values in returns.items()}
    best = max(returns, key=lambda seed: float(returns[seed][-SOLVED_WINDOW:].mean()))
    games = {
        level: play(trained.models[best], np.array([level, 0.0, 0.0]))
        for level in args.seeds_of_levels
    }
    landed = sum(game.total >= GOOD for game in games.values())
    known = sorted(n for n in solved.values() if n is not None)
    counts = f", after {', '.join(map(str, known))} episodes" if known else ""
    return Lesson(
        title="A lunar landing",
        lead=(
            f"{len(known)} of {len(solved)} agents reach a mean return of {GOOD:.0f} over "
            f"{SOLVED_WINDOW} episodes{counts}; the course prints {args.published_episodes} for "
            f"its one run. Of {len(games)} levels that it never played, the best agent returns "
            f"{GOOD:.0f} or more on {landed}."
        ),
        sections=(_training(args, returns, solved), _landings(games, best)),
        numbers={
            **{
                f"episodes_until_solved_seed_{seed}": float(n) if n is not None else float("nan")
                for seed, n in solved.items()
            },
            "agents_that_solve_it": len(known),
            "landed_levels": landed,
        },
        source="Mnih and others (2015); Ng, MLS C3 W3",
    )


def episodes_until_solved(returns: np.ndarray) -> int | None:
    """Return the episodes after which the mean of the last 100 is first good; None if never."""
    if len(returns) < SOLVED_WINDOW:
        return None
    good = np.flatnonzero(_running_mean(returns) >= GOOD)
    return int(good[0]) + SOLVED_WINDOW if len(good) else None


def _running_mean(returns: np.ndarray) -> np.ndarray:
    # The sum first: hundredths that are added up round below a mean that is just good.
    return np.convolve(returns, np.ones(SOLVED_WINDOW), mode="valid") / SOLVED_WINDOW


def play(model: Any, level: np.ndarray) -> Played:
    """Play a level without chance actions."""
    env = model.env
    states, actions, total = [np.array(env.reset(level))], [], 0.0
    for _ in range(env.max_steps):
        action = model.agent.act(states[-1])
        state, reward, done = env.step(action)
        states.append(np.array(state))
        actions.append(action)
        total += reward
        if done:
            break
    return Played(np.array(states), np.array(actions), total, ground(env))


def ground(env: Any) -> np.ndarray:
    """Return the surface (point, 2) in the coordinates of the state."""
    edges = [tuple(corner) for area in env.game.sky_polys for corner in area[:2]]
    points = np.array(list(dict.fromkeys(edges)))
    x = (points[:, 0] - HALF_WIDTH) / HALF_WIDTH
    y = (points[:, 1] - PAD_HEIGHT - LEGS) / HALF_HEIGHT
    return np.column_stack([x, y])


def _training(
    args: Args, returns: Mapping[int, np.ndarray], solved: Mapping[int, int | None]
) -> Section:
    curves = tuple(
        Series(
            name=f"seed {seed}",
            x=np.arange(SOLVED_WINDOW, len(values) + 1),
            y=_running_mean(values),
        )
        for seed, values in returns.items()
        if len(values) >= SOLVED_WINDOW
    )
    longest = max(len(values) for values in returns.values())
    goal = Series(name="solved", x=[0, longest], y=[GOOD, GOOD], mark="dashed", group=7)
    first_seed, first = next(iter(returns.items()))
    single = Series(name="", x=np.arange(1, len(first) + 1), y=first, mark="points")
    rows = tuple(
        (
            str(seed),
            "never" if solved[seed] is None else f"{solved[seed]:,}",
            float(values[-SOLVED_WINDOW:].mean()),
            float(values[:SOLVED_WINDOW].mean()),
        )
        for seed, values in returns.items()
    )
    return Section(
        heading="Returns over episodes",
        text=(
            "At first the agent acts by chance, later ever less so. Returns are of training, "
            "chance actions included.",
            f"The course prints {args.published_episodes} episodes until its run was solved, of an "
            "older version of the game and by other settings: the same kind of count, not the "
            "same game.",
        ),
        figures=(
            Lines(
                title=f"Mean return of the last {SOLVED_WINDOW} episodes",
                x_label="episode",
                y_label="return",
                series=(*curves, goal),
            ),
            Lines(
                title=f"Each episode of seed {first_seed}",
                x_label="episode",
                y_label="return",
                series=(single,),
            ),
            Table(
                title="Episodes until solved",
                columns=("seed", "solved after", "mean of the last 100", "mean of the first 100"),
                rows=rows,
            ),
        ),
    )


def _landings(games: Mapping[int, Played], seed: int) -> Section:
    return Section(
        heading="Landings as they happen",
        text=(
            f"The agent of seed {seed} on levels that no agent has trained on, without chance "
            "actions. A level's ground is its own; the place between the flags is not.",
        ),
        figures=(
            Slider(
                title="A landing",
                label="level",
                values=tuple(str(level) for level in games),
                figures=tuple(_flight(level, game) for level, game in games.items()),
            ),
        ),
    )


def _flight(level: int, game: Played) -> Flight:
    n = len(game.actions)
    every = max(1, -(-n // N_DRAWN))
    shown = np.unique(np.append(np.arange(0, n, every), n - 1))
    after = game.states[shown + 1]
    return Flight(
        title=f"Level {level}: return {game.total:.0f} after {n} steps",
        x=after[:, 0],
        y=after[:, 1],
        angle=after[:, 4],
        engine=[int(action) for action in game.actions[shown]],
        ground_x=game.ground[:, 0],
        ground_y=game.ground[:, 1],
        pad_x=(-0.2, 0.2),
        pad_y=-LEGS / HALF_HEIGHT,
        x_range=(-1.0, 1.0),
        y_range=(-0.4, 1.6),
        steps_a_second=50.0 / every,
        caption="Fire shows which engine the agent chose.",
    )
