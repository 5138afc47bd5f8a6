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
import struct
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
    """An image with smooth areas, hard edges and every color."""
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
    rare(folder, base.resize((40, 30)))


def rare(folder, small):
    """Kinds that golang.org/x/image or image/jpeg do not read, or read wrong."""
    small.save(folder / "animated.webp", save_all=True, append_images=[small.rotate(180)], quality=80)
    rgba = small.copy()
    rgba.putalpha(Image.linear_gradient("L").resize(small.size))
    rgba.save(folder / "animated-alpha.webp", save_all=True, append_images=[rgba.rotate(180)], lossless=True)
    small.save(folder / "jpeg.tiff", compression="jpeg", quality=90)
    small.convert("L").save(folder / "jpeg-l.tiff", compression="jpeg", quality=90)
    small.convert("CMYK").save(folder / "cmyk.tiff", compression="tiff_lzw")
    small.convert("CMYK").save(folder / "cmyk-deflate.tiff", compression="tiff_deflate", tiffinfo={317: 2})
    small.convert("CMYK").save(folder / "cmyk-packbits.tiff", compression="packbits")
    small.convert("CMYK").save(folder / "jpeg-cmyk.tiff", compression="jpeg", quality=90)
    small.convert("L").save(folder / "jpeg-white.tiff", compression="jpeg", quality=90)
    set_photometric(folder / "jpeg-white.tiff", 0)
    (folder / "planar.tiff").write_bytes(plain_tiff(small, True))
    (folder / "planar-alpha.tiff").write_bytes(plain_tiff(rgba, True, 2))
    (folder / "extra.tiff").write_bytes(plain_tiff(rgba, False, 0))
    small.convert("CMYK").save(folder / "cmyk-unmarked.jpg", quality=90)
    drop_adobe(folder / "cmyk-unmarked.jpg")
    for photometric in (0, 1):
        for name in ("group3", "group4"):
            file = folder / f"{name}-{photometric}.tiff"
            small.convert("1").save(file, compression=name)
            set_photometric(file, photometric)
    for sampling in ("221212", "112222", "212121", "141111"):
        (folder / f"sampling-{sampling}.jpg").write_bytes(dc_jpeg(40, 36, [(int(a), int(b)) for a, b in zip(sampling[::2], sampling[1::2])]))
    (folder / "rle8.bmp").write_bytes(rle8_bmp(small.convert("P", palette=Image.ADAPTIVE, colors=16)))
    (folder / "565.bmp").write_bytes(bitfields_bmp(small, 16, (0xF800, 0x7E0, 0x1F, 0), 124))
    (folder / "555.bmp").write_bytes(bitfields_bmp(small, 16, (0x7C00, 0x3E0, 0x1F, 0), 40))
    (folder / "v5.bmp").write_bytes(bitfields_bmp(small, 32, (0xFF0000, 0xFF00, 0xFF, 0), 124))


def set_photometric(file, value):
    """Changes the tag alone, so that black and white change places."""
    data = bytearray(file.read_bytes())
    directory = struct.unpack_from("<I", data, 4)[0]
    for i in range(struct.unpack_from("<H", data, directory)[0]):
        at = directory + 2 + 12 * i
        if struct.unpack_from("<H", data, at)[0] == 262:
            struct.pack_into("<H", data, at + 8, value)
    file.write_bytes(data)


def drop_adobe(file):
    """Removes the marker that says what the planes are."""
    data = file.read_bytes()
    at = data.index(b"\xff\xee")
    file.write_bytes(data[:at] + data[at + 2 + struct.unpack_from(">H", data, at + 2)[0] :])


def plain_tiff(image, planar, extra=None):
    """RGB in one strip, or in one for each sample; extra says what a fourth sample is."""
    w, h = image.size
    n = len(image.getbands())
    strips = [band.tobytes() for band in image.split()] if planar else [image.tobytes()]
    start = 8 + 2 + 12 * (10 if extra is None else 11) + 4
    bits, offsets, counts = start, start + 2 * n, start + 2 * n + 4 * len(strips)
    pixels = counts + 4 * len(strips)
    places = [pixels + i * w * h for i in range(len(strips))]
    sizes = [len(strip) for strip in strips]
    entries = [
        (256, 3, 1, w), (257, 3, 1, h), (258, 3, n, bits), (259, 3, 1, 1), (262, 3, 1, 2),
        (273, 4, len(strips), offsets if planar else pixels), (277, 3, 1, n), (278, 3, 1, h),
        (279, 4, len(strips), counts if planar else sizes[0]), (284, 3, 1, 2 if planar else 1),
    ]  # fmt: skip
    if extra is not None:
        entries.append((338, 3, 1, extra))
    data = b"II*\0" + struct.pack("<IH", 8, len(entries)) + b"".join(struct.pack("<HHII", *e) for e in entries) + bytes(4)
    data += struct.pack(f"<{n}H", *[8] * n) + struct.pack(f"<{len(strips)}I", *places) + struct.pack(f"<{len(strips)}I", *sizes)
    return data + b"".join(strips)


def bmp(width, height, bpp, compression, header, tail, pixels):
    info = struct.pack("<IiiHHIIiiII", header, width, height, 1, bpp, compression, len(pixels), 2835, 2835, 0, 0)
    offset = 14 + len(info) + len(tail)
    return b"BM" + struct.pack("<IHHI", offset + len(pixels), 0, 0, offset) + info + tail + pixels


def bitfields_bmp(image, bpp, masks, header):
    w, h = image.size
    pixels = b""
    for y in reversed(range(h)):
        row = b""
        for x in range(w):
            v = 0
            for value, mask in zip(image.getpixel((x, y)), masks):
                shift = (mask & -mask).bit_length() - 1
                v |= value * (mask >> shift) // 255 << shift
            row += struct.pack("<H" if bpp == 16 else "<I", v)
        pixels += row + bytes(-len(row) % 4)
    tail = struct.pack("<4I", *masks).ljust(header - 40, b"\0") if header > 40 else b""
    return bmp(w, h, bpp, 3 if header > 40 else 0, header, tail, pixels)


def rle8_bmp(image):
    """Runs, pixels as they are, and an end for each line."""
    w, h = image.size
    palette = image.getpalette()
    tail = b"".join(bytes([palette[3 * i + 2], palette[3 * i + 1], palette[3 * i], 0]) for i in range(len(palette) // 3)).ljust(1024, b"\0")
    data = b""
    for y in reversed(range(h)):
        row = [image.getpixel((x, y)) for x in range(w)]
        data += bytes([0, 5, *row[:5], 0])
        x = 5
        while x < w:
            n = 1
            while x + n < w and row[x + n] == row[x]:
                n += 1
            data += bytes([n, row[x]])
            x += n
        data += b"\0\0"
    return bmp(w, h, 8, 1, 40, tail, data + b"\0\1")


def dc_jpeg(w, h, sampling):
    """A baseline JPEG of flat blocks, with any sampling of its planes."""
    dc = bytes([0, 0, 0, 12] + [0] * 12) + bytes(range(12))  # twelve codes of four bits
    ac = bytes([1] + [0] * 15) + b"\0"  # one code: the end of a block
    data = b"\xff\xd8\xff\xdb" + struct.pack(">HB", 67, 0) + bytes([8] * 64)
    frame = struct.pack(">BHHB", 8, h, w, 3) + b"".join(bytes([i + 1, a << 4 | b, 0]) for i, (a, b) in enumerate(sampling))
    data += b"\xff\xc0" + struct.pack(">H", 2 + len(frame)) + frame
    data += b"\xff\xc4" + struct.pack(">HB", 3 + len(dc), 0) + dc + b"\xff\xc4" + struct.pack(">HB", 3 + len(ac), 16) + ac
    data += b"\xff\xda" + struct.pack(">H", 12) + bytes([3, 1, 0, 2, 0, 3, 0, 0, 63, 0])
    bits = ""
    last, seed = [0, 0, 0], 1
    hmax, vmax = max(a for a, _ in sampling), max(b for _, b in sampling)
    for _ in range(-(-w // (8 * hmax)) * -(-h // (8 * vmax))):
        for i, (a, b) in enumerate(sampling):
            for _ in range(a * b):
                seed = (seed * 1103515245 + 12345) % 2**31
                value = seed // 65536 % 128 - 64
                diff, last[i] = value - last[i], value
                size = abs(diff).bit_length()
                bits += f"{size:04b}" + (f"{diff if diff > 0 else diff + 2**size - 1:0{size}b}" if size else "") + "0"
    bits += "1" * (-len(bits) % 8)
    scan = bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))
    return data + scan.replace(b"\xff", b"\xff\0") + b"\xff\xd9"


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
