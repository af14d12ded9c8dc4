"""Foursplit: experiments that say where the error comes from and what to try next."""

__version__ = "0.1.0"
