"""Mean fields beside the gap: density and magnetisation of a contact interaction; mu at fixed density."""

from spinvalley.pairing.hartree_fock.fields import MeanFields
from spinvalley.pairing.hartree_fock.sampler import MeanFieldSampler

__all__ = ["MeanFieldSampler", "MeanFields"]
