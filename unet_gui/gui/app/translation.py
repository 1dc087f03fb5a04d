"""The person's language, where a translation is there."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from PySide6.QtCore import QLibraryInfo, QLocale, QTranslator

from unet_gui.core.errors import UnetGuiError
from unet_gui.dataset import bundled

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

logger = logging.getLogger(__name__)


def install_translations(app: QApplication, locale: QLocale | None = None) -> list[str]:
    """Load `resources/translations/unet_gui_<language>.qm` and Qt's own words, if they are there.

    Args:
        app: gets the translators; earlier ones of ours are taken away.
        locale: the language; the system's unless given.

    Returns:
        The files that were loaded.
    """
    chosen = locale or QLocale.system()
    if chosen.language() == QLocale.Language.C:
        chosen = QLocale(QLocale.Language.English)
    # Numbers are written the way of the words around them.
    QLocale.setDefault(chosen)
    for old in app.findChildren(QTranslator):
        app.removeTranslator(old)
        old.deleteLater()
    try:
        own = str(bundled.resources() / "translations")
    except UnetGuiError as error:
        logger.warning("%s", error.message)
        return []
    folders = (
        (own, "unet_gui"),
        (QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath), "qtbase"),
    )
    loaded = []
    for folder, stem in folders:
        translator = QTranslator(app)
        if translator.load(chosen, stem, "_", folder):
            app.installTranslator(translator)
            loaded.append(translator.filePath())
        else:
            translator.deleteLater()
    # Buttons of Qt's own dialogs in one language and all the rest in another would look broken.
    if loaded and not any(own in path for path in loaded):
        for translator in app.findChildren(QTranslator):
            app.removeTranslator(translator)
        return []
    return loaded
