"""An analysis as plain numbers and texts: the one source of the page and of the JSON file."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from spinvalley.experiment.bootstrap import Samples
from spinvalley.experiment.comparison import Candidate, Window
from spinvalley.experiment.fitted import Fit
from spinvalley.experiment.intervals import Interval
from spinvalley.experiment.sweeps import Sweep
from spinvalley.reports import words
from spinvalley.reports.measured import Measured, rows

if TYPE_CHECKING:
    from spinvalley.reports.analysis import Analysis
    from spinvalley.reports.judged import Joint, Judged


def document(analysis: Analysis) -> dict[str, Any]:
    """Everything: summary, Tc, critical fields, fits and ranking, data, settings, provenance."""
    told: dict[str, Any] = {
        "title": words.title([source.name for source in analysis.sources]),
        "synthetic": any("SYNTHETIC" in source.title for source in analysis.sources),
        "tc": list(analysis.tc),
        "hall": analysis.carriers.document() if analysis.carriers else None,
        "lines": [_line(one) for one in analysis.judged],
        "joint": [_joint(one) for one in analysis.joints],
        "data": [_data(one) for one in analysis.measured],
        "settings": analysis.options.document(),
        "provenance": {
            "spinvalley": analysis.version,
            "date": analysis.date,
            "files": [asdict(source) for source in analysis.sources],
            "selected": dict(analysis.selected or {}),
        },
    }
    return {"summary": list(words.summary(told)), **told}


def _line(one: Judged) -> dict[str, Any]:
    line = one.line
    best = one.best
    return {
        "name": line.name,
        "channel": line.channel,
        "orientation": line.orientation,
        "variable": line.variable,
        "T": line.T,
        "tc": line.tc,
        "sources": list(line.sources),
        "points": {name: line.table[name].tolist() for name in line.table.columns},
        "problem": one.problem,
        "rules": list(one.rules),
        "best": best.name if best else None,
        "best_likely": best.fit.likely if best and best.fit else None,
        "models": [_model(one, c) for c in (one.comparison.candidates if one.comparison else ())],
        "windows": {name: _window(window) for name, window in one.windows.items()},
    }


def _model(one: Judged, candidate: Candidate) -> dict[str, Any]:
    found = candidate.fit
    if found is None:
        return {"name": candidate.name, "fitted": False, "problem": candidate.problem}
    fits = [c.fit.aicc for c in one.fitted if c.fit is not None]
    return {
        "name": candidate.name,
        "fitted": True,
        "admissible": found.admissible,
        "status": str(found.status),
        "likely": found.likely,
        "points": int(found.batch.sigma.size),
        **_fit(found, one.intervals.get(candidate.name, {})),
        "bootstrap": _samples(one.bootstraps.get(candidate.name)),
        "posterior": _samples(one.posteriors.get(candidate.name)),
        "delta_aicc": found.aicc - min(fits),
        "left_out": candidate.left_out,
        "runs": candidate.runs,
        "zero": _zero(one.zero.get(candidate.name)),
        "verdicts": [{"text": v.text, "holds": v.holds} for v in found.verdicts],
    }


def _fit(found: Fit, intervals: Any) -> dict[str, Any]:
    units = {p.name: p.unit for p in found.batch.problem.free}
    names = sorted(found.params, key=lambda name: name in found.known)  # what is known beforehand stands last
    return {
        "parameters": [_parameter(name, found.params[name], units[name], intervals.get(name)) for name in names],
        "fixed": found.fixed,
        "known": {name: list(pair) for name, pair in found.known.items()},
        "chi2": found.chi2,
        "dof": found.dof,
        "outliers": found.outliers,
        "bulk": list(found.bulk),
        "aicc": found.aicc,
        "scale": found.scale,
        "stretch": found.stretch,
        "others": list(found.others),
    }


def _parameter(name: str, value: float, unit: str, interval: Interval | None) -> dict[str, Any]:
    plain = {"name": name, "value": value, "unit": unit}
    if interval is None:
        return plain | {
            "lower": None,
            "upper": None,
            "kind": "none",
            "level": None,
            "text": words.quantity(value, unit),
        }
    return plain | {
        "lower": interval.lower,
        "upper": interval.upper,
        "kind": interval.kind,
        "level": interval.level,
        "bounds": list(interval.bounds),
        "solved": interval.solved,
        "text": words.interval(interval),
    }


def _samples(found: Samples | None) -> dict[str, Any] | None:
    """Intervals of resamples, and how far they may be trusted."""
    if found is None:
        return None
    return {
        "kind": found.kind,
        "sets": len(found.sets),
        "failed": found.failed,
        "status": str(found.status),
        "caution": found.caution,
        "acceptance": found.acceptance,
        "autocorrelation": found.autocorrelation,
        "intervals": {name: list(found.interval(name)) for name in found.names},
        "medians": dict(zip(found.names, np.median(found.sets, axis=0).tolist(), strict=True)),
    }


def _zero(zero: tuple[float, float, float] | None) -> dict[str, float] | None:
    return None if zero is None else dict(zip(("B", "low", "high"), zero, strict=True))


def _window(window: Window) -> dict[str, Any]:
    table = window.table.replace([np.inf, -np.inf], np.nan)
    return {"low": window.low, "rule": window.rule, "likely": window.likely, "table": table.to_dict("records")}


def _joint(one: Joint) -> dict[str, Any]:
    return {
        "channel": one.channel,
        "low": list(one.low),
        "likely": one.fit.likely,
        **_fit(one.fit, one.intervals),
        "verdicts": [{"text": v.text, "holds": v.holds} for v in one.fit.verdicts],
    }


def _data(one: Measured) -> dict[str, Any]:
    offsets = one.offsets
    return {
        "name": one.name,
        "channels": list(one.channels),
        "unit": str(one.run.data.R.attrs.get("units", "Ohm")),
        "notes": list(one.notes),
        "sweeps": [_sweep(sweep) for sweep in one.sweeps],
        "fields": rows(one.fields),
        "temperatures": rows(one.temperatures),
        "angles": rows(one.angles),
        "rules": words.normal_rules(one.fields, one.temperatures),
        "offsets": [
            {"channel": str(name)} | {key: offsets[key].sel(channel=name).item() for key in offsets.data_vars}
            for name in offsets.channel.values
        ],
    }


def _sweep(sweep: Sweep) -> dict[str, Any]:
    return {
        "kind": sweep.kind,
        "channel": sweep.channel,
        "points": int(sweep.x.size),
        "start": float(sweep.x[0]),
        "stop": float(sweep.x[-1]),
        "T": sweep.T,
        "B": sweep.B,
        "theta": sweep.theta,
        "T_spread": sweep.T_spread,
        "T_drift": sweep.T_drift,
        "T_bend": sweep.T_bend,
        "note": sweep.note,
    }
