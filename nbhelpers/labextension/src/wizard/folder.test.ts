import { expect, it } from 'vitest';

import { translation } from '../translation';
import { findLayout, folderNamed, foldersOf, folderText, splitsOf, weightsOf, type IEntry } from './folder';

const trans = translation(null);

const folders = (...names: string[]): IEntry[] => names.map(name => ({ name, type: 'directory' }));

it('classes are the folders that are neither hidden nor left behind by a program', () =>
  expect(foldersOf([...folders('metal', '.git', '__MACOSX', 'glass'), { name: 'a.txt', type: 'file' }])).toEqual(['glass', 'metal']));

it('weights are safetensors files and checkpoints of PyTorch', () =>
  expect(
    weightsOf([
      ...folders('a.safetensors', 'a.pth'),
      ...['b.safetensors', 'c.h5', 'd.pth', 'e.pt', 'f.pth.txt', 'gpt'].map(name => ({ name, type: 'file' }))
    ])
  ).toEqual(['b.safetensors', 'd.pth', 'e.pt']));

it('folders of a split are told from classes', () => {
  expect(splitsOf(['train', 'val'])).toEqual(['train', 'val']);
  expect(splitsOf(['Train', 'test', 'validation'])).toEqual(['Train', 'test', 'validation']);
  expect(splitsOf(['train', 'plane'])).toEqual([]);
  expect(splitsOf(['test', 'val'])).toEqual([]);
});

it('the classes of a split stand below its training folder', async () => {
  const tree: Record<string, IEntry[]> = { data: folders('test', 'train', 'annotations'), 'data/train': folders('dog', 'cat') };
  const list = (folder: string) => Promise.resolve(tree[folder] ?? null);
  expect(await findLayout('data', list)).toEqual({ classes: ['cat', 'dog'], splits: ['train', 'test'] });
  expect(await findLayout('data/train', list)).toEqual({ classes: ['cat', 'dog'], splits: [] });
  expect(await findLayout('elsewhere', list)).toBeNull();
});

it.each([
  [' data/ ', 'data'],
  ['data//', 'data'],
  ['~/', '~'],
  ['/', '/'],
  ['', '']
])('%j names the folder %j', (typed, folder) => expect(folderNamed(typed)).toBe(folder));

it('the folder is described', () => {
  expect(folderText('', null, trans)).toContain('drawn');
  expect(folderText('x', null, trans)).toContain('cannot list');
  expect(folderText('x', { classes: ['a'], splits: [] }, trans)).toContain('at least two');
  expect(folderText('x', { classes: ['a', 'b'], splits: [] }, trans)).toBe('2 classes: a, b');
  expect(folderText('x', { classes: ['a', 'b'], splits: ['train', 'val'] }, trans)).toBe('2 classes: a, b (in the folders train, val)');
  expect(folderText('x', { classes: 'abcdefghij'.split(''), splits: [] }, trans)).toContain('and others');
});
