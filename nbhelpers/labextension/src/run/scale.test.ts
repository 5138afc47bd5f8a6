import { describe, expect, it } from 'vitest';

import { epochAxis, logAxis, logLabel, needsLog, niceStep, tickLabel, valueAxis } from './scale';

it.each([
  [0.7, 1],
  [1, 1],
  [1.1, 2],
  [30, 50],
  [0.003, 0.005]
])('the nice step above %d is %d', (step, nice) => expect(niceStep(step)).toBeCloseTo(nice, 12));

describe('valueAxis', () => {
  it('covers its values with rounded ends', () => {
    const axis = valueAxis([0.31, 2.27], false);
    expect(axis.low).toBe(0);
    expect(axis.high).toBe(2.5);
    expect(axis.ticks).toEqual([0, 0.5, 1, 1.5, 2, 2.5]);
  });

  it('keeps fractions between 0 and 1', () => {
    const axis = valueAxis([0.02, 0.999], true);
    expect([axis.low, axis.high]).toEqual([0, 1]);
  });

  it.each([[[]], [[3]], [[0, 0]]])('has a width for %j', values => {
    const axis = valueAxis(values, false);
    expect(axis.high).toBeGreaterThan(axis.low);
    expect(axis.ticks.length).toBeGreaterThan(1);
    expect(axis.ticks.length).toBeLessThan(12);
  });
});

describe('epochAxis', () => {
  it.each([
    [0, [1, 2]],
    [6, [1, 2, 3, 4, 5, 6]],
    [30, [1, 5, 10, 15, 20, 25, 30]]
  ])('to %d has ticks %j', (last, ticks) => expect(epochAxis(last).ticks).toEqual(ticks));
});

it.each<[number[], boolean, boolean]>([
  [[2, 0.01], false, true],
  [[2, 0.5], false, false],
  [[2, 0], false, false],
  [[1, 0.01], true, false],
  [[], false, false]
])('of the values %j (fractions: %j) a logarithmic axis is needed: %j', (values, fraction, want) => expect(needsLog(values, fraction)).toBe(want));

describe('logAxis', () => {
  it.each([
    [[0.01, 1, 100], [0.01, 0.1, 1, 10, 100]],
    [[0.003, 30], [0.01, 0.1, 1, 10]],
    [[3, 3], [1.5, 6]],
    [[1e-8, 1e8], [1e-8, 1e-5, 0.01, 10, 1e4, 1e7]],
    [[], [1, 10]]
  ])('of %j has ticks %j', (values, ticks) => expect(logAxis(values).ticks.map(logLabel)).toEqual(ticks.map(logLabel)));

  it('ends at its values', () => expect(logAxis([30, 0.003])).toMatchObject({ low: 0.003, high: 30 }));

  it('labels powers shortly', () => expect([1e-5, 0.01, 30, 1e5].map(logLabel)).toEqual(['0.00001', '0.01', '30', '100000']));
});

it('labels ticks with the decimals they need', () => {
  expect(tickLabel({ low: 0, high: 1, ticks: [0, 0.05] }, 0.05, true)).toBe('5 %');
  expect(tickLabel({ low: 0, high: 1, ticks: [0, 0.5] }, 0.5, false)).toBe('0.5');
});
