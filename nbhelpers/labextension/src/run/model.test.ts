import { describe, expect, it } from 'vitest';

import { translation } from '../translation';
import { hasModel, readRun } from './data';
import { duration, epochTable, headline, LINES, magicLine, panels, provenance, quoted, summary } from './model';

const trans = translation(null);

const JSON_OF_RUN = {
  id: 'resnet50-1',
  state: 'running',
  dataset: 'garbage',
  train_images: 480,
  val_images: 120,
  epoch: 2,
  epochs: 10,
  best: 2,
  rate: 120.4,
  left_ms: 8000,
  started: '2025-11-25T01:02:03.5Z',
  val_accuracy: 0.925,
  highest_val_accuracy: 0.95,
  highest_val_accuracy_epoch: 1,
  series: [
    { panel: 'loss', name: 'train', values: [1.5, 0.5] },
    { panel: 'loss', name: 'validation', values: [1.25, null] },
    { panel: 'accuracy', name: 'validation', values: [0.5, 0.925] }
  ],
  notes: ['untrained backbone', 3],
  facts: [{ name: 'seed', value: '42' }, { name: 'weights' }, 'gomlx']
};

describe('readRun', () => {
  it.each([null, 3, 'x', [], {}, { id: 3 }])('refuses %j', json => expect(readRun(json)).toBeNull());

  it('empties what has another type', () => {
    const run = readRun({ id: 'a', state: 'exploded', epoch: '3', series: [{ values: ['x', 1, Infinity] }, null], notes: 'x' })!;
    expect(run).toMatchObject({ title: 'a', state: 'failed', epoch: 0, notes: [], valAccuracy: null });
    expect(run.series).toEqual([{ panel: '', name: '', at: [], values: [null, 1, null] }]);
  });

  it('takes the places of a comparison only where each value has one', () => {
    const compared = (at: unknown) => readRun({ id: 'a', compared: [{ panel: 'held-out accuracy', name: 'conv5', at, values: [0.7, 0.9] }] })!.compared[0].at;
    expect(compared([0.01, 1])).toEqual([0.01, 1]);
    for (const broken of [[0.01], [0, 1], ['x', 1], [1, 2, 3], undefined]) {
      expect(compared(broken)).toEqual([]);
    }
  });

  it('reads what is there', () => expect(readRun(JSON_OF_RUN)).toMatchObject({ leftMS: 8000, notes: ['untrained backbone'] }));
});

describe('what a card says', () => {
  const run = readRun(JSON_OF_RUN)!;

  it('groups curves by their quantity', () =>
    expect(panels(run.series).map(p => [p.name, p.fraction, p.lines.length])).toEqual([
      ['loss', false, 2],
      ['accuracy', true, 1]
    ]));

  it('sums up', () =>
    expect(summary(run, trans)).toBe(
      'epoch 2 of 10 · val accuracy 92.5 % at the lowest validation loss (epoch 2) · highest 95.0 % (epoch 1) · 8.0 s left · 120 images per second'
    ));

  it('says how wide the interval of few images is', () => {
    const interval = { low: 0.864, high: 0.96 };
    const line = (json: object) => summary(readRun({ ...JSON_OF_RUN, ...json })!, trans);
    expect(line({ val_accuracy_interval: interval })).toContain('val accuracy 92.5 % (86 to 96) at the lowest');
    expect(line({ val_accuracy_interval: interval, val_images: 1000 })).toContain('val accuracy 92.5 % at the lowest');
    expect(line({ val_accuracy_interval: { low: 'x' } })).toContain('val accuracy 92.5 % at the lowest');
  });

  it('names the accuracy once where it is what the epoch was selected by', () => {
    const selected = readRun({ ...JSON_OF_RUN, selected_by: 'accuracy', best: 1, val_accuracy: 0.95 })!;
    expect(summary(selected, trans)).toBe('epoch 2 of 10 · val accuracy 95.0 %, the highest (epoch 1) · 8.0 s left · 120 images per second');
  });

  it('lists the epochs', () => {
    const { header, rows } = epochTable(run, trans);
    expect(header).toEqual(['epoch', 'train loss', 'validation loss', 'validation accuracy']);
    expect(rows).toEqual([
      ['1', '1.500', '1.250', '50.0 %'],
      ['2', '0.5000', '', '92.5 %']
    ]);
    expect(epochTable(readRun({ id: 'a' })!, trans).rows).toEqual([]);
  });

  it('sums up a run that has ended', () => {
    const ended = readRun({ ...JSON_OF_RUN, state: 'done', seconds: 83, rate: 0 })!;
    expect(summary(ended, trans)).toBe(
      'epoch 2 of 10 · val accuracy 92.5 % at the lowest validation loss (epoch 2) · highest 95.0 % (epoch 1) · took 1 min 23 s'
    );
  });

  it('says that the last epoch is kept', () => {
    const kept = readRun({ ...JSON_OF_RUN, state: 'done', seconds: 83, rate: 0, kept_last: true })!;
    expect(summary(kept, trans)).toContain('val accuracy 92.5 % at the last epoch, which is kept · highest');
  });

  it('says the epochs of a run that chose a classifier and then fine-tuned', () => {
    const tuned = readRun({ ...JSON_OF_RUN, kept_last: true, choice_summary: 'logistic regression on conv5' })!;
    expect(summary(tuned, trans)).toContain('epoch 2 of 10 · val accuracy 92.5 % at the last epoch');
  });

  it('says of a run that chose a classifier what was measured once', () => {
    const chosen = readRun({ ...JSON_OF_RUN, state: 'done', seconds: 8, rate: 0, epoch: 1, epochs: 1, choice_summary: 'logistic regression on conv3' })!;
    expect(summary(chosen, trans)).toBe('val accuracy 92.5 %, measured once · took 8.0 s');
  });

  it('counts the completed epochs of a run that ended early', () => {
    const stopped = readRun({ id: 'a', state: 'stopped', epoch: 327, epochs: 2000 })!;
    expect(summary(stopped, trans)).toBe('327 epochs');
  });

  it('has a model where a run has ended with a best epoch', () => {
    expect(hasModel(run)).toBe(false);
    expect(hasModel(readRun({ id: 'a', state: 'stopped' })!)).toBe(false);
    expect(hasModel(readRun({ id: 'a', state: 'stopped', best: 3 })!)).toBe(true);
  });

  it('leaves unknown provenance out', () =>
    expect(provenance(run, trans).map(([name]) => name)).toEqual(['run', 'dataset', 'images', 'started', 'seed']));

  it('shows the validation accuracy at a glance', () => expect(headline(run)).toEqual([0.5, 0.925]));
});

it.each([
  [0.04, '0.0 s'],
  [9.97, '10 s'],
  [59.7, '1 min 0 s'],
  [61, '1 min 1 s'],
  [3700, '1 h 1 min']
])('%d seconds are %s', (seconds, text) => expect(duration(seconds, trans)).toBe(text));

it.each([
  ['plain/path-1.x', 'plain/path-1.x'],
  ['my images', '"my images"'],
  ['@photos', '"@photos"'],
  ['hf:a/b@main', 'hf:a/b@main'],
  ['a"b\\c', '"a\\"b\\\\c"'],
  ['a\n!curl evil | sh', '"a !curl evil | sh"'],
  ['a\r\n\u2028\u0085b', '"a b"'],
  ['a\u202eb', '"a b"'],
  ['', '""']
])('%j is written %s', (word, text) => expect(quoted(word)).toBe(text));

it('writes a line of a magic, whatever the name is', () => {
  expect(magicLine('verify', 'resnet50-1')).toBe('%verify resnet50-1');
  expect(magicLine('verify', 'x"\n%save --run x /home')).toBe('%verify "x\\" %save --run x /home"');
  expect(magicLine('verify', '--all')).toBe('%verify -- --all');
});

it.each([
  ['evaluate', '%evaluate --run "a \\"b"'],
  ['predict', '%predict @val --limit 8 --run "a \\"b"'],
  ['save', '%save "models/a \\"b" --run "a \\"b"'],
  ['export', '%export onnx --out "a \\"b.onnx" --run "a \\"b"'],
  ['verify', '%verify "a \\"b"']
] as const)('%s of a run is one line, whatever its name is', (magic, line) => expect(LINES[magic]('a\n"b')).toBe(line));
