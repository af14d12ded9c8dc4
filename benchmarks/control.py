"""How fast our agent learns beside a plain loop of PyTorch's, as tutorials write it.

The same world, the same sizes of everything, the same steps and updates; only the agent differs.
`PYTHONPATH=src python benchmarks/control.py`.
"""

import argparse
import copy
import json
import random
import statistics
import sys
import time
from collections import deque
from itertools import pairwise
from pathlib import Path
from typing import Any

from foursplit.core import reproducible_env

RESULTS = Path(__file__).parent / "results"
KERNELS, THREADS = "portable", 1  # as in params.yaml
STEPS, REPEATS = 6000, 5
EPSILON = 0.1  # of both, all along
HEAD = "world   update every  plain steps/s  ours steps/s  ratio"


def main() -> int:
    """Print a line a case and keep them; 1 if ours is not faster everywhere."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the results")
    parser.add_argument("--quick", action="store_true", help="one repeat: does it run at all?")
    given = parser.parse_args()
    reproducible_env.configure_environment(KERNELS, THREADS)
    print(HEAD)
    rows = []
    for name, every in (("cart", 2), ("cart", 4), ("lander", 2), ("lander", 4)):
        rows.append(race(name, every, 1 if given.quick else REPEATS))
        row = rows[-1]
        print(
            f"{name:<7} {every:>12} {row['plain_steps_per_s']:>14,.0f}"
            f" {row['ours_steps_per_s']:>13,.0f} {row['ratio']:>6.2f}",
            flush=True,
        )
    given.out.mkdir(parents=True, exist_ok=True)
    result = {"clock": "CPU time", "steps": STEPS, "repeats": REPEATS, "cases": rows}
    (given.out / "control.json").write_text(json.dumps(result, indent=1) + "\n")
    return 0 if all(row["ratio"] > 1 for row in rows) else 1


def race(name: str, every: int, repeats: int) -> dict[str, Any]:
    """Time both in turns, so that a busy machine slows both; medians of steps a second."""
    import numpy as np
    import torch

    from foursplit_courses.envs.environments import make_env
    from foursplit_courses.from_scratch.deep_q import Agent, DQNConfig

    torch.set_num_threads(THREADS)
    settings = DQNConfig(update_every=every)
    found: dict[str, list[float]] = {"plain": [], "ours": []}
    for repeat in range(repeats):
        for who, kind in (("plain", plain_agent()), ("ours", Agent)):
            game = make_env(name)
            agent = kind(game.n_state, game.n_actions, settings, np.random.default_rng(repeat))
            found[who].append(speed(agent, game))
            late = settings.batch_size // every - 1  # until a batch is there
            assert updates(agent) == seen(agent) // every - late, "not the same work"
    plain, ours = (statistics.median(found[who]) for who in ("plain", "ours"))
    return {
        "world": name,
        "update_every": every,
        "plain_steps_per_s": plain,
        "ours_steps_per_s": ours,
        "ratio": ours / plain,
    }


def speed(agent: Any, game: Any) -> float:
    """Give steps a second of CPU time, of playing, remembering and learning together."""
    import numpy as np

    from foursplit_courses.from_scratch.deep_q import run_episode

    start, seed = time.process_time(), 0
    while seen(agent) < STEPS:
        seed += 1
        run_episode(agent, game, np.array([seed, 0.0, 0.0]), EPSILON)
    return seen(agent) / (time.process_time() - start)


def seen(agent: Any) -> int:
    return agent.memory.n_pushed if hasattr(agent.memory, "n_pushed") else agent.seen


def updates(agent: Any) -> int:
    return agent.adam.steps if hasattr(agent, "adam") else agent.updates


def plain_agent() -> type[Any]:
    """Give the agent of a tutorial: a deque of tuples, two modules, autograd, Adam."""
    import numpy as np
    import torch
    from torch import nn

    class Plain:
        def __init__(self, n_state: int, n_actions: int, settings: Any, rng: Any) -> None:
            torch.manual_seed(int(rng.integers(2**31)))
            self.dice = random.Random(int(rng.integers(2**31)))
            self.settings, self.n_actions = settings, n_actions
            sizes = (n_state, *settings.hidden)
            hidden = [module for a, b in pairwise(sizes) for module in (nn.Linear(a, b), nn.ReLU())]
            self.net = nn.Sequential(*hidden, nn.Linear(sizes[-1], n_actions))
            self.target = copy.deepcopy(self.net)
            self.steps = torch.optim.Adam(self.net.parameters(), lr=settings.learning_rate)
            self.memory: deque[Any] = deque(maxlen=settings.buffer_size)
            self.seen = self.updates = 0

        def act(self, state: Any, epsilon: float) -> int:
            if self.dice.random() < epsilon:
                return self.dice.randrange(self.n_actions)
            with torch.no_grad():
                return int(self.net(torch.from_numpy(state).unsqueeze(0)).argmax(dim=1).item())

        def observe(self, *step: Any) -> None:
            self.memory.append(step)
            self.seen += 1
            given = self.settings
            if self.seen % given.update_every == 0 and len(self.memory) >= given.batch_size:
                self.learn(self.dice.sample(self.memory, given.batch_size))

        def learn(self, batch: Any) -> None:
            self.updates += 1
            states, actions, rewards, following, ended = zip(*batch, strict=True)
            with torch.no_grad():
                best = self.target(torch.from_numpy(np.stack(following))).max(dim=1).values
                over = torch.tensor(ended, dtype=torch.float32)
                gained = torch.tensor(rewards, dtype=torch.float32)
                targets = gained + self.settings.discount * (1 - over) * best
            values = self.net(torch.from_numpy(np.stack(states)))
            taken = values.gather(1, torch.tensor(actions)[:, None])[:, 0]
            loss = nn.functional.mse_loss(taken, targets)
            self.steps.zero_grad()
            loss.backward()
            self.steps.step()
            share = self.settings.tau
            with torch.no_grad():
                for follower, leader in zip(
                    self.target.parameters(), self.net.parameters(), strict=True
                ):
                    follower.mul_(1 - share).add_(share * leader)

    return Plain


if __name__ == "__main__":
    sys.exit(main())
