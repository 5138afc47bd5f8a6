"""Makes golden.json: what Pillow makes of images, for golden_test.go.

Run with Pillow 13.0.0 in the folder of this file:

    python golden.py ../../../../shared/data/hostile-images

Images of its own go to golden/*; those of the corpus stay where they are. Of each result the JSON holds the size, the SHA-256 and,
for results that may differ by rounding, the pixels at 8 x 8 evenly spread places.
"""

import hashlib
import io
import json
import pathlib
import sys

from PIL import Image, ImageOps

WHITE = (255, 255, 255)


def rgb(image):
    """RGB over white, upright; 16-bit samples give their high byte."""
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I;16"):
        image = image.convert("I").point(lambda v: v / 256).convert("L")
    if image.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, WHITE), image).convert("RGB")
    return image.convert("RGB")


def facts(image):
    w, h = image.size
    spots = [image.getpixel((x * w // 8, y * h // 8)) for y in range(8) for x in range(8)]
    return {
        "width": w,
        "height": h,
        "sha256": hashlib.sha256(image.tobytes()).hexdigest(),
        "spots": bytes(v for spot in spots for v in spot).hex(),
    }


def crop(image, size):
    """torchvision's Resize(256) and CenterCrop(224), for other sizes in proportion."""
    short = round(size * 256 / 224)
    w, h = image.size
    if w <= h:
        w, h = short, int(short * h / w)
    else:
        w, h = int(short * w / h), short
    image = image.resize((w, h), Image.BILINEAR)
    left, top = int(round((w - size) / 2)), int(round((h - size) / 2))
    return image.crop((left, top, left + size, top + size))


def geometries(image):
    yield "bilinear-24", image.resize((24, 24), Image.BILINEAR)
    yield "bilinear-299", image.resize((299, 299), Image.BILINEAR)
    yield "nearest-64", image.resize((64, 64), Image.NEAREST)
    yield "crop-96", crop(image, 96)


def scene(w, h):
    """An image with smooth areas, hard edges and every colour."""
    image = Image.new("RGB", (w, h))
    for y in range(h):
        for x in range(w):
            edge = 90 if (x // 7 + y // 5) % 2 else 0
            image.putpixel((x, y), ((x * 255 // w + edge) % 256, (y * 255 // h) % 256, ((x + y) * 3 + edge) % 256))
    return image


def made(folder):
    """Images of every kind that Pillow can write."""
    folder.mkdir(exist_ok=True)
    base = scene(83, 61)
    alpha = Image.linear_gradient("L").resize(base.size)
    for quality, sampling, name in [(90, 0, "444"), (85, 1, "422"), (75, 2, "420")]:
        base.save(folder / f"{name}.jpg", quality=quality, subsampling=sampling)
    base.save(folder / "progressive.jpg", quality=80, progressive=True)
    base.crop((0, 0, 3, 5)).save(folder / "tiny.jpg", quality=80, subsampling=2)
    base.crop((0, 0, 5, 1)).save(folder / "line.jpg", quality=80, subsampling=2)
    base.convert("L").save(folder / "grey.JPEG", quality=80)
    base.convert("CMYK").save(folder / "cmyk.jpg", quality=90)
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        base.save(folder / f"orientation{orientation}.jpg", quality=80, exif=exif)
        base.resize((20, 14)).save(folder / f"orientation{orientation}.png", exif=exif)
    rgba = base.copy()
    rgba.putalpha(alpha)
    rgba.save(folder / "alpha.png")
    rgba.save(folder / "alpha.webp", lossless=True)
    rgba.save(folder / "alpha.tiff")
    rgba.convert("LA").save(folder / "grey-alpha.png")
    base.save(folder / "rgb.bmp")
    base.save(folder / "lossy.webp", quality=80)
    base.save(folder / "lossless.webp", lossless=True)
    base.save(folder / "rgb.tiff", compression="tiff_deflate")
    base.convert("L").save(folder / "grey.tiff", compression="tiff_lzw")
    base.convert("P", palette=Image.ADAPTIVE).save(folder / "palette.png")
    base.convert("P", palette=Image.ADAPTIVE).save(folder / "palette.gif")
    clear = base.convert("P", palette=Image.ADAPTIVE, colors=32)
    clear.save(folder / "clear.png", transparency=3)
    clear.save(folder / "clear.gif", transparency=3)
    base.convert("1").save(folder / "bits.png")
    deep = Image.new("I;16", base.size)
    deep.putdata([x * 257 + 99 for x in base.convert("L").tobytes()])
    deep.save(folder / "deep.png")
    deep.save(folder / "deep.tiff")


def main():
    here = pathlib.Path(__file__).parent
    corpus = pathlib.Path(sys.argv[1])
    made(here / "golden")
    cases = {}
    for path in sorted((here / "golden").iterdir()):
        image = rgb(Image.open(path))
        cases["golden/" + path.name] = facts(image)
        if path.stem in ("420", "444", "rgb", "tiny", "line", "orientation6"):
            for name, result in geometries(image):
                cases["golden/" + path.name][name] = facts(result)
    rows = (corpus / "MANIFEST.tsv").read_text().splitlines()[1:]
    for row in rows:
        name, _, _, expected, *_ = row.split("\t")
        if not expected.startswith("decode"):
            continue
        image = Image.open(io.BytesIO((corpus / name).read_bytes()))
        try:
            cases["corpus/" + name] = facts(rgb(image))
        except (OSError, SyntaxError, ValueError) as error:
            print(f"{name}: no golden, Pillow says {error}", file=sys.stderr)
    with open(here / "golden.json", "w") as out:
        out.write("{\n")
        out.write(",\n".join(f" {json.dumps(k)}: {json.dumps(v)}" for k, v in cases.items()))
        out.write("\n}\n")


main()
