"""Pairing channels: on-site and bond form factors, singlet and triplet, and what the point group calls them."""

from spinvalley.pairing.channels.form import Channel, superposition

__all__ = ["Channel", "superposition"]
