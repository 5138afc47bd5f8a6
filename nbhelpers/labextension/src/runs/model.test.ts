import { describe, expect, it } from 'vitest';

import { readRun } from '../run/data';
import { translation } from '../translation';
import { comparisons, rowText, Selection } from './model';

const trans = translation(null);
const run = (id: string, more: object = {}) => readRun({ id, state: 'done', epoch: 2, epochs: 2, ...more })!;

describe('Selection', () => {
  it('gives the chosen runs oldest first and forgets those that are gone', () => {
    const selection = new Selection();
    selection.set('new', true);
    selection.set('old', true);
    selection.set('gone', true);
    expect(selection.of([run('new'), run('other'), run('old')]).map(r => r.id)).toEqual(['old', 'new']);
    selection.set('old', false);
    expect(selection.of([run('new'), run('old')]).map(r => r.id)).toEqual(['new']);
  });
});

describe('comparisons', () => {
  const series = [{ panel: 'accuracy', name: 'validation', values: [0.5, 0.75] }];

  it('needs two runs', () => expect(comparisons([run('a')])).toEqual([]));

  it('has a line for each run', () => {
    const [accuracy, loss] = comparisons([run('a', { series }), run('b')]);
    expect(accuracy).toEqual({
      name: 'validation accuracy',
      fraction: true,
      lines: [{ name: 'a', values: [0.5, 0.75] }, { name: 'b', values: [] }]
    });
    expect(loss.fraction).toBe(false);
  });
});

describe('rowText', () => {
  it('tells how far a run is and how long it takes', () => {
    expect(rowText(run('a', { state: 'running', epoch: 1, left_ms: 61_000 }), trans)).toBe('epoch 1 of 2 · 1 min 1 s left');
    expect(rowText(run('a', { state: 'running', epoch: 0 }), trans)).toBe('epoch 0 of 2 · estimating time left');
    expect(rowText(run('a', { val_accuracy: 0.934, seconds: 3.21 }), trans)).toBe('epoch 2 of 2 · val accuracy 93.4 % · 3.2 s');
    const few = run('a', { val_accuracy: 0.934, val_accuracy_interval: { low: 0.87, high: 0.97 }, val_images: 96 });
    expect(rowText(few, trans)).toBe('epoch 2 of 2 · val accuracy 93.4 % (87 to 97)');
  });
});
