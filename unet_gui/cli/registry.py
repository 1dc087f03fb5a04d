"""Which subcommands there are and what `--help` says about them, without loading any of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Subcommand:
    """One subcommand: its words for `--help` and the module that does the work."""

    name: str
    group: str
    help: str
    description: str
    module: str
    examples: tuple[str, ...]
    json: bool = True


GROUPS: Final = ("Label", "Learn", "Give away")

SUBCOMMANDS: Final = (
    Subcommand(
        "gui",
        "Label",
        "open the window (what happens without a command)",
        "Open the window on a project or any folder of images; on the last project without one.\n"
        "A VOC folder and a plain folder of images open as they are.",
        "unet_gui.cli.gui",
        ("gui", "gui my-project", "gui ~/pictures/leaves"),
        json=False,
    ),
    Subcommand(
        "new",
        "Label",
        "make a project from a folder of images",
        "Make a project: classes and masks of your own beside images that stay where they are.\n"
        "Images that appear in the folder later belong to it too.",
        "unet_gui.cli.new",
        (
            'new field --images ~/pictures/field --classes "soil,crop,weed"',
            'new cells --images scans --classes "background:#5b6b7b,nucleus:#ffb300"',
            'new again --images scans --classes "background,nucleus" --masks old-masks',
        ),
    ),
    Subcommand(
        "import",
        "Label",
        "bring a dataset made elsewhere into a project",
        "Bring images and masks of another program's dataset into a project, new or old.\n"
        "Classes are matched by name; what could not be taken along is said.",
        "unet_gui.cli.import_",
        (
            "import coco/annotations/instances_val.json --into street",
            "import labelme-folder --into leaves --images refer",
            "import project-3.json --format labelstudio --into cells",
        ),
    ),
    Subcommand(
        "doctor",
        "Label",
        "find what is wrong with a folder of images and masks, and repair it",
        "Examine a project or any folder: 0/255 masks, colours for ids, wrong sizes, missing\n"
        "pairs, damaged files and more. Repairs go into a copy. Exits 1 while errors remain.",
        "unet_gui.cli.doctor",
        (
            "doctor field",
            "doctor downloads/cells --fix --out cells",
            "doctor field --fix --in-place field-before",
        ),
    ),
    Subcommand(
        "train",
        "Learn",
        "fine-tune a network on everything labelled so far",
        "Fine-tune a network on the labelled pixels of a project; unlabelled ones do not count.\n"
        "The result is a round in PROJECT/models, adopted only when it is better than the last.",
        "unet_gui.cli.train",
        (
            "train field --budget 60s",
            "train field --preset thorough --epochs 30",
            "train field --from field/models/round-002 --json",
        ),
    ),
    Subcommand(
        "predict",
        "Learn",
        "write predicted masks for images",
        "Predict a class for every pixel of a project's images, or of single image files.\n"
        "Writes one palette PNG an image, pixel value = class id.",
        "unet_gui.cli.predict",
        (
            "predict field --out predicted",
            "predict a.jpg b.tif --checkpoint field/models/round-002 --out predicted",
            "predict field --checkpoint unet_voc.pth --probabilities --out predicted",
        ),
    ),
    Subcommand(
        "evaluate",
        "Learn",
        "compare predicted masks with true ones",
        "Compare two folders of masks: IoU and Dice of each class, pixel accuracy, mean IoU.\n"
        "Unlabelled pixels (255) of the true masks are left out.",
        "unet_gui.cli.evaluate",
        (
            "evaluate predicted field/masks",
            "evaluate predicted truth --classes classes.txt --json",
        ),
    ),
    Subcommand(
        "compare",
        "Learn",
        "compare masks of two people, or of a person and a network",
        "Compare the masks of two projects, folders or rounds, neither of which is the truth:\n"
        "agreement, kappa, IoU and Dice of each class, and pictures of the differences.",
        "unet_gui.cli.compare",
        (
            "compare anna/masks ben/masks --out differences",
            "compare field field/models/round-002 --csv",
        ),
    ),
    Subcommand(
        "queue",
        "Learn",
        "list the images in the order in which correcting them teaches most",
        "List the images that are not done, those first that teach most about others: doubtful\n"
        "ones that are like many and unlike what is done. It is what “Most to gain first” shows.",
        "unet_gui.cli.queue",
        ("queue field", "queue field --predict --most 5", "queue field --json"),
    ),
    Subcommand(
        "export",
        "Give away",
        "write the labelled images as a dataset",
        "Write labelled images and masks in a form that other programs read.\n"
        "Unlabelled pixels stay 255, which they all ignore.",
        "unet_gui.cli.export",
        (
            "export field --format voc --out field-voc",
            "export field --format png --out field-pairs --val 0.25 --seed 7",
            "export field --format coco --out field-coco --verify",
            "export cells --format nnunet --out Dataset001_Cells --group '^(mouse[0-9]+)_'",
            "export field --format camvid --out tiles --crops 512 --classes crop,weed",
        ),
    ),
    Subcommand(
        "stats",
        "Give away",
        "measure classes and objects: areas, counts, sizes",
        "Pixels, areas and objects of each class, in the unit of the project's pixel size.\n"
        "A CSV has a line for each class in each image, or for each object.",
        "unet_gui.cli.stats",
        (
            "stats cells",
            "stats cells --csv cells.csv --objects nuclei.csv --plot cells.svg",
        ),
    ),
    Subcommand(
        "convert",
        "Give away",
        "write a network as ONNX, or exchange weights with the VGG16 U-Net tutorials",
        "Turn a .pth of the VGG16 U-Net tutorials into a checkpoint, or a checkpoint into a .pth:\n"
        "every number stays the same to the bit. Or write it as ONNX, checked against torch.",
        "unet_gui.cli.convert",
        (
            "convert unet_vgg_voc.pth voc.safetensors",
            "convert field/models/round-003 field.pth",
            "convert field/models/round-003 field.onnx",
        ),
    ),
)

EPILOG: Final = """\
examples:
  unet-gui ~/pictures/leaves                open the window on a folder
  unet-gui new field --images ~/pictures/field --classes "soil,crop,weed"
  unet-gui field                            paint a little, then:
  unet-gui train field --budget 60s
  unet-gui predict field --out predicted
  unet-gui export field --format voc --out field-voc

Each command explains itself: unet-gui COMMAND --help.
Results go to stdout (one JSON object a line with --json), everything else to stderr.

exit codes:
  0  done    1  failed, with the reason    2  wrong usage    130  cancelled
"""
