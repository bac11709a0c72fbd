"""What every reader returns: the names of the columns, and a way to read some of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from spinvalley.checks import Floats
from spinvalley.experiment.text import Ending


@dataclass(frozen=True)
class Source:
    """One measurement in a file, before its columns are read.

    Args:
        format: name of the format.
        names: headers of the columns.
        units: units that the file states apart from the headers, None where it states none.
        load: reads columns by their numbers, all of one length; what is no number is NaN.
        title: title of the measurement, "" if none.
        header: what the file says about itself, name to text.
        encoding: encoding of its text, "" for a binary file.
        notes: what a reader has to say about the file, each in one sentence.
        cut: where it stops, if that is within a row, so that rows are missing; else "".
        loss: what its end lost, after its name; "" for nothing.
    """

    format: str
    names: tuple[str, ...]
    units: tuple[str | None, ...]
    load: Callable[[Sequence[int]], list[Floats]]
    title: str = ""
    header: dict[str, str] = field(default_factory=dict)
    encoding: str = ""
    notes: tuple[str, ...] = ()
    cut: str = ""
    loss: str = ""

    def ending(self, found: Ending) -> Source:
        """The same with what the end of a text tells."""
        notes = (*self.notes, f"the file {found.doubt}") if found.doubt else self.notes
        return replace(self, notes=notes, cut=found.cut, loss=found.loss)
