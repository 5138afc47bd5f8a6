import { describe, expect, it, vi } from 'vitest';

import { readAnswer } from '../predict/data';
import { translation } from '../translation';
import { Capture, readState, trainCells } from './model';

const trans = translation(null);
const state = (more: object = {}) => ({
  folder: '/home/me/mine', known: ['/home/me/other'], classes: [{ name: 'cup', images: 2 }, { name: 'spoon', images: 0 }], edits: 0,
  latest: [{ path: 'cup/frame1_0002.jpeg', thumb: 'aGk=' }], ...more
});

describe('readState', () => {
  it('reads folder, classes and images', () => {
    expect(readState(state())).toMatchObject({ folder: '/home/me/mine', classes: [{ name: 'cup', images: 2 }, { name: 'spoon', images: 0 }] });
    expect(readState(null)).toEqual({ folder: '', known: [], classes: [], edits: 0, added: '', latest: [] });
  });

  it('takes nothing but base64 for an image', () =>
    expect(readState({ latest: [{ path: 'x', thumb: '"><script>' }, null] }).latest.map(i => i.thumb)).toEqual(['', '']));
});

describe('Capture', () => {
  it('opens a folder with its first class, and adds images to that', async () => {
    const ask = vi.fn(async (_: object): Promise<unknown> => state());
    const capture = new Capture(ask, trans);
    await capture.open(' mine ', true);
    expect(ask.mock.calls.map(([request]) => request)).toEqual([
      { capture: { folder: 'mine', action: 'create' } },
      { capture: { folder: '/home/me/mine', class: 'cup' } }
    ]);
    expect(capture.shown).toHaveLength(1);
    ask.mockResolvedValueOnce(state({ added: 'cup/frame7_0001.jpeg', latest: [] }));
    expect(await capture.add('aW1n', 'dGh1bWI=', 7, 1)).toBe(true);
    expect(ask).toHaveBeenLastCalledWith({
      capture: { folder: '/home/me/mine', action: 'add', class: 'cup', image: 'aW1n', recording: 7, frame: 1 }
    });
    expect(capture.shown.map(i => i.path)).toEqual(['cup/frame7_0001.jpeg', 'cup/frame1_0002.jpeg']);
    await capture.exclude('cup/frame7_0001.jpeg');
    expect(capture.shown.map(i => i.path)).toEqual(['cup/frame1_0002.jpeg']);
  });

  it('opens a folder again with the class that was chosen, unless that is gone', async () => {
    const capture = new Capture(async () => state(), trans);
    await capture.open('mine', false, 'spoon');
    expect(capture.className).toBe('spoon');
    await capture.open('mine', false, 'fork');
    expect(capture.className).toBe('cup');
  });

  it('keeps what it shows when a request fails', async () => {
    const ask = vi.fn(async (_: object): Promise<unknown> => state());
    const capture = new Capture(ask, trans);
    await capture.open('mine', false);
    ask.mockRejectedValueOnce(new Error('add the class train: a folder of that name would be read as a split'));
    await capture.addClass('train');
    expect(capture.error).toContain('read as a split');
    expect(capture.className).toBe('cup');
    expect(capture.state.classes).toHaveLength(2);
    await capture.addClass(' new ');
    expect(capture.className).toBe('new');
    expect(capture.error).toBe('');
  });

  it('asks for a folder and a class first', async () => {
    const ask = vi.fn(async (_: object): Promise<unknown> => state({ classes: [] }));
    const capture = new Capture(ask, trans);
    await capture.open('  ', true);
    expect(capture.error).toContain('folder');
    expect(await capture.add('x', 'x', 1, 1)).toBe(false);
    expect(capture.error).toContain('class');
    expect(ask).not.toHaveBeenCalled();
  });

  it('says what a training lacks', async () => {
    let images = 3;
    const capture = new Capture(async () => state({ classes: [{ name: 'a', images: 9 }, { name: 'b', images }] }), trans);
    await capture.open('mine', false);
    expect(capture.lacking).toContain('two classes');
    images = 4;
    await capture.look();
    expect(capture.lacking).toBe('');
  });
});

it('writes the cells of a training', () => {
  expect(trainCells('/home/me/my images', null)).toEqual([
    '%dataset load "/home/me/my images"', '%model resnet50 --weights imagenet', '%train'
  ]);
  expect(trainCells('/x', readAnswer({ model: 'resnet50', size: 64 }))).toEqual(['%dataset load /x --size 64', '%train']);
  expect(trainCells('/x', readAnswer({ model: 'resnet50', size: 224 }))).toEqual(['%dataset load /x', '%train']);
});
