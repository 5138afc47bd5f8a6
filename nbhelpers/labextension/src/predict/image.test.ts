import { describe, expect, it } from 'vitest';

import { translation } from '../translation';
import { encoded, filesOf, MAX_BYTES } from './image';

const trans = translation(null);

describe('encoded', () => {
  it('gives the bytes in base64, however many', async () => {
    const bytes = Uint8Array.from({ length: 100_003 }, (_, i) => i % 256);
    expect(await encoded(new Blob([bytes]), trans)).toBe(Buffer.from(bytes).toString('base64'));
  });

  it('refuses what is too large or empty', async () => {
    await expect(encoded(new Blob([new Uint8Array(MAX_BYTES + 1)]), trans)).rejects.toThrow('The image has 7.0 MiB, and the limit is 7.0 MiB');
    await expect(encoded(new Blob([]), trans)).rejects.toThrow('empty');
  });

  it('stays below the message limit of the server', () => expect((MAX_BYTES * 4) / 3).toBeLessThan(9.9 * 1024 * 1024));
});

describe('filesOf', () => {
  const file = new File(['x'], 'x.png');
  const transfer = (files: File[], uri = '') => ({ files, getData: () => uri });

  it('gives the files', () => expect(filesOf(transfer([file]), trans)).toEqual([file]));
  it('says that addresses are not fetched', () => expect(() => filesOf(transfer([], 'https://x'), trans)).toThrow('not fetched'));
  it('says that there is no image', () => {
    expect(() => filesOf(transfer([]), trans)).toThrow('no image');
    expect(() => filesOf(null, trans)).toThrow('no image');
  });
});
