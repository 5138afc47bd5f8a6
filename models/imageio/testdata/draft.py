"""Makes draft.json: what Pillow's draft mode makes of the JPEGs in golden, for draft_test.go.

Run with Pillow 13.0.0 in the folder of this file:

    python draft.py

Of each image at each reduction, "half", "quarter" or "eighth", the JSON holds the size and the SHA-256 of the pixels, upright, and of
what Image.resize makes of them for a geometry, with the box that draft returns.
"""

import hashlib
import json
import pathlib

from PIL import Image, ImageOps

REDUCTIONS = {"half": 2, "quarter": 4, "eighth": 8}


def digest(image):
    return hashlib.sha256(image.tobytes()).hexdigest()


def main():
    here = pathlib.Path(__file__).parent
    cases = {}
    for path in sorted((here / "golden").glob("*.jpg")):
        w, h = Image.open(path).size
        case = {}
        for name, reduction in REDUCTIONS.items():
            if w < reduction or h < reduction or Image.open(path).mode != "RGB":
                continue
            image = Image.open(path)
            _, box = image.draft("RGB", (w // reduction, h // reduction))
            plain = image.convert("RGB")
            case[name] = {"width": plain.width, "height": plain.height, "sha256": digest(ImageOps.exif_transpose(image).convert("RGB"))}
            # A geometry of half the size and less, so that the reduction is what a decoder may choose.
            side = min(w, h) // (2 * reduction)
            if side > 0 and image.getexif().get(0x0112, 1) == 1:
                case[name]["side"] = side
                case[name]["resized"] = digest(plain.resize((side, side), Image.BILINEAR, box))
        if case:
            cases[path.name] = case
    (here / "draft.json").write_text(json.dumps(cases, indent=1) + "\n")


main()
