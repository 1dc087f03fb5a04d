"""`python -m unet_gui`: the same as the `unet-gui` command."""

from __future__ import annotations

import multiprocessing

from unet_gui.cli import run_program

if __name__ == "__main__":
    multiprocessing.freeze_support()
    run_program()
