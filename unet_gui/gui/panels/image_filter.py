"""Those images of the list that match what the person looks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSortFilterProxyModel

from unet_gui.gui.panels.image_model import MATCH, ImageRole

if TYPE_CHECKING:
    from unet_gui.dataset.project import Status
    from unet_gui.gui.panels.image_model import ImageModel


class ImageFilter(QSortFilterProxyModel):
    """Rows of one status whose name holds the words looked for.

    The image at hand stays in the list even when its status has just changed, so that it does not
    vanish under the person's hands. While nothing is looked for, Qt asks Python for no row: that
    would take a while for a hundred thousand.
    """

    def __init__(self, model: ImageModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._status: Status | None = None
        self._words: list[str] = []
        self._kept = ""
        model.matches = self._matches
        self.setFilterRole(ImageRole.MATCHES)
        self.setSourceModel(model)

    def set_status(self, status: Status | None) -> None:
        """Only this status; all when None."""
        self._status = status
        self._refilter()

    def set_words(self, text: str) -> None:
        """Only names with all of these words, in any order and case."""
        self._words = text.casefold().split()
        self._refilter()

    def keep(self, name: str) -> None:
        """Never hide this image by its status."""
        if name != self._kept:
            before, self._kept = self._kept, name
            if self._status is not None:
                self._model.look_again([before, name])

    @property
    def active(self) -> bool:
        """Whether anything may be hidden."""
        return self._status is not None or bool(self._words)

    def source_row(self, row: int) -> int:
        """Where in the whole list this row is."""
        return self.mapToSource(self.index(row, 0)).row()

    def _matches(self, row: int) -> bool:
        name = self._model.name(row)
        if (
            self._status is not None
            and self._model.status(row) is not self._status
            and name != self._kept
        ):
            return False
        folded = name.casefold() if self._words else ""
        return all(word in folded for word in self._words)

    def _refilter(self) -> None:
        was_active = bool(self.filterRegularExpression().pattern())
        if self.active and was_active:
            # The functions made for this are deprecated in, or missing from, one of the versions.
            self.invalidate()
        elif self.active or was_active:
            # Without a pattern Qt takes every row and asks for nothing.
            self.setFilterFixedString(MATCH if self.active else "")
