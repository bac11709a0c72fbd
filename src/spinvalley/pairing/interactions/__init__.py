"""Interactions: what attracts the pairs of each channel, and how strongly."""

from spinvalley.pairing.interactions.bonds import BondAttraction
from spinvalley.pairing.interactions.momentum import FromMomentum, spin_fluctuation
from spinvalley.pairing.interactions.reduced import Interaction, Reduced

__all__ = ["BondAttraction", "FromMomentum", "Interaction", "Reduced", "spin_fluctuation"]
