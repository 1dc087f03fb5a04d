"""What the doctor says: findings, how grave each is, and what would put it right."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class Severity(Enum):
    """How grave a finding is.

    An error spoils training or loses data, a warning probably does, a note is worth knowing.
    """

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of rewriting a mask.

    Attributes:
        name: Which, a key of `rewriting.STEPS`; steps of several findings run in that order.
        values: What it needs, pairs of numbers.
    """

    name: str
    values: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Remedy:
    """What `repair` does about a finding.

    Attributes:
        words: The same in words, for a person.
        steps: How the mask is rewritten, if it is.
        renames: Files and their new names, relative to the examined folder.
        leave_out: Files that do not go into the copy.
        drop_lines: List files and the lines to drop from them.
        project: What to change in project.json: (entry, value) pairs.
    """

    words: str
    steps: tuple[Step, ...] = ()
    renames: tuple[tuple[str, str], ...] = ()
    leave_out: tuple[str, ...] = ()
    drop_lines: tuple[tuple[str, str], ...] = ()
    project: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be.

    Attributes:
        code: Which kind, such as "mask-0-255"; `docs/doctor.md` explains each.
        severity: How grave it is.
        file: Where, relative to the examined folder, with "/"; "" for the folder itself.
        message: One plain sentence.
        remedy: What `repair` would do; None where a person has to decide.
    """

    code: str
    severity: Severity
    file: str
    message: str
    remedy: Remedy | None = None

    @property
    def fixable(self) -> bool:
        return self.remedy is not None

    def to_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "severity": self.severity.value,
            "file": self.file,
            "message": self.message,
            "fixable": self.fixable,
            "fix": self.remedy.words if self.remedy else None,
        }


@dataclass(slots=True)
class Report:
    """The outcome of an examination.

    Attributes:
        folder: What was examined.
        images: How many images were found.
        masks: How many masks.
        findings: All findings, in the order they were made.
    """

    folder: Path
    images: int = 0
    masks: int = 0
    findings: list[Finding] = field(default_factory=list)

    def count(self, severity: Severity) -> int:
        return sum(f.severity is severity for f in self.findings)

    @property
    def errors(self) -> int:
        return self.count(Severity.ERROR)

    @property
    def warnings(self) -> int:
        return self.count(Severity.WARNING)

    @property
    def fixable(self) -> list[Finding]:
        return [f for f in self.findings if f.fixable]

    @property
    def codes(self) -> set[str]:
        return {f.code for f in self.findings}

    def to_json(self) -> dict[str, Any]:
        return {
            "folder": str(self.folder),
            "images": self.images,
            "masks": self.masks,
            "errors": self.errors,
            "warnings": self.warnings,
            "notes": self.count(Severity.NOTE),
            "fixable": len(self.fixable),
        }


def some(names: Iterable[str], most: int = 3) -> str:
    """The first few names, and how many more there are."""
    listed = list(names)
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return ", ".join(listed[:most]) + more
