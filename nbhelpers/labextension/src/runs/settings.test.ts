import { expect, it } from 'vitest';

import { readSettings, shownSettings } from './settings';

const settings = [
  { name: 'dataset', values: ['a', 'a'], differs: false },
  { name: 'seed', values: ['1', '2'], differs: true },
  { name: 'val accuracy', values: ['1', '1'], differs: false, measure: true }
];

it('reads settings, and shows those that differ or were measured', () => {
  const read = readSettings({ settings });
  expect(read.map(s => s.measure)).toEqual([false, false, true]);
  expect(shownSettings(read, false).map(s => s.name)).toEqual(['seed', 'val accuracy', 'dataset']);
  expect(shownSettings(read, true).map(s => s.name)).toEqual(['seed', 'val accuracy']);
});

it.each([null, {}, { settings: 3 }])('reads nothing of %j', answer => expect(readSettings(answer)).toEqual([]));

it('empties what has another type', () =>
  expect(readSettings({ settings: [null, { name: 3, values: [1, 'x'], differs: 'yes' }] })).toEqual([
    { name: '', values: [], differs: false, measure: false },
    { name: '', values: ['', 'x'], differs: false, measure: false }
  ]));
