"""The warning of a model that is used outside the range where its parameters hold."""

from __future__ import annotations


class ValidityWarning(UserWarning):
    """A number outside the range of validity of a model; the text states the limit and where it comes from."""
