import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { RunFeed } from './feed';

describe('RunFeed', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('asks only while there is a listener', async () => {
    const ask = vi.fn(async () => ({ runs: [{ id: 'a', state: 'running' }] }));
    const feed = new RunFeed(ask, () => 1000);
    await vi.advanceTimersByTimeAsync(5000);
    expect(ask).not.toHaveBeenCalled();

    const heard = vi.fn();
    const first = feed.watch(heard);
    const second = feed.watch(() => {});
    await vi.advanceTimersByTimeAsync(2500);
    expect(ask).toHaveBeenCalledTimes(3);
    expect(heard).toHaveBeenCalledTimes(3);
    expect(feed.runs.map(run => run.id)).toEqual(['a']);

    first();
    second();
    await vi.advanceTimersByTimeAsync(5000);
    expect(ask).toHaveBeenCalledTimes(3);
  });

  it('asks rarely while nothing runs, and often again once a cell does', async () => {
    let busy = false;
    const ask = vi.fn(async () => ({ runs: [{ id: 'a', state: 'finished' }] }));
    const feed = new RunFeed(
      ask,
      () => 1000,
      () => busy
    );
    feed.watch(() => {});
    await vi.advanceTimersByTimeAsync(9500);
    expect(ask).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1000);
    expect(ask).toHaveBeenCalledTimes(2);
    busy = true;
    await vi.advanceTimersByTimeAsync(3000);
    expect(ask).toHaveBeenCalledTimes(5);
  });

  it('reads what a cell would show of a run, and nothing else', async () => {
    const shown = { data: { 'application/vnd.headstart.run+json': {} }, metadata: { a: 1 } };
    const ask = vi.fn(async (): Promise<unknown> => shown);
    const feed = new RunFeed(ask, () => 1000);
    expect(await feed.output('a')).toEqual(shown);
    expect(ask).toHaveBeenCalledWith({ action: 'show', run: 'a' });
    for (const other of [null, {}, { data: { 'text/plain': 'x' } }]) {
      ask.mockResolvedValueOnce(other);
      expect(await feed.output('a')).toBeNull();
    }
  });

  it('never has two requests under way', async () => {
    const ask = vi.fn(() => new Promise(() => {}));
    const feed = new RunFeed(ask, () => 1000);
    feed.watch(() => {})();
    feed.watch(() => {});
    await vi.advanceTimersByTimeAsync(5000);
    expect(ask).toHaveBeenCalledTimes(1);
  });

  it('keeps the last runs, says why it failed, and goes on', async () => {
    const answers = [{ runs: [{ id: 'a', state: 'running' }] }, new Error('the plugin died'), { runs: [{ id: 'b' }, 'no run'] }];
    const feed = new RunFeed(
      async () => {
        const answer = answers.shift();
        if (answer instanceof Error) {
          throw answer;
        }
        return answer;
      },
      () => 1000
    );
    feed.watch(() => {});
    await vi.advanceTimersByTimeAsync(1100);
    expect(feed.error).toBe('the plugin died');
    expect(feed.runs.map(run => run.id)).toEqual(['a']);
    await vi.advanceTimersByTimeAsync(1000);
    expect(feed.error).toBe('');
    expect(feed.runs.map(run => run.id)).toEqual(['b']);
  });

  it('stops a run and shows the answer at once', async () => {
    const ask = vi.fn(async (_: object) => ({ runs: [{ id: 'a', state: 'stopped' }] }));
    const feed = new RunFeed(ask, () => 1000);
    await feed.stop('a');
    expect(ask).toHaveBeenCalledWith({ action: 'stop', run: 'a' });
    expect(feed.runs[0].state).toBe('stopped');
  });
});
