import gc

from PySide6.QtCore import QObject
from shiboken6 import delete

from unet_gui.gui.listeners import Listeners


class Ear(QObject):
    def __init__(self, heard):
        super().__init__()
        self._heard = heard

    def hear(self, told):
        self._heard.append(told)


def test_everybody_is_told_in_turn_until_disconnected():
    listeners, heard = Listeners(), []
    ear = Ear(heard)
    listeners.connect(ear.hear)
    known = listeners.connect(lambda told: heard.append(-told))
    listeners.emit(1)
    listeners.disconnect(ear.hear)
    listeners.emit(2)
    listeners.disconnect(known)
    listeners.emit(3)
    assert heard == [1, -1, -2]


def test_what_is_gone_is_not_told():
    listeners, heard = Listeners(), []
    forgotten, deleted = Ear(heard), Ear(heard)
    listeners.connect(forgotten.hear)
    listeners.connect(deleted.hear)
    delete(deleted)
    del forgotten
    gc.collect()
    listeners.emit(1)
    assert heard == []


def test_who_disconnects_while_told_hears_no_more():
    listeners, heard = Listeners(), []

    def once(told):
        heard.append(told)
        listeners.disconnect(once)

    listeners.connect(once)
    listeners.connect(heard.append)
    listeners.emit(1)
    listeners.emit(2)
    assert heard == [1, 1, 2]
