import { expect, it } from 'vitest';

import { translation } from '../translation';
import { decide, proposal, readClean, verdict } from './model';

const trans = translation(null);
const doubt = { path: 'glass/1.jpg', label: 'glass', reason: 'sure of another class', propose: 'relabel', to: 'metal', thumb: 'aGk=' };

it('reads doubts, and takes nothing but base64 for an image', () => {
  const clean = readClean({ dataset: 'garbage', classes: ['glass', 'metal'], doubts: [doubt, { ...doubt, thumb: '"x' }, null], note: 'n' })!;
  expect(clean.doubts[0]).toEqual(doubt);
  expect(clean.doubts[1].thumb).toBe('');
  expect(clean.doubts[2].path).toBe('');
});

it.each([null, 'x', {}, { dataset: 'a' }, { dataset: 1, doubts: [] }])('refuses %j', json => expect(readClean(json)).toBeNull());

it('says what is proposed, asked and done', () => {
  expect(proposal(doubt, trans)).toBe('relabel as metal');
  expect(proposal({ ...doubt, propose: 'delete', to: '' }, trans)).toBe('skip');
  expect(decide('garbage', doubt, 'relabel', 'metal')).toEqual({
    dataset: 'garbage', action: 'relabel', paths: ['glass/1.jpg'], to: 'metal', limit: 1
  });
  expect(verdict('relabel', 'metal', trans)).toBe('relabeled as metal');
  expect(verdict('delete', '', trans)).toBe('skipped');
});
