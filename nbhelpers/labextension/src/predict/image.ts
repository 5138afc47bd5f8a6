import type { Translation } from '../translation';

/**
 * The largest image that is sent, in bytes. In base64 it stays below the 10 MiB that Jupyter's server takes in a message; the
 * kernel has the same limit.
 */
export const MAX_BYTES = 7 * 1024 * 1024;

/** Bytes that are turned into characters at once; all at once would overflow the stack. */
const PART = 32 * 1024;

/** Refuse an image of so many bytes that is too large to be sent. */
export function checkSize(bytes: number, trans: Translation): void {
  if (bytes > MAX_BYTES) {
    const mib = (n: number) => (n / 1024 / 1024).toFixed(1);
    throw new Error(trans.__('The image has %1 MiB, and the limit is %2 MiB: use a smaller copy.', mib(bytes), mib(MAX_BYTES)));
  }
}

/** An image's bytes as the kernel's magics take them: in base64. Fails where there are too many. */
export async function encoded(image: Blob, trans: Translation): Promise<string> {
  checkSize(image.size, trans);
  if (image.size === 0) {
    throw new Error(trans.__('The file is empty.'));
  }
  const bytes = new Uint8Array(await image.arrayBuffer());
  let characters = '';
  for (let at = 0; at < bytes.length; at += PART) {
    characters += String.fromCharCode(...bytes.subarray(at, at + PART));
  }
  return btoa(characters);
}

/** The part of a drop or of the clipboard that is read. */
export interface ITransfer {
  files: ArrayLike<File>;
  getData(type: string): string;
}

/** The files of a drop or of the clipboard. Fails, with what to do, where there are none. */
export function filesOf(transfer: ITransfer | null, trans: Translation): File[] {
  const files = Array.from(transfer?.files ?? []);
  if (files.length > 0) {
    return files;
  }
  if (transfer?.getData('text/uri-list')) {
    throw new Error(trans.__('An address is not fetched: save the image as a file, or copy the image itself.'));
  }
  throw new Error(trans.__('There is no image in it: use an image file, or copy an image.'));
}
