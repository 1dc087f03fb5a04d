"""Every error a person can meet. Raised at the border, shown as a dialog or one stderr line."""


class UnetGuiError(Exception):
    """Something went wrong that a person can understand.

    Attributes:
        message: What happened, one sentence, naming the file where there is one.
        hint: What the person can do about it; may be empty.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(UnetGuiError):
    """The request itself makes no sense; the command line exits 2."""


class ImageReadError(UnetGuiError):
    """An image file is missing, truncated or in a form we cannot read."""


class MaskReadError(UnetGuiError):
    """A mask file is unreadable, has the wrong size or holds something else than class ids."""


class MaskWriteError(UnetGuiError):
    """A mask could not be written: full disk, read-only folder."""


class ProjectError(UnetGuiError):
    """A project folder cannot be created, opened or changed."""


class ClassTableError(UnetGuiError):
    """A class cannot be added, renamed or removed as asked."""


class CheckpointError(UnetGuiError):
    """A checkpoint or weights file does not fit; says what was expected and what was found."""


class DeviceMemoryError(UnetGuiError):
    """The device ran out of memory and no smaller tile was left to try."""


class TrainingError(UnetGuiError):
    """Fine-tuning cannot start or cannot go on."""


class ExportError(UnetGuiError):
    """An export could not be written."""


class DatasetError(UnetGuiError):
    """A dataset made elsewhere cannot be read or brought into a project."""


class UndoError(UnetGuiError):
    """Steps put away on disk cannot be written or read."""
