"""npm's package `caniemail` in; what Quire needs of its data, in pipeline/mail/caniemail.json, and its licence out.

Usage: caniemail.py [VERSION]    The package is MIT; npm must be on the path.
"""

import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from pipeline.mail._features import UNCLASSIFIED, named
from pipeline.mail.support import CLIENTS

VERSION = "2.0.2"
HOME = Path(__file__).parent.parent / "pipeline" / "mail"


def main(version: str) -> None:
    """Write the data and the licence of a version. Stops where a feature is of no kind that Quire knows."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "pack", "--silent", f"caniemail@{version}"], cwd=folder, check=True, capture_output=True)
        (package,) = Path(folder).glob("*.tgz")
        with tarfile.open(package) as archive:
            source = json.load(_member(archive, "package/data/caniemail.json"))
            licence = _member(archive, "package/LICENSE").read().decode()
    features = [_reduced(feature) for feature in source["data"] if feature["slug"] not in UNCLASSIFIED]
    unknown = [feature["slug"] for feature in features if named(feature["slug"], feature["title"]) is None]
    if unknown:
        sys.exit(f"Say in pipeline/mail/_features.py what these are: {', '.join(unknown)}")
    reduced = {"version": version, "updated": source["last_update_date"][:10], "features": features}
    text = json.dumps(reduced, ensure_ascii=False, separators=(",", ":")).replace('{"slug"', '\n{"slug"')
    (HOME / "caniemail.json").write_text(text + "\n", encoding="utf-8")
    (HOME / "caniemail.LICENSE.txt").write_text(licence, encoding="utf-8")
    sys.stdout.write(f"caniemail {version}: {len(features)} features of {reduced['updated']}\n")


def _member(archive: tarfile.TarFile, name: str):
    found = archive.extractfile(name)
    if found is None:
        sys.exit(f"The package has no {name}")
    return found


def _reduced(feature: dict) -> dict:
    """Return a feature with the newest result for each client, and the notes that these name."""
    notes = feature.get("notes_by_num") or {}
    support, named_notes = {}, {}
    for key, client in CLIENTS.items():
        results = feature["stats"].get(client.family, {}).get(client.platform, {})
        if results:
            support[key] = list(results.values())[-1]
            for number in support[key].split("#")[1:]:
                named_notes[number.strip()] = " ".join(notes.get(number.strip(), "").split())
    return {"slug": feature["slug"], "title": feature["title"].strip(), "support": support, "notes": named_notes}


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else VERSION)
