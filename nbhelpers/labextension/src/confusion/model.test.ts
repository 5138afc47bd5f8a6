import { describe, expect, it } from 'vitest';

import { cellText, fractionOf, imagesOf, readConfusion } from './model';

const json = {
  classes: ['cat', 'dog'],
  counts: [[8, 2], [0, 0]],
  images: [
    { actual: 'cat', predicted: 'dog', path: 'cat/1.jpg', probability: 0.6 },
    { actual: 'cat', predicted: 'cat', path: 'cat/2.jpg', probability: 0.9 },
    { actual: 'cat', predicted: 'dog', path: 'cat/3.jpg', probability: 0.8 }
  ],
  left_out: 7
};

describe('readConfusion', () => {
  it('reads counts and images', () => {
    const read = readConfusion(json)!;
    expect(read).toMatchObject({ classes: ['cat', 'dog'], counts: [[8, 2], [0, 0]], leftOut: 7, dataset: '' });
    expect(imagesOf(read, 0, 1).map(image => image.path)).toEqual(['cat/1.jpg', 'cat/3.jpg']);
    expect(imagesOf(read, 1, 0)).toEqual([]);
  });

  it.each([null, 3, {}, { classes: ['a'] }, { classes: 'ab', counts: [] }])('refuses %j', other => expect(readConfusion(other)).toBeNull());

  it('fills what is missing, and takes no more than it may', () => {
    const images = Array.from({ length: 900 }, () => null);
    const read = readConfusion({ classes: ['a', 3], counts: [null, [1, 'x']], images })!;
    expect(read.counts).toEqual([[0, 0], [1, 0]]);
    expect(read.images).toHaveLength(500);
    expect(readConfusion({ classes: Array.from({ length: 201 }, String), counts: [] })).toBeNull();
  });
});

it('normalizes by all images of the class where not all classes are shown', () => {
  const read = readConfusion({ ...json, totals: [20, 'x'], of: 7 })!;
  expect([fractionOf(read, 0, 1), read.totals, read.of]).toEqual([0.1, [20, 0], 7]);
});

it('normalizes by the row', () => {
  const read = readConfusion(json)!;
  expect(fractionOf(read, 0, 1)).toBe(0.2);
  expect(fractionOf(read, 1, 1)).toBe(0);
  expect(cellText(read, 0, 1, true)).toBe('20.0 %');
  expect(cellText(read, 0, 1, false)).toBe('2');
});
