import os
import subprocess
import sys
import threading

import pytest

from unet_gui.gui.background import PROCESS, THREAD, send_to_background, stay_in_background

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="niceness is a thing of Unix")


def test_a_process_in_the_background_gives_way_and_so_do_its_threads():
    code = (
        "import os, threading; input(); seen = []\n"
        "t = threading.Thread(target=lambda: seen.append(os.getpriority(os.PRIO_PROCESS, 0)))\n"
        "t.start(); t.join(); print(seen[0], flush=True)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        send_to_background(child.pid)
        said, _ = child.communicate("\n")
    assert int(said) == max(PROCESS, os.getpriority(os.PRIO_PROCESS, 0))


def test_a_process_that_is_gone_is_no_reason_to_fail():
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait()
    send_to_background(child.pid)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has niceness by thread")
def test_a_thread_in_the_background_gives_way_alone():
    def look():
        stay_in_background()
        seen.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    seen, before = [], os.getpriority(os.PRIO_PROCESS, 0)
    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [max(THREAD, before)]
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before
