"""Latency per example of champion and challenger, measured on the same machine."""

from dataclasses import dataclass

from foursplit.promotion.rules import Check


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Median milliseconds per prediction of a single example, on the machine of the gate."""

    challenger: float
    champion: float | None = None  # None: there is none, or its code has changed
    most: float | None = None  # the bound of params.yaml

    def check(self) -> Check:
        """Check the bound; without one the check passes."""
        holds = self.most is None or self.challenger <= self.most
        champion = "" if self.champion is None else f", the champion {self.champion:.3g} ms"
        bound = "" if self.most is None else f"; the bound is {self.most:.3g} ms"
        numbers = {"challenger_ms": self.challenger}
        if self.champion is not None:
            numbers["champion_ms"] = self.champion
        if self.most is not None:
            numbers["most_ms"] = self.most
        return Check(
            code="latency",
            holds=holds,
            sentence=f"An example takes {self.challenger:.3g} ms here{champion}{bound}.",
            numbers=numbers,
        )
