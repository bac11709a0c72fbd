"""Brillouin-zone integrals with an error estimate, thermal kernels, closed-form spectra, piecewise polynomials."""
