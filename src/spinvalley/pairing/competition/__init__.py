"""Channels that compete: linearised problem, free energy of several complex amplitudes, minima and transitions."""

from spinvalley.pairing.competition.problem import Competition

__all__ = ["Competition"]
