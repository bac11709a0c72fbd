"""Reports: measured files in, one self-contained page with figures, tables and verdicts out."""

from spinvalley.reports.analysis import Analysis, analyse, analyse_table
from spinvalley.reports.devices import dome_of
from spinvalley.reports.options import Options

__all__ = ["Analysis", "Options", "analyse", "analyse_table", "dome_of"]
