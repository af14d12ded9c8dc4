"""Gaussian mixture fitted by expectation-maximization (EM).

Source: Dempster, Laird and Rubin (1977), "Maximum likelihood from incomplete data via the EM
algorithm"; Ng, CS229 lecture notes 7b and 8.
"""

from dataclasses import dataclass

import numpy as np

from foursplit_courses.from_scratch import kmeans
from foursplit_courses.from_scratch.gaussian_density import Gaussian, cholesky


@dataclass(frozen=True, slots=True, kw_only=True)
class GaussianMixture:
    """Gaussian components and their mixing weights."""

    weights: np.ndarray  # (component,), sum 1
    components: tuple[Gaussian, ...]
    log_likelihoods: tuple[float, ...] = ()  # mean log density before each step

    def log_density(self, x: np.ndarray) -> np.ndarray:
        """Compute (example,) logarithms of the density."""
        return _log_sum_exp(self._log_joint(x))

    def responsibilities(self, x: np.ndarray) -> np.ndarray:
        """Compute (example, component) posterior probabilities of the components."""
        joint = self._log_joint(x)
        responsibilities: np.ndarray = np.exp(joint - _log_sum_exp(joint)[:, None])
        return responsibilities

    def _log_joint(self, x: np.ndarray) -> np.ndarray:
        columns = [component.log_density(x) for component in self.components]
        joint: np.ndarray = np.column_stack(columns) + np.log(self.weights)
        return joint


def fit(
    x: np.ndarray,
    n_components: int,
    *,
    rng: np.random.Generator,
    ridge: float = 1e-6,
    max_iter: int = 200,
    tol: float = 1e-3,
) -> GaussianMixture:
    """Fit (example, input), initialized by k-means; `ridge` times the variance of each input
    is added to all variances, so no component can collapse to one example.
    """
    x = np.asarray(x, np.float64)
    clusters = kmeans.fit(x, n_components, rng=rng, n_init=4)
    responsibilities = np.eye(n_components)[clusters.labels]
    reg_covar = ridge * x.var(axis=0)
    return expectation_maximization(
        x, m_step(x, responsibilities, reg_covar), reg_covar, max_iter=max_iter, tol=tol
    )


def expectation_maximization(
    x: np.ndarray, start: GaussianMixture, reg_covar: np.ndarray, *, max_iter: int, tol: float
) -> GaussianMixture:
    """Run EM from `start` until a step improves the mean log density by less than `tol`."""
    mixture, log_likelihoods = start, [float(start.log_density(x).mean())]
    for _ in range(max_iter):
        mixture = m_step(x, mixture.responsibilities(x), reg_covar)
        log_likelihoods.append(float(mixture.log_density(x).mean()))
        if log_likelihoods[-1] - log_likelihoods[-2] < tol:
            break
    return GaussianMixture(
        weights=mixture.weights,
        components=mixture.components,
        log_likelihoods=tuple(log_likelihoods),
    )


def m_step(x: np.ndarray, responsibilities: np.ndarray, reg_covar: np.ndarray) -> GaussianMixture:
    """Fit each component, weighted by (example, component) `responsibilities`; `reg_covar`
    (input,) is added to the variances.

    Raises ValueError if a component has no examples left or its covariance is singular.
    """
    n_effective = responsibilities.sum(axis=0)
    if (n_effective < 1e-10).any():
        raise ValueError(
            f"component {int(n_effective.argmin())}: no example belongs to it; use fewer components"
        )
    components = []
    for k in range(responsibilities.shape[1]):
        mean = responsibilities[:, k] @ x / n_effective[k]
        centered = x - mean
        weighted = responsibilities[:, k, None] * centered
        covariance = weighted.T @ centered / n_effective[k] + np.diag(reg_covar)
        components.append(Gaussian(mean=mean, factor=cholesky(covariance)))
    return GaussianMixture(weights=n_effective / n_effective.sum(), components=tuple(components))


def _log_sum_exp(log_joint: np.ndarray) -> np.ndarray:
    """Compute log(sum(exp(log_joint))) over the components."""
    largest = log_joint.max(axis=1)
    total: np.ndarray = largest + np.log(np.exp(log_joint - largest[:, None]).sum(axis=1))
    return total
