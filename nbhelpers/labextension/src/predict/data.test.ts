import { expect, it } from 'vitest';

import { readAnswer, shownScores } from './data';

const answer = {
  model: 'resnet50', size: 224, trained: true, classes: ['cat', 'dog', 'emu'],
  top: [{ class: 'emu', probability: 0.7 }, { class: 'cat', probability: 0.2 }, { class: 'dog', probability: 0.1 }]
};

it('reads an answer', () => {
  const read = readAnswer(answer);
  expect(read).toMatchObject({ model: 'resnet50', size: 224, trained: true, values: [] });
  expect(read.scores[0]).toEqual({ name: 'emu', probability: 0.7 });
});

it('empties what has another type, and keeps probabilities between 0 and 1', () => {
  expect(readAnswer(null)).toEqual({ model: '', size: 0, trained: false, classes: [], of: 0, scores: [], values: [] });
  expect(readAnswer({ top: [null, { class: 1, probability: 3 }] }).scores).toEqual([
    { name: '', probability: 0 },
    { name: '', probability: 1 }
  ]);
});

it('knows how many classes a model has, also where not all are named', () => {
  expect(readAnswer(answer).of).toBe(3);
  expect(readAnswer({ ...answer, of: 1000 }).of).toBe(1000);
});

it('keeps few classes in their places while it is live', () => {
  const read = readAnswer(answer);
  expect(shownScores(read, true).map(s => s.name)).toEqual(['cat', 'dog', 'emu']);
  expect(shownScores(read, false).map(s => s.name)).toEqual(['emu', 'cat', 'dog']);
});

it('shows the most probable of many', () => {
  const classes = Array.from({ length: 30 }, (_, i) => `c${i}`);
  const many = readAnswer({ classes, top: classes.map(name => ({ class: name, probability: 1 / 30 })) });
  expect(shownScores(many, true)).toHaveLength(8);
});
