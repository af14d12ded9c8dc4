"""How long an example takes, champion and challenger measured in turn on the same machine."""

from dataclasses import dataclass

from foursplit.promotion.rules import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Milliseconds of one example answered alone; medians of many, on the machine of the gate."""

    challenger: float
    champion: float | None = None  # None: there is none, or its code is gone
    most: float | None = None  # that params.yaml allows

    def reason(self) -> Reason:
        """Ask that the bound be met; without one there is nothing to break."""
        holds = self.most is None or self.challenger <= self.most
        beside = "" if self.champion is None else f", the champion {self.champion:.3g} ms"
        bound = "" if self.most is None else f"; at most {self.most:.3g} ms are allowed"
        numbers = {"challenger_ms": self.challenger}
        if self.champion is not None:
            numbers["champion_ms"] = self.champion
        if self.most is not None:
            numbers["most_ms"] = self.most
        return Reason(
            code="latency",
            holds=holds,
            sentence=f"An example takes {self.challenger:.3g} ms here{beside}{bound}.",
            numbers=numbers,
        )
