"""A file from the browser: at most so many bytes, one at a time, its name not trusted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from panel.widgets import FileDropper

_PIECE: Final = 4_000_000  # bytes of one message


class _Capped(FileDropper):  # type: ignore[misc]
    """Panel's FileDropper, which counts what arrives: the browser's own limit is only its word."""

    _most = 0
    _refuse: Callable[[str], None] | None = None

    def _process_event(self, event: Any) -> None:
        data = event.data
        if event.event_name == "upload_event":
            name = data["name"]
            if data["chunk"] == 1:
                self._file_buffer.clear()
            held = sum(len(piece) for piece in self._file_buffer.get(name, ())) + len(data["data"])
            if held > self._most or (data["chunk"] > 1 and name not in self._file_buffer):
                self._file_buffer.clear()
                if self._refuse is not None:
                    self._refuse(too_large(self._most))
                return
        super()._process_event(event)


class Dropper:
    """Where a file is dropped or chosen.

    Args:
        take: called with its name and content.
        refuse: called with a sentence where it is too large.
        most: bytes.
    """

    def __init__(self, take: Callable[[str, bytes], None], refuse: Callable[[str], None], most: int) -> None:
        self._take = take
        self.widget = _Capped(
            multiple=False, max_file_size=f"{most // 1_000_000}MB", chunk_size=_PIECE, previews=[], layout="compact",
            sizing_mode="stretch_width", height=84, margin=(4, 8),
        )  # fmt: skip
        self.widget._most, self.widget._refuse = most, refuse
        self.widget.param.watch(self._changed, "value")

    def _changed(self, event: Any) -> None:
        if not event.new:
            return
        name, content = list(event.new.items())[-1]
        self._take(str(name), content.encode() if isinstance(content, str) else bytes(content))


def too_large(most: int) -> str:
    """The sentence about a file above the limit."""
    return f"the file must be at most {most // 1_000_000} MB, but is larger: cut it, or use `spinvalley analyse`"
