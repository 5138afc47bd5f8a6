import { describe, expect, it } from 'vitest';

import { translation } from '../translation';
import { cells, classesOf, folderText, freeName, notebook, PROPOSAL } from './model';

const trans = translation(null);

describe('the cells', () => {
  it('quote what has blanks', () => {
    const sources = cells({ folder: 'my data/pets', weights: 'random', head: 'dense:64:relu', epochs: 3 }, trans).map(c => c.source);
    expect(sources[0]).toContain('on pets');
    expect(sources.slice(1)).toEqual([
      '%dataset load "my data/pets"',
      '%model resnet50 --weights random --head "dense:64:relu"',
      '%train --epochs 3',
      '%evaluate',
      '%predict @val --limit 8'
    ]);
  });

  it('use the sample where there is no folder, and no head where there is none', () => {
    const sources = cells({ ...PROPOSAL, head: '' }, trans).map(c => c.source);
    expect(sources[1]).toBe('%dataset sample');
    expect(sources[2]).toBe('%model resnet50 --weights imagenet');
  });
});

it('a notebook names its kernel and its language, and has run nothing', () => {
  const made = notebook(PROPOSAL, trans) as { metadata: Record<string, Record<string, string>>; cells: Record<string, unknown>[] };
  expect(made.metadata.kernelspec.name).toBe('headstart');
  expect(made.metadata.language_info.mimetype).toBe('text/x-go');
  expect(made.cells.filter(c => c.cell_type === 'code').every(c => c.execution_count === null)).toBe(true);
  expect(new Set(made.cells.map(c => c.id)).size).toBe(made.cells.length);
});

it('classes are the folders that are not hidden', () =>
  expect(
    classesOf([
      { name: 'metal', type: 'directory' },
      { name: '.git', type: 'directory' },
      { name: 'a.txt', type: 'file' },
      { name: 'glass', type: 'directory' }
    ])
  ).toEqual(['glass', 'metal']));

it('the folder is described', () => {
  expect(folderText('', null, trans)).toContain('sample');
  expect(folderText('x', null, trans)).toContain('cannot list');
  expect(folderText('x', ['a'], trans)).toContain('at least two');
  expect(folderText('x', ['a', 'b'], trans)).toBe('2 classes: a, b');
  expect(folderText('x', 'abcdefghij'.split(''), trans)).toContain('and others');
});

it('a free name is found', () => {
  expect(freeName('n', [])).toBe('n.ipynb');
  expect(freeName('n', ['n.ipynb', 'n-1.ipynb'])).toBe('n-2.ipynb');
});
