"""Photos as a phone takes them, for features.py: 12 megapixels, JPEG at quality 90 with 4:2:0, held upright, which EXIF says.

Ten are drawn; the others are these with another comment, so that each file has bytes of its own. Decoding takes the same.
"""

import io
import pathlib

WIDTH, HEIGHT, DRAWN = 4032, 3024, 10
UPRIGHT = 6  # EXIF's orientation of a phone in its usual position: turn right by 90 degrees


def drawn(number):
    """A JPEG: shapes at several scales, with edges, and noise as a camera has it."""
    import numpy as np
    from PIL import Image

    random = np.random.default_rng(number)
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    for cells, weight in ((6, 60), (40, 30), (250, 14)):
        coarse = random.normal(0, weight, (cells * 3 // 4, cells, 3)).clip(-127, 128) + 127
        sharp = Image.BICUBIC if cells != 40 else Image.NEAREST
        pixels += np.asarray(Image.fromarray(coarse.astype(np.uint8)).resize((WIDTH, HEIGHT), sharp), np.float32) - 127
    pixels += 127 + random.normal(0, 3, (HEIGHT, WIDTH, 1)).astype(np.float32)
    exif = Image.Exif()
    exif[0x0112] = UPRIGHT
    out = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(out, "JPEG", quality=90, subsampling="4:2:0", exif=exif)
    return out.getvalue()


def write(folder, photos):
    """Writes photos of two classes below a folder; returns how many MB they have on average."""
    total, kinds = 0, []
    for i in range(photos):
        if i < DRAWN:
            kinds.append(drawn(i))
        data, comment = kinds[i % len(kinds)], b"%08d" % i
        data = data[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + data[2:]
        file = pathlib.Path(folder) / f"class{i % 2}" / f"{i:04}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        total += len(data)
    return total / max(photos, 1) / 1e6
