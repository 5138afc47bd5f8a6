import { describe, expect, it, vi } from 'vitest';

import { translation } from '../translation';
import { readFile, type IFiles } from './browser';
import { MAX_BYTES } from './image';

const trans = translation(null);

describe('readFile', () => {
  const files = (model: object) => {
    const get = vi.fn(async (_path: string, _options: object) => model);
    return { get, files: { get } as unknown as IFiles };
  };

  it('gives the bytes of a file', async () => {
    const { files: some } = files({ name: 'a.png', type: 'file', size: 2, content: 'AP8=' });
    const file = await readFile(some, 'images/a.png', trans);
    expect(file.name).toBe('a.png');
    expect([...new Uint8Array(await file.arrayBuffer())]).toEqual([0, 255]);
  });

  it('fetches nothing that is too large, and no folder', async () => {
    for (const [model, text] of [[{ name: 'a', type: 'file', size: MAX_BYTES + 1 }, 'limit'], [{ name: 'a', type: 'directory', size: 0 }, 'folder']] as const) {
      const { get, files: some } = files(model);
      await expect(readFile(some, 'a', trans)).rejects.toThrow(text);
      expect(get).toHaveBeenCalledTimes(1);
      expect(get.mock.calls[0][1]).toEqual({ content: false });
    }
  });
});
