"""The panels outside of the page: the same controls and figures in a notebook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import panel as pn

from spinvalley.app.edge import EdgeView
from spinvalley.app.look import Look
from spinvalley.app.material import MaterialView
from spinvalley.app.measured import MeasuredView
from spinvalley.app.phase import PhaseView
from spinvalley.app.studies import StudiesView
from spinvalley.app.view import View


def material_panel(*, dark: bool = False, **values: Any) -> Any:
    """Bands, spin texture and Fermi lines of a material, to be turned by hand.

    Args:
        dark: colours for a dark page.
        **values: values of controls, e.g. model="MoS2", density=8.7 (1e13 cm^-2).

    Returns:
        A Panel object: the last line of a notebook cell shows it.

    Raises:
        InvalidInput: a control that there is not, a value outside its limits.

    >>> import spinvalley as sv
    >>> sv.app.material_panel(model="heterostructure", coupling=0.3)
    FlexBox(...
    """
    return _opened(MaterialView(Look(dark)), values)


def phase_panel(*, dark: bool = False, **values: Any) -> Any:
    """Gap map, critical field and the state at a point.

    Args:
        dark: colours for a dark page.
        **values: values of controls, e.g. model="heterostructure", coupling=0.5.

    Returns:
        A Panel object.

    Raises:
        InvalidInput: a control that there is not, a value outside its limits.
    """
    return _opened(PhaseView(Look(dark)), values)


def edge_panel(*, dark: bool = False, **values: Any) -> Any:
    """Winding number and edge spectrum.

    Args:
        dark: colours for a dark page.
        **values: values of controls, e.g. model="ising-film", picture="half-plane".

    Returns:
        A Panel object.

    Raises:
        InvalidInput: a control that there is not, a value outside its limits.
    """
    return _opened(EdgeView(Look(dark)), values)


def measured_panel(*, dark: bool = False, **values: Any) -> Any:
    """From a measured file to critical fields, fits and a report.

    Args:
        dark: colours for a dark page.
        **values: values of controls, e.g. criterion=0.9.

    Returns:
        A Panel object.

    Raises:
        InvalidInput: a control that there is not, a value outside its limits.
    """
    return _opened(MeasuredView(Look(dark)), values)


def studies_panel(folder: str | Path, *, dark: bool = False) -> Any:
    """The stores of sweeps in a folder.

    Args:
        folder: where the stores are.
        dark: colours for a dark page.

    Returns:
        A Panel object.
    """
    return _opened(StudiesView(Look(dark), Path(folder)), {})


def _opened(view: View, values: dict[str, Any]) -> Any:
    pn.extension("filedropper")
    view.controls.give(values)
    view.set_state({})
    view.open()
    return view.layout
