"""Finding what is wrong with a folder of images and masks, and putting right what is safe.

`examine` only reads. `repair` works on a copy, or in place when it is told where to keep the
originals of what it changes. New checks go into a module of `checks` and its registry.
"""

from __future__ import annotations

from unet_gui.dataset.doctor.examination import examine
from unet_gui.dataset.doctor.findings import Finding, Remedy, Report, Severity
from unet_gui.dataset.doctor.repair import RepairReport, repair, repair_in_place

__all__ = [
    "Finding",
    "Remedy",
    "RepairReport",
    "Report",
    "Severity",
    "examine",
    "repair",
    "repair_in_place",
]
