import { describe, expect, it } from 'vitest';

import { readRun } from '../run/data';
import { ALL, datasetsOf, startOf, viewed, type IView } from './view';

const run = (id: string, more: object = {}) => readRun({ id, state: 'done', ...more })!;

const runs = [
  run('run-10', { dataset: 'garbage', val_accuracy: 0.5, seconds: 3 }),
  run('run-9', { dataset: 'signs', val_accuracy: 0.9, seconds: 1, state: 'stopped' }),
  run('Baseline', { dataset: 'garbage', model: 'resnet18', seconds: 2 })
];

const ids = (view: Partial<IView>) => viewed(runs, { ...ALL, ...view }).map(r => r.id);

describe('viewed', () => {
  it.each([
    [{}, ['run-10', 'run-9', 'Baseline']],
    [{ order: 'oldest' }, ['Baseline', 'run-9', 'run-10']],
    [{ order: 'name' }, ['Baseline', 'run-9', 'run-10']],
    [{ order: 'accuracy' }, ['run-9', 'run-10', 'Baseline']],
    [{ order: 'duration' }, ['run-10', 'Baseline', 'run-9']],
    [{ dataset: 'garbage' }, ['run-10', 'Baseline']],
    [{ state: 'stopped' }, ['run-9']],
    [{ words: ' base RESNET ' }, ['Baseline']],
    [{ words: 'signs' }, ['run-9']],
    [{ words: 'nothing' }, []]
  ] as [Partial<IView>, string[]][])('%j gives %j', (view, want) => expect(ids(view)).toEqual(want));

  it('leaves the runs as they are', () => {
    ids({ order: 'oldest' });
    expect(runs[0].id).toBe('run-10');
  });
});

it('lists the datasets', () => expect(datasetsOf([...runs, run('x')])).toEqual(['garbage', 'signs']));

it('shows the start to the minute', () => {
  expect(startOf(run('a', { started: '2026-11-29T05:35:59.5' }))).toBe('2026-11-29 05:35');
  expect(startOf(run('a'))).toBe('');
});
