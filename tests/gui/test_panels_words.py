"""Numbers in words, marks, toasts, settings, theme."""

import pytest
from PySide6.QtCore import QEvent, QLocale, QSettings, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QLabel, QToolButton, QWidget

from unet_gui.dataset.project import Status
from unet_gui.gui.panels import toast
from unet_gui.gui.panels.marks import chip_pixmap, status_pixmap
from unet_gui.gui.panels.wording import count, duration, score, share, tip
from unet_gui.gui.settings import SETTINGS, Settings
from unet_gui.gui.theme import Theme, ThemeMode, mode_named
from unet_gui.gui.theme.tokens import DARK, LIGHT


def test_markup_in_a_name_is_shown_as_it_is(qtbot, theme):
    assert tip("cell.png") == "cell.png"
    assert tip("<h1>x</h1>\ny & z") == "<span>&lt;h1&gt;x&lt;/h1&gt;<br>y &amp; z</span>"
    host = QWidget()
    qtbot.addWidget(host)
    toaster = toast.Toaster(host, theme)
    toaster.say("<h1>x</h1>")
    words = next(label for label in host.findChildren(QLabel) if label.text())
    assert words.textFormat() == Qt.TextFormat.PlainText


@pytest.fixture
def german():
    before = QLocale()
    QLocale.setDefault(QLocale(QLocale.Language.German))
    yield
    QLocale.setDefault(before)


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (0, 10, ""),
        (1, 0, ""),
        (1, 100000, "< 0.1 %"),
        (5, 1000, "0.5 %"),
        (99, 1000, "9.9 %"),
        (555, 1000, "56 %"),
        (9999, 10000, "99.9 %"),
        (10, 10, "100 %"),
    ],
)
def test_shares(part, whole, text):
    assert share(part, whole) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-3, "0 s"), (0.2, "1 s"), (59, "59 s"), (60, "1 min"), (95, "1 min 35 s"), (900, "15 min")],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_scores():
    assert score(0.8649) == "0.86"
    assert score(None) == score(float("nan")) == "–"


def test_numbers_follow_the_language(german):
    assert score(0.5) == "0,50"
    assert share(5, 1000) == "0,5 %"
    assert count(1234567) == "1.234.567"


def test_each_status_has_a_shape_of_its_own(qapp):
    from dataclasses import replace

    # With all colours the same the drawings must still differ.
    tokens = replace(LIGHT, muted="#000000", accent="#000000", warning="#000000", success="#000000")
    images = [status_pixmap(s, tokens, 16, 2.0).toImage() for s in Status]
    assert all(a != b for i, a in enumerate(images) for b in images[:i])
    assert not chip_pixmap("#ff0000", tokens, 16, 1.0).isNull()


# -- toasts ----------------------------------------------------------------------------------------


@pytest.fixture
def host(qtbot):
    host = QWidget()
    qtbot.addWidget(host)
    host.resize(600, 400)
    host.show()
    return host


def test_toasts_stack_and_go(host, theme, qtbot, monkeypatch):
    monkeypatch.setattr(toast, "SHOWN_MS", 50)
    toaster = toast.Toaster(host, theme)
    toaster.say("one")
    toaster.say("two", level="error")
    toaster.say("two", level="error")
    assert toaster.texts == ["one", "two"]
    boxes = [t.geometry() for t in host.findChildren(toast.Toast)]
    assert not boxes[0].intersects(boxes[1])
    assert all(host.rect().contains(box) for box in boxes)
    for box in host.findChildren(toast.Toast):
        QApplication.sendEvent(box, QEvent(QEvent.Type.Leave))  # wherever the pointer may be
    qtbot.waitUntil(lambda: toaster.texts == [])


def test_a_toast_waits_for_the_pointer(host, theme, qtbot):
    toaster = toast.Toaster(host, theme)
    toaster.say("look")
    box = host.findChild(toast.Toast)
    QApplication.sendEvent(box, QEvent(QEvent.Type.Enter))
    assert not box._timer.isActive()
    QApplication.sendEvent(box, QEvent(QEvent.Type.Leave))
    assert box._timer.isActive()
    box.findChild(QToolButton).click()
    assert toaster.texts == []


def test_only_a_few_toasts_at_once(host, theme):
    toaster = toast.Toaster(host, theme)
    for number in range(5):
        toaster.say(str(number))
    assert toaster.texts == ["2", "3", "4"]
    host.resize(500, 300)


# -- settings --------------------------------------------------------------------------------------


def test_settings_come_back_in_their_kind(qapp):
    values = {
        "window/geometry": b"\x00\x01",
        "paint/brush_size": 33,
        "view/opacity": 0.25,
        "view/outline": True,
        "window/theme": "dark",
        "projects/recent": ("/a", "/b, c"),
    }
    first = Settings()
    for key, value in values.items():
        first.set(key, value)
    first.sync()
    again = Settings()
    assert {key: again.get(key) for key in values} == values


def test_settings_have_defaults_and_survive_nonsense(tmp_path):
    store = QSettings(str(tmp_path / "s.ini"), QSettings.Format.IniFormat)
    store.setValue("paint/brush_size", "many")
    store.setValue("projects/recent", "{")
    settings = Settings(store)
    for setting in SETTINGS:
        assert settings.get(setting.key) == setting.default


def test_recent_projects(qapp):
    settings = Settings()
    for number in range(15):
        settings.remember_project(f"/p{number}")
    settings.remember_project("/p9")
    assert settings.recent_projects()[:3] == ["/p9", "/p14", "/p13"]
    assert len(settings.recent_projects()) == 10
    settings.forget_project("/p14")
    assert "/p14" not in settings.recent_projects()
    assert settings.get("projects/last") == "/p9"


# -- theme -----------------------------------------------------------------------------------------


def luminance(color):
    parts = [c / 255 for c in QColor(color).getRgb()[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a, b):
    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["window", "surface", "raised", "accent_soft"])
@pytest.mark.parametrize("words", ["text", "muted"])
def test_words_can_be_read(tokens, ground, words):
    assert contrast(getattr(tokens, words), getattr(tokens, ground)) >= 4.5


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("words", ["accent", "success", "warning", "danger"])
def test_coloured_words_can_be_read(tokens, words):
    assert contrast(getattr(tokens, words), tokens.surface) >= 4.5
    for fill in (tokens.accent_fill, tokens.accent_hover, tokens.danger_fill):
        assert contrast(tokens.on_accent, fill) >= 4.0


def test_the_theme_recolours_what_it_gave_icons_to(theme, qtbot):
    button = QToolButton()
    qtbot.addWidget(button)
    theme.set_icon(button, "brush", "accent")
    light = button.icon().pixmap(20).toImage()
    with qtbot.waitSignal(theme.changed):
        theme.set_mode(ThemeMode.DARK)
    assert button.icon().pixmap(20).toImage() != light
    assert theme.color("window") == QColor(DARK.window)


def test_a_missing_icon_shows_a_letter(theme):
    drawn = theme.icon("no_such_icon").pixmap(20).toImage()
    assert any(drawn.pixelColor(x, y).alpha() for x in range(20) for y in range(20))


def test_the_theme_of_the_system(qapp):
    theme = Theme(qapp, ThemeMode.SYSTEM)
    theme.set_mode(ThemeMode.DARK)
    theme.set_mode(ThemeMode.SYSTEM)
    assert theme.tokens in (LIGHT, DARK)
    theme.deleteLater()
    qapp.setStyleSheet("")


def test_modes_by_name():
    assert mode_named("dark") is ThemeMode.DARK
    assert mode_named("pink") is ThemeMode.SYSTEM
