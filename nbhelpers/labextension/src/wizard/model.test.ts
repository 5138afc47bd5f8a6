import { describe, expect, it } from 'vitest';

import { translation } from '../translation';
import { cells, freeName, notebook, PROPOSAL, type IChoices } from './model';

const trans = translation(null);

/** The sources of the cells of code. */
function codeOf(choices: IChoices): string[] {
  return cells(choices, trans)
    .filter(cell => cell.kind === 'code')
    .map(cell => cell.source);
}

describe('the cells', () => {
  it('quote what has blanks', () => {
    const choices: IChoices = { folder: 'my data/pets', weights: 'random', recipe: 'classic', head: 'dense:64:relu', epochs: 3 };
    expect(cells(choices, trans)[0].source).toContain('on pets');
    expect(codeOf(choices)).toEqual([
      '%dataset load "my data/pets"',
      '%model resnet50 --weights random --head "dense:64:relu"',
      '%train --epochs 3',
      '%evaluate',
      '%predict @val --limit 8'
    ]);
  });

  it('let cross-validation choose by default, on the sample images and without a network', () => {
    expect(codeOf(PROPOSAL).slice(0, 3)).toEqual(['%dataset sample --size 128', '%model resnet50 --weights sample', '%train']);
  });

  it('have a linear head where none is named: %model alone has layers of its own', () =>
    expect(codeOf({ ...PROPOSAL, recipe: 'classic', head: '' })[1]).toBe('%model resnet50 --weights sample --head none'));

  it('take a folder for no flag', () =>
    expect(codeOf({ ...PROPOSAL, folder: '-pets' })[0]).toBe('%dataset load -- -pets'));

  it('are explained: a text stands before each of the first steps', () =>
    expect(cells(PROPOSAL, trans).map(cell => cell.kind[0]).join('')).toBe('mmcmcmcmccm'));
});

it('a notebook names its kernel and its language, and has run nothing', () => {
  const made = notebook(PROPOSAL, trans) as { metadata: Record<string, Record<string, string>>; cells: Record<string, unknown>[] };
  expect(made.metadata.kernelspec.name).toBe('headstart');
  expect(made.metadata.language_info.mimetype).toBe('text/x-go');
  expect(made.cells.filter(c => c.cell_type === 'code').every(c => c.execution_count === null)).toBe(true);
  expect(new Set(made.cells.map(c => c.id)).size).toBe(made.cells.length);
});

it('a free name is found', () => {
  expect(freeName('n', [])).toBe('n.ipynb');
  expect(freeName('n', ['n.ipynb', 'n-1.ipynb'])).toBe('n-2.ipynb');
});
