"""Starts the window: puts the parts together, opens what was asked for, ends cleanly.

Qt is imported inside the functions, so that missing system libraries become one plain sentence.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtWidgets import QApplication

    from unet_gui.gui.main_window import MainWindow
    from unet_gui.gui.session import Session
    from unet_gui.gui.state import ViewState

__all__ = ["create", "run"]

logger = logging.getLogger(__name__)

INTERRUPTED = 130

HANDOVER = 0.0001
"""Seconds a background thread may go on in Python while another waits for its turn. A move of a
brush gives its turn away a dozen times; Python's own choice would make each of them cost 5 ms."""


def create(argv: Sequence[str]) -> tuple[QApplication, MainWindow]:
    """Build the window, with a project open in it; `window.show()` brings it up.

    Opens the project or folder that `argv` names, else the last project, at the very first start
    the sample project. Predicting begins when the window is shown.

    Args:
        argv: the program's name, and perhaps a project or folder.

    Returns:
        The application, an existing one if there is one, and the window.

    Raises:
        UnetGuiError: there is no display, or Qt's system libraries are missing.
    """
    app = _application(argv)
    sys.setswitchinterval(HANDOVER)
    from unet_gui.gui.app.translation import install_translations
    from unet_gui.gui.finetuning import FineTuning
    from unet_gui.gui.instant import InstantService
    from unet_gui.gui.main_window import MainWindow
    from unet_gui.gui.mask_watch import MaskWatcher
    from unet_gui.gui.prediction import PredictionService
    from unet_gui.gui.session import Session
    from unet_gui.gui.settings import Settings
    from unet_gui.gui.state import ViewState
    from unet_gui.gui.survey import Survey
    from unet_gui.gui.theme import Theme, mode_named

    install_translations(app)
    settings = Settings()
    theme = Theme(app, mode_named(settings.get("window/theme")))
    session, state = Session(), ViewState()
    _protect(session, state)
    watcher = MaskWatcher(session)
    prediction = PredictionService(session)
    instant = InstantService(session, settings)
    # Both begin when the window is on the screen; the round in use gives way while it is worse.
    prediction.reloaded.connect(instant.restart)
    instant.proposing.connect(prediction.leave_to)
    prediction.stopped.connect(instant.shutdown)
    finetuning = FineTuning(session)
    window = MainWindow(session, state, prediction, finetuning, theme=theme, settings=settings)
    window.commands["instant"].setChecked(instant.enabled)
    window.instant_switched.connect(instant.set_enabled)
    instant.judged.connect(window.learner.show_standing)
    survey = Survey(session, instant)
    window.queue.wanted.connect(survey.want)
    survey.looked.connect(window.queue.note_doubt)
    window.data_flows.encoder_fetched.connect(instant.begin_anew)
    # Behind the widgets in the list of children, hence deleted after them.
    for part in (theme, session, state, prediction, instant, finetuning, watcher, survey):
        part.setParent(window)
    app.aboutToQuit.connect(window.shutdown)
    _open_first(window, list(argv[1:]))
    return app, window


def run(argv: Sequence[str]) -> int:
    """Show the window until it is closed.

    Returns:
        0, or 130 after Ctrl-C.

    Raises:
        UnetGuiError: as `create`.
    """
    app, window = create(argv)
    from unet_gui.gui.app.collector import Collector
    from unet_gui.gui.app.incidents import Incidents, InterruptWatch

    collector = Collector(lambda: window.session.stroking, window)
    incidents = Incidents(window, window.flows.errors.show)
    incidents.install()
    interrupts = InterruptWatch(window)
    try:
        window.show()
        logger.info("ready")
        code = app.exec()
    finally:
        interrupted = interrupts.interrupted
        interrupts.remove()
        incidents.remove()
        window.shutdown()
        collector.stop()
    return INTERRUPTED if interrupted else code


def _application(argv: Sequence[str]) -> QApplication:
    if "PySide6.QtWidgets" in sys.modules:
        from PySide6.QtWidgets import QApplication

        existing = QApplication.instance()
        if existing is not None:
            return cast("QApplication", existing)
    from unet_gui.gui.app.platform_check import paint_alone, platform_ready

    paint_alone()
    with platform_ready():
        from PySide6.QtWidgets import QApplication

        app = QApplication(list(argv))
    from unet_gui.gui.theme.icons import app_icon

    app.setApplicationName("unet-gui")
    app.setApplicationDisplayName("U-Net GUI")
    app.setDesktopFileName("unet-gui")
    app.setWindowIcon(app_icon())
    return app


def _protect(session: Session, state: ViewState) -> None:
    """Painting heeds what is locked; another project begins without locks and hidden classes."""

    def protect() -> None:
        session.set_protection(state.protection)

    state.class_view_changed.connect(protect)
    state.options_changed.connect(protect)
    session.project_closed.connect(state.reset_classes)


def _open_first(window: MainWindow, words: list[str]) -> None:
    """What the person sees first. Only what they asked for by name may fail loudly."""
    settings = window.settings
    if words:
        window.flows.open_path(Path(words[0]).absolute())
        return
    last = settings.get("projects/last")
    if last and Path(last).is_dir():
        window.flows.open_path(last)
    elif last:
        window.toaster.say(window.tr("{0} is not there any more.").format(last))
    elif not settings.recent_projects():
        window.flows.open_sample()
