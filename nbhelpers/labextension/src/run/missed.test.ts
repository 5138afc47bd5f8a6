import { expect, it } from 'vitest';

import { readRun, type IRun } from './data';
import { missedRuns } from './missed';

const SAVED = Date.parse('2026-01-01T12:00:00Z');

function run(id: string, more: object = {}): IRun {
  return readRun({ id, state: 'running', started: '2026-01-01T11:00:00Z', cell: '%train', ...more })!;
}

function found(cells: { source: string; outputs: number }[], runs: IRun[]): [number, string][] {
  return [...missedRuns(cells, runs, SAVED)].map(([number, { id }]) => [number, id]);
}

it('finds the empty cell of a run that goes on', () => {
  expect(found([{ source: '%model', outputs: 0 }, { source: '%train\n', outputs: 0 }], [run('a')])).toEqual([[1, 'a']]);
});

it('leaves a cell with outputs alone', () => {
  expect(found([{ source: '%train', outputs: 1 }], [run('a')])).toEqual([]);
});

it('takes a run that ended after the notebook was saved, and none that ended before: its output was cleared', () => {
  const ended = (seconds: number) => run('a', { state: 'done', seconds });
  expect(found([{ source: '%train', outputs: 0 }], [ended(3601)])).toEqual([[0, 'a']]);
  expect(found([{ source: '%train', outputs: 0 }], [ended(3599)])).toEqual([]);
});

it('gives each run to one cell, the newest first', () => {
  const cells = [{ source: '%train', outputs: 0 }, { source: '%train', outputs: 0 }];
  expect(found(cells, [run('new')])).toEqual([[0, 'new']]);
  expect(found(cells, [run('new'), run('old')])).toEqual([[0, 'new'], [1, 'old']]);
});

it('takes no run that another kernel has left on disk', () => {
  expect(found([{ source: '', outputs: 0 }], [run('a', { cell: '' })])).toEqual([]);
});
