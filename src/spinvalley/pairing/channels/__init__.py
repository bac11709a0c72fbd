"""Pairing channels: on-site and bond form factors, singlet and triplet, and what the point group calls them."""

from spinvalley.pairing.channels.catalogue import channel, named
from spinvalley.pairing.channels.classification import available, classify, symmetry_adapted
from spinvalley.pairing.channels.form import Channel
from spinvalley.pairing.channels.given import form_factor
from spinvalley.pairing.channels.group import PointGroup, point_group
from spinvalley.pairing.channels.irreps import Irrep
from spinvalley.pairing.channels.operations import Operation
from spinvalley.pairing.channels.portrait import over_zone

__all__ = [
    "Channel",
    "Irrep",
    "Operation",
    "PointGroup",
    "available",
    "channel",
    "classify",
    "form_factor",
    "named",
    "over_zone",
    "point_group",
    "symmetry_adapted",
]
