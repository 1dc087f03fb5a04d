"""The weights that VGG16 learnt from ImageNet: what they are, and their download on consent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFormLayout, QLabel, QPushButton

from unet_gui.core.progress import Progress
from unet_gui.gui.dialogs.job_dialog import JobDialog, muted, wrapped
from unet_gui.gui.theme.tokens import SPACE_L
from unet_gui.gui.theme.widgets import named

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from PySide6.QtWidgets import QWidget

    from unet_gui.gui.theme import Theme

WIDTH: Final = 600
STEPS: Final = 1000
"""Of the bar: a file may have more bytes than a bar can count."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the weights belong, and what is there.

    Attributes:
        path: of the file.
        begun: bytes of an earlier download.
    """

    path: Path
    begun: int = 0

    @property
    def there(self) -> bool:
        return self.path.is_file()


class EncoderDialog(JobDialog):
    """Asks before anything is downloaded; a download can be stopped and gone on with.

    Args:
        parent: the window.
        theme: icons.
        synchronous: at once, for tests.

    Signals:
        fetched: the weights are here now.
    """

    fetched = Signal()

    def __init__(self, parent: QWidget, theme: Theme, *, synchronous: bool = False) -> None:
        super().__init__(parent, theme, "", "encoder", synchronous=synchronous)
        from unet_gui.unet.fetching import IMAGENET

        self.setWindowTitle(self.tr("ImageNet weights"))
        self._place: _Place | None = None
        intro = self._line(
            "encoder_intro",
            self.tr(
                "The learners see images through an encoder. The one that comes with this program "
                "is small and quick. VGG16, which has learnt from a million photographs, sees "
                "more: proposals become better, most of all with photographs, and take longer."
            ),
        )
        self.place = self._line("encoder_place")
        form = QFormLayout()
        form.setHorizontalSpacing(SPACE_L)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(self.tr("From"), self._line("encoder_source", IMAGENET.url))
        form.addRow(
            self.tr("Size"),
            self._line(
                "encoder_size",
                self.tr("{0} MB, once").format(f"{IMAGENET.nbytes / 1e6:.0f}"),
            ),
        )
        form.addRow(
            self.tr("Licence"),
            self._line(
                "encoder_licence",
                self.tr(
                    "Published by torchvision under BSD 3-clause. Learnt from ImageNet, whose "
                    "photographs are meant for research."
                ),
            ),
        )
        form.addRow(self.tr("Kept in"), self.place)
        self.body.addWidget(intro)
        self.body.addLayout(form)
        self.body.addWidget(
            muted(
                self.tr(
                    "Nothing is sent but the request for this one file. It is checked before use."
                ),
                small=True,
            )
        )
        self.body.addStretch()
        self.fetch_button = named(QPushButton(self.tr("Download")), "encoder_fetch")
        self.fetch_button.setProperty("primary", True)
        self.fetch_button.clicked.connect(self._fetch)
        self.buttons.addWidget(self.fetch_button)
        self.setMinimumWidth(WIDTH)
        self._check()
        layout = self.layout()
        assert layout is not None
        self.resize(WIDTH, layout.totalHeightForWidth(WIDTH))  # a guess makes it twice as high
        self.work("look", _look_job, self._on_looked, on_item=lambda _: None)

    @staticmethod
    def _line(name: str, text: str = "") -> QLabel:
        label = wrapped(name)
        label.setText(text)
        label.setVisible(bool(text))
        return label

    def _on_looked(self, place: _Place) -> None:
        self._place = place
        self.place.setText(str(place.path))
        self.place.setVisible(True)
        if place.there:
            self.say(self.tr("They are on this computer already, and used."), "good")
        self._check()

    def _fetch(self) -> None:
        self.work("fetch", _fetch_job, self._on_fetched, on_error=lambda _: self._look_again())

    def _on_fetched(self, path: Path) -> None:
        self._place = _Place(path)
        self._check()
        self.say(
            self.tr(
                "Downloaded and verified. The instant learner sees with them from now on; a round "
                "keeps the encoder that it began with."
            ),
            "good",
        )
        self.fetched.emit()

    def stopped(self) -> None:
        self.say(self.tr("Stopped. What has come is kept for the next time."), "warning")
        self._look_again()

    def _look_again(self) -> None:
        if self._place is not None:
            self._place = _found(self._place.path)
        self._check()

    def show_progress(self, progress: Progress) -> None:
        share = progress.done * STEPS // max(1, progress.total)
        super().show_progress(Progress(share, STEPS, progress.text))

    def working_changed(self, working: bool) -> None:
        del working
        self._check()

    def _check(self) -> None:
        place = self._place
        self.fetch_button.setVisible(place is None or not place.there)
        self.fetch_button.setEnabled(place is not None and not self.busy)
        begun = place is not None and place.begun > 0
        self.fetch_button.setText(self.tr("Go on downloading") if begun else self.tr("Download"))


def _found(path: Path) -> _Place:
    from unet_gui.unet.fetching import begun

    return _Place(path, begun(path))


def _look_job() -> Generator[None, None, _Place]:
    yield
    from unet_gui.unet.weights import imagenet_path  # torch takes seconds to load

    return _found(imagenet_path())


def _fetch_job() -> Generator[Progress, None, Path]:
    from unet_gui.unet.weights import fetch_imagenet

    return (yield from fetch_imagenet())
