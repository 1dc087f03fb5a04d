"""How the program starts and ends: platform, incidents, Ctrl-C, language."""

import logging
import os
import signal
import subprocess
import sys
import threading

import pytest
from PySide6.QtCore import QLocale, QMessageLogContext, QtMsgType
from PySide6.QtWidgets import QApplication, QWidget

from unet_gui.core.errors import UnetGuiError
from unet_gui.gui.app import platform_check, translation
from unet_gui.gui.app.incidents import Incidents, InterruptWatch, log_qt_message
from unet_gui.gui.app.platform_check import platform_ready


@pytest.fixture
def linux(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def ready():
    with platform_ready():
        pass


# -- platform --------------------------------------------------------------------------------------


def test_no_display_is_said_in_words(linux):
    with pytest.raises(UnetGuiError, match="no display"):
        ready()


def test_drawing_into_memory_needs_no_display(linux):
    linux.setenv("QT_QPA_PLATFORM", "offscreen:fontconfig")
    ready()


def test_wayland_needs_no_x_server(linux):
    linux.setenv("WAYLAND_DISPLAY", "wayland-0")
    ready()


@pytest.mark.skipif(sys.platform != "linux", reason="X servers are met on Linux")
def test_a_display_that_does_not_answer(linux):
    linux.setenv("DISPLAY", ":987")
    with pytest.raises(UnetGuiError, match=r":987 does not answer|not installed"):
        ready()


def test_a_missing_library_is_named_with_its_package(linux):
    linux.setenv("DISPLAY", ":987")

    def missing(_name):
        raise OSError("libxcb-cursor.so.0: cannot open shared object file: No such file")

    linux.setattr(platform_check.ctypes, "CDLL", missing)
    with pytest.raises(UnetGuiError) as caught:
        ready()
    assert "libxcb-cursor.so.0 (libxcb-cursor0)" in caught.value.message
    assert "apt-get install" in caught.value.hint


def test_a_missing_library_of_qt_itself(monkeypatch):
    def missing(name):
        raise ImportError("libEGL.so.1: cannot open shared object file: No such file")

    monkeypatch.setattr(platform_check.importlib, "import_module", missing)
    with pytest.raises(UnetGuiError) as caught:
        ready()
    assert "libEGL.so.1 (libegl1)" in caught.value.message


def test_qt_that_is_not_there_at_all(monkeypatch):
    def missing(name):
        raise ImportError("No module named 'PySide6'")

    monkeypatch.setattr(platform_check.importlib, "import_module", missing)
    with pytest.raises(UnetGuiError, match="No module named 'PySide6'"):
        ready()


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="only Linux tells which cores")
@pytest.mark.parametrize(("cores", "alone"), [({3}, "1"), ({0, 1}, None)])
def test_one_core_paints_alone(monkeypatch, cores, alone):
    monkeypatch.delenv("QT_NO_GUI_THREADPOOL", raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: cores)
    with monkeypatch.context() as inner:
        inner.setattr(os, "environ", dict(os.environ))
        platform_check.paint_alone()
        assert os.environ.get("QT_NO_GUI_THREADPOOL") == alone


# -- incidents -------------------------------------------------------------------------------------


@pytest.fixture
def told(qtbot):
    host = QWidget()
    qtbot.addWidget(host)
    told = []
    incidents = Incidents(host, lambda error, details: told.append((error, details)))
    incidents.install()
    yield told
    incidents.remove()


def raised(error):
    try:
        raise error
    except type(error):
        return sys.exc_info()


def test_what_nobody_foresaw_is_told_in_words_and_logged(told, caplog):
    with caplog.at_level(logging.CRITICAL):
        sys.excepthook(*raised(ZeroDivisionError("by zero")))
    ((error, details),) = told
    assert "Something went wrong" in error.message
    assert "ZeroDivisionError: by zero" in details
    assert "not foreseen" in caplog.text


def test_an_error_made_for_people_is_told_as_it_is(told):
    sys.excepthook(*raised(UnetGuiError("The disk is full.", "Make room.")))
    ((error, details),) = told
    assert (error.message, details) == ("The disk is full.", "")


def test_a_thread_that_fails_is_told_on_the_gui_thread(told, qtbot):
    thread = threading.Thread(target=int, args=("ten",))
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: len(told) == 1)
    assert "ValueError" in told[0][1]


def test_an_interrupt_is_no_incident(told):
    sys.excepthook(*raised(KeyboardInterrupt()))
    assert told == []


def test_messages_of_qt_go_into_the_log(caplog):
    with caplog.at_level(logging.DEBUG, logger="unet_gui.qt"):
        log_qt_message(QtMsgType.QtWarningMsg, QMessageLogContext(), "odd")
    assert "odd" in caplog.text


@pytest.mark.skipif(os.name == "nt", reason="signals to oneself end the process there")
def test_ctrl_c_closes_the_window(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    watch = InterruptWatch(window)
    os.kill(os.getpid(), signal.SIGINT)
    qtbot.waitUntil(lambda: not window.isVisible())
    watch.remove()
    assert watch.interrupted


# -- language --------------------------------------------------------------------------------------


def test_without_a_translation_the_words_stay_english(qapp):
    before = QLocale()
    try:
        assert translation.install_translations(qapp, QLocale("eo")) == []
        assert translation.install_translations(qapp, QLocale("eo")) == []
    finally:
        QLocale.setDefault(before)


def test_the_locale_without_language_counts_like_english(qapp):
    before = QLocale()
    try:
        translation.install_translations(qapp, QLocale.c())
        assert QLocale().toString(1234567) == "1,234,567"
    finally:
        QLocale.setDefault(before)


# -- the whole process -----------------------------------------------------------------------------

START = """
import sys, time
from PySide6.QtCore import QTimer
from unet_gui.gui import app

real = app.create

def create(argv):
    application, window = real(argv)
    assert "torch" not in sys.modules, "the window must open before torch is loaded"
    QTimer.singleShot(0, window.close)
    return application, window

app.create = create
sys.exit(app.run(["unet-gui", *sys.argv[1:]]))
"""


def test_it_starts_without_torch_and_ends_with_the_window(tiny_project):
    done = subprocess.run(
        [sys.executable, "-c", START, str(tiny_project.root)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert "assert" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("moment", [160, 1500])
def test_closing_while_the_network_is_loaded(tiny_project, moment):
    script = START.replace("(0, window", f"({moment}, window")
    done = subprocess.run(
        [sys.executable, "-c", script, str(tiny_project.root)],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


def test_an_application_that_is_there_already_is_used(open_window, tiny_project, qapp):
    window = open_window(tiny_project.root)
    assert QApplication.instance() is qapp
    assert window.theme.parent() is window
