"""Interactions: what attracts the pairs of each channel, and how strongly."""

from spinvalley.pairing.interactions.reduced import Interaction, Reduced

__all__ = ["Interaction", "Reduced"]
