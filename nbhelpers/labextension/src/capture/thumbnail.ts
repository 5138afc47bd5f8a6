/** The side of a thumbnail, in pixels. */
const SIDE = 112;

/** A small JPEG of an image, in base64; empty where the browser cannot read the image. */
export async function thumbnail(image: Blob): Promise<string> {
  const bitmap = await createImageBitmap(image, { resizeWidth: SIDE, resizeHeight: SIDE, resizeQuality: 'medium' }).catch(() => null);
  if (!bitmap) {
    return '';
  }
  const canvas = document.createElement('canvas');
  canvas.width = SIDE;
  canvas.height = SIDE;
  canvas.getContext('2d')?.drawImage(bitmap, 0, 0);
  bitmap.close();
  return canvas.toDataURL('image/jpeg', 0.8).split(',')[1] ?? '';
}
