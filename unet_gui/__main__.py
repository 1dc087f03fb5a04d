"""`python -m unet_gui`: the same as the `unet-gui` command."""

from __future__ import annotations

import multiprocessing
import sys

from unet_gui.cli import main

if __name__ == "__main__":
    multiprocessing.freeze_support()
    sys.exit(main())
