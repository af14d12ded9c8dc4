"""A mixture of Gaussians by expectation and maximisation: usual in more ways than one.

Source: Dempster, Laird and Rubin (1977), "Maximum likelihood from incomplete data via the EM
algorithm"; Ng, CS229 lecture notes 7b and 8.
"""

from dataclasses import dataclass

import numpy as np

from foursplit_courses.from_scratch import kmeans
from foursplit_courses.from_scratch.gaussian_density import Gaussian, cholesky


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixture:
    """Gaussians, and the share of the examples that each is meant for."""

    shares: np.ndarray  # (component,), adding to 1
    parts: tuple[Gaussian, ...]
    likelihoods: tuple[float, ...] = ()  # mean log density before each step

    def log_density(self, x: np.ndarray) -> np.ndarray:
        """Give (example,) logarithms of the mixture's density."""
        return _total(self._joint(x))

    def responsibilities(self, x: np.ndarray) -> np.ndarray:
        """Give (example, component) probabilities that an example came from a component."""
        joint = self._joint(x)
        belongs: np.ndarray = np.exp(joint - _total(joint)[:, None])
        return belongs

    def _joint(self, x: np.ndarray) -> np.ndarray:
        columns = [part.log_density(x) for part in self.parts]
        joint: np.ndarray = np.column_stack(columns) + np.log(self.shares)
        return joint


def fit(
    x: np.ndarray,
    n_components: int,
    *,
    rng: np.random.Generator,
    ridge: float = 1e-6,
    max_steps: int = 200,
    tolerance: float = 1e-3,
) -> Mixture:
    """Fit (example, input) from the clusters of k-means; `ridge`, times each input's variance,
    is added to the variances: no component can shrink to one example.
    """
    x = np.asarray(x, np.float64)
    clusters = kmeans.fit(x, n_components, rng=rng, n_restarts=4)
    belongs = np.eye(n_components)[clusters.labels]
    added = ridge * x.var(axis=0)
    return climb(x, maximise(x, belongs, added), added, max_steps=max_steps, tolerance=tolerance)


def climb(
    x: np.ndarray, start: Mixture, added: np.ndarray, *, max_steps: int, tolerance: float
) -> Mixture:
    """Step from `start` until a step gains less than `tolerance` of mean log density."""
    now, told = start, [float(start.log_density(x).mean())]
    for _ in range(max_steps):
        now = maximise(x, now.responsibilities(x), added)
        told.append(float(now.log_density(x).mean()))
        if told[-1] - told[-2] < tolerance:
            break
    return Mixture(shares=now.shares, parts=now.parts, likelihoods=tuple(told))


def maximise(x: np.ndarray, belongs: np.ndarray, added: np.ndarray) -> Mixture:
    """Fit each component to the examples by (example, component) `belongs`; `added`, (input,),
    goes to every variance.

    Raises ValueError where a component has lost all its examples or its covariance is singular.
    """
    weight = belongs.sum(axis=0)
    if (weight < 1e-10).any():
        raise ValueError(f"component {int(weight.argmin())}: no example belongs to it; ask fewer")
    parts = []
    for k in range(belongs.shape[1]):
        mean = belongs[:, k] @ x / weight[k]
        away = x - mean
        covariance = (belongs[:, k, None] * away).T @ away / weight[k] + np.diag(added)
        parts.append(Gaussian(mean=mean, factor=cholesky(covariance)))
    return Mixture(shares=weight / weight.sum(), parts=tuple(parts))


def _total(joint: np.ndarray) -> np.ndarray:
    """Add (example, component) probabilities that are given as logarithms."""
    top = joint.max(axis=1)
    total: np.ndarray = top + np.log(np.exp(joint - top[:, None]).sum(axis=1))
    return total
