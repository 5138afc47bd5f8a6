import { expect, it } from 'vitest';

import { sizeText } from '../size';
import { matching, readVariables } from './model';

const answer = {
  variables: [
    { name: 'list', type: '[]int', value: '[1 2]', bytes: 24, shared: ['part', 3] },
    { name: 'photo', type: 'image.Image', value: '<b>', bytes: 5_000_000 },
    { type: 'int' },
    { name: 7 },
    null
  ]
};

it('reads variables and leaves out all else', () => {
  expect(readVariables(answer)).toEqual([
    { name: 'list', type: '[]int', value: '[1 2]', bytes: 24, shared: ['part'] },
    { name: 'photo', type: 'image.Image', value: '<b>', bytes: 5_000_000, shared: [] }
  ]);
  for (const other of [null, undefined, 3, {}, { variables: {} }]) {
    expect(readVariables(other)).toEqual([]);
  }
});

it('writes sizes as people do', () => {
  expect([0, 24, 999, 1500, 150_000, 5_000_000, 8e9, 8e12].map(sizeText)).toEqual([
    '0 B', '24 B', '999 B', '1.5 kB', '150 kB', '5.0 MB', '8.0 GB', '8000 GB'
  ]);
});

it('finds variables by name and type', () => {
  const names = (sought: string) => matching(readVariables(answer), sought).map(({ name }) => name);
  expect(names('')).toEqual(['list', 'photo']);
  expect(names(' IMAGE ')).toEqual(['photo']);
  expect(names('LIS')).toEqual(['list']);
  expect(names('none')).toEqual([]);
});
