"""For any mail program: the sample messages that the build made, each as an `.eml` file."""

from pipeline.errors import ConfigError
from pipeline.series.exports._files import readme
from pipeline.series.exports._material import Export, File, Material

_LOST = (
    (
        "Anything of a reader's own: these are samples to somebody called Reader, and their links lead to samples. To "
        "send them on as they are would tell readers nothing but that."
    ),
)


def export(material: Material) -> Export:
    """Return the messages. Raises ConfigError where the build made none."""
    files = tuple(File(name, content) for name, content in material.files.items() if name.endswith(".eml"))
    if not files:
        raise ConfigError("there are no sample messages in the newsletter\n    Build it again: quire build newsletter.")
    steps = ["Open a file with a mail program, or drag all of them into one of its folders."]
    return Export((*files, readme("mail programs", material, steps, _LOST)), _LOST)
