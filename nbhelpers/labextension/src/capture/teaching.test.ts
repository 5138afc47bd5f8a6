import { describe, expect, it, vi } from 'vitest';

import { readTaught, Teaching } from './teaching';

const answer = {
  taught: { model: 'taught', classes: [{ name: 'cup', images: 2 }, { name: 'spoon', images: 1 }] },
  prediction: { name: 'camera', top: [{ class: 'spoon', index: 1, probability: 0.8 }, { class: 'cup', index: 0, probability: 0.2 }] }
};

describe('readTaught', () => {
  it('reads classes and scores', () =>
    expect(readTaught(answer)).toMatchObject({
      model: 'taught', classes: ['cup', 'spoon'], scores: [{ name: 'spoon', probability: 0.8 }, { name: 'cup', probability: 0.2 }]
    }));

  it('has no answer before the model can predict', () =>
    expect([null, {}, { taught: null }, { taught: {}, prediction: null }, { prediction: { top: 'x' } }].map(readTaught)).toEqual(Array(5).fill(null)));
});

describe('Teaching', () => {
  it('asks nothing until it is on, and then in order', async () => {
    const ask = vi.fn(async () => answer);
    const teaching = new Teaching(ask, vi.fn());
    teaching.follow('/home/me/mine');
    teaching.add('cup', 'aW1n');
    teaching.on = true;
    teaching.follow('');
    teaching.follow('/home/me/mine');
    teaching.add('cup', 'aW1n');
    await vi.waitFor(() => expect(ask).toHaveBeenCalledTimes(2));
    expect(ask.mock.calls).toEqual([[{ action: 'folder', folder: '/home/me/mine' }], [{ action: 'add', class: 'cup', image: 'aW1n' }]]);
    expect((await teaching.predict('aW1n'))?.scores[0]?.name).toBe('spoon');
  });

  it('forgets all after what is under way, when it stops', async () => {
    const ask = vi.fn(async (_: object): Promise<unknown> => answer);
    const teaching = new Teaching(ask, vi.fn());
    await teaching.stop();
    teaching.on = true;
    teaching.follow('/home/me/mine');
    ask.mockResolvedValueOnce(answer).mockRejectedValueOnce(new Error('nothing was taught'));
    await teaching.stop();
    teaching.add('cup', 'aW1n');
    expect(ask.mock.calls).toEqual([[{ action: 'folder', folder: '/home/me/mine' }], [{ action: 'reset' }]]);
    expect(teaching.on).toBe(false);
  });

  it('says why it cannot learn, once, and stops', async () => {
    const ask = vi.fn(async () => Promise.reject(new Error('there is no model')));
    const fail = vi.fn();
    const teaching = new Teaching(ask, fail);
    teaching.on = true;
    teaching.follow('/home/me/mine');
    teaching.add('cup', 'aW1n');
    await vi.waitFor(() => expect(fail).toHaveBeenCalledWith(new Error('there is no model')));
    await Promise.resolve();
    expect([teaching.on, fail.mock.calls.length, ask.mock.calls.length]).toEqual([false, 1, 1]);
  });
});
