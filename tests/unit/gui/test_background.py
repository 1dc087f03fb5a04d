import os
import subprocess
import sys

import pytest

from unet_gui.gui.background import NICENESS, send_to_background

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
    assert int(said) == max(NICENESS, os.getpriority(os.PRIO_PROCESS, 0))


def test_a_process_that_is_gone_is_no_reason_to_fail():
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait()
    send_to_background(child.pid)
