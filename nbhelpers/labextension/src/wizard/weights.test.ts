import { describe, expect, it } from 'vitest';

import { translation } from '../translation';
import { offers, readWeights, UNKNOWN, weightsFor, type Presence } from './weights';

const trans = translation(null);
const where = (presence: Presence) => readWeights({ weights: [{ name: 'imagenet', presence, bytes: 102469840 }] });

it('the answer of a kernel is read, and what is not one is left out', () => {
  expect([...where('cached')]).toEqual([['imagenet', { presence: 'cached', bytes: 102469840 }]]);
  for (const answer of [null, {}, 3, { weights: 'x' }, { weights: [null, { name: 'a' }, { name: 'b', presence: 'x' }] }]) {
    expect(readWeights(answer).size).toBe(0);
  }
});

describe('what is proposed', () => {
  it.each<[Presence, string]>([['cached', 'imagenet'], ['hub', 'imagenet'], ['none', 'sample']])(
    'for photos with the file %s is %s', (presence, want) => expect(weightsFor('photos', where(presence))).toBe(want));

  it('for photos is imagenet until it is known', () => expect(weightsFor('photos', UNKNOWN)).toBe('imagenet'));

  it('for the sample images is sample', () => expect(weightsFor('', where('cached'))).toBe('sample'));
});

describe('what is offered', () => {
  it('begins with what can be had', () => {
    expect(offers(where('cached'), trans).map(([name]) => name)).toEqual(['imagenet', 'sample', 'random']);
    expect(offers(where('none'), trans).map(([name]) => name)).toEqual(['sample', 'imagenet', 'random']);
  });

  it('says where it is', () => {
    expect(offers(where('cached'), trans)[0][1]).toContain('on this machine already');
    expect(offers(where('hub'), trans)[0][1]).toBe('for photos, 102 MB, fetched once');
    expect(offers(UNKNOWN, trans)[0][1]).toBe('for photos, 102 MB, fetched once');
  });
});
