"""For whoever wants it as it is: all that the build made of the newsletter, in one zip that is always the same."""

from pipeline.packing import pack
from pipeline.series.exports._files import readme
from pipeline.series.exports._material import Export, File, Material

_STEPS = (
    "`sequence.json` names every letter in order, with its subject, its files, and their hashes.",
    (
        "The `.html` and `.txt` files hold Quire's placeholders, such as `{{ greeting }}` or `{{ unsubscribe_url }}`. "
        "Replace each in one pass, escaped as the file's format wants it; `{{ name|friend }}` is the name, or “friend.”"
    ),
    "A picture's `src` is the name of a file beside the page.",
)


def export(material: Material) -> Export:
    """Return one archive, with a README in it."""
    page = readme("a program of your own", material, _STEPS, ())
    archive = pack([(page.path, page.content), *sorted(material.files.items())])
    return Export((File(f"{material.head.id}.zip", archive),))
