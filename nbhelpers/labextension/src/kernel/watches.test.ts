import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Watches } from './watches';

/** Lets the answers arrive. */
const settle = () => vi.advanceTimersByTimeAsync(0);

function watcher() {
  return { news: vi.fn(), ended: vi.fn() };
}

describe('Watches', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('tells news until it is left, and asks for them once', async () => {
    const ask = vi.fn(async (_magic: string, watch: boolean): Promise<unknown> => (watch ? { watching: true, seconds: 600 } : { watching: false }));
    const watches = new Watches(ask);
    const own = watcher();
    const leave = watches.start('runs', own);
    await settle();
    expect(watches.hear({ magic: 'runs', news: { n: 1 } })).toBe(true);
    expect(watches.hear({ magic: 'runs', news: 0 })).toBe(true);
    expect(own.news.mock.calls).toEqual([[{ n: 1 }], [0]]);
    expect(watches.hear({ id: '1', answer: {} })).toBe(false);
    await vi.advanceTimersByTimeAsync(200_000);
    expect(ask.mock.calls).toEqual([['runs', true]]);
    leave();
    expect(ask.mock.calls).toEqual([
      ['runs', true],
      ['runs', false]
    ]);
    expect(watches.hear({ magic: 'runs', news: 2 })).toBe(true);
    expect(own.news).toHaveBeenCalledTimes(2);
    await vi.advanceTimersByTimeAsync(2_000_000);
    expect(ask).toHaveBeenCalledTimes(2);
    expect(own.ended).not.toHaveBeenCalled();
  });

  it('renews before the kernel forgets it, and after a lost connection', async () => {
    const ask = vi.fn(async (): Promise<unknown> => ({ watching: true, seconds: 600 }));
    const watches = new Watches(ask);
    watches.start('runs', watcher());
    await vi.advanceTimersByTimeAsync(239_000);
    expect(ask).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(ask).toHaveBeenCalledTimes(2);
    watches.renew();
    await settle();
    expect(ask).toHaveBeenCalledTimes(3);
    await vi.advanceTimersByTimeAsync(239_000);
    expect(ask).toHaveBeenCalledTimes(3);
  });

  it('says that a kernel of an earlier version tells nothing: it answers a request', async () => {
    for (const answer of [{ runs: [] }, null, { watching: false }]) {
      const own = watcher();
      new Watches(async () => answer).start('runs', own);
      await settle();
      expect(own.ended.mock.calls).toEqual([['', true]]);
    }
  });

  it('says why it has ended', async () => {
    const failed = watcher();
    new Watches(async () => Promise.reject(new Error('the plugin died'))).start('runs', failed);
    await settle();
    expect(failed.ended.mock.calls).toEqual([['the plugin died', false]]);
    const watches = new Watches(async () => ({ watching: true, seconds: 600 }));
    const [first, second] = [watcher(), watcher()];
    watches.start('runs', first);
    watches.start('device', second);
    await settle();
    watches.hear({ magic: 'runs', ended: 'the watch was not renewed' });
    watches.reset('The kernel was restarted.');
    expect(first.ended.mock.calls).toEqual([['the watch was not renewed', false]]);
    expect(second.ended.mock.calls).toEqual([['The kernel was restarted.', false]]);
  });

  it('has nothing to tell the kernel of a watch that is left at the end of another', async () => {
    const ask = vi.fn(async (_magic: string, _watch: boolean): Promise<unknown> => ({ watching: true, seconds: 600 }));
    const watches = new Watches(ask);
    let leave = () => {};
    watches.start('runs', { news: () => {}, ended: () => leave() });
    leave = watches.start('kernel/usage', watcher());
    await settle();
    watches.reset('The kernel was restarted.');
    expect(ask.mock.calls.some(([, watch]) => !watch)).toBe(false);
  });

  it('has several watchers of one magic', async () => {
    const ask = vi.fn(async (_magic: string, _watch: boolean): Promise<unknown> => ({ watching: true, seconds: 600 }));
    const watches = new Watches(ask);
    const [first, second] = [watcher(), watcher()];
    const leave = watches.start('runs', first);
    watches.start('runs', second);
    await settle();
    watches.hear({ magic: 'runs', news: 1 });
    leave();
    watches.hear({ magic: 'runs', news: 2 });
    expect(first.news).toHaveBeenCalledTimes(1);
    expect(second.news).toHaveBeenCalledTimes(2);
    expect(ask.mock.calls.some(([, watch]) => !watch)).toBe(false);
  });
});
