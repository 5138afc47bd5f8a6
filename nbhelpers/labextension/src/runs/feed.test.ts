import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { IWatcher } from '../kernel/watches';
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

  /** A feed of a kernel that tells, with what was asked of it. */
  function told() {
    const ask = vi.fn(async (_: object): Promise<unknown> => ({ runs: [{ id: 'asked', state: 'done' }] }));
    const watchers: IWatcher[] = [];
    const leave = vi.fn();
    const feed = new RunFeed(
      ask,
      () => 1000,
      () => true,
      watcher => {
        watchers.push(watcher);
        return leave;
      }
    );
    return { ask, watchers, leave, feed };
  }

  it('asks nothing while a run trains, and shows its progress', async () => {
    const { ask, watchers, leave, feed } = told();
    const heard = vi.fn();
    const end = feed.watch(heard);
    watchers[0].news({ order: ['b', 'a'], runs: [{ id: 'a', state: 'done' }, { id: 'b', state: 'running', epoch: 1 }] });
    for (let epoch = 2; epoch <= 20; epoch++) {
      await vi.advanceTimersByTimeAsync(500);
      watchers[0].news({ order: ['b', 'a'], runs: [{ id: 'b', state: 'running', epoch }] });
    }
    expect(feed.runs.map(run => [run.id, run.epoch])).toEqual([['b', 20], ['a', 0]]);
    expect(heard).toHaveBeenCalledTimes(20);
    watchers[0].news({ order: ['b'], runs: [{ id: 'b', state: 'done', epoch: 20 }] });
    expect(feed.runs.map(run => [run.id, run.state])).toEqual([['b', 'done']]);
    expect(ask).not.toHaveBeenCalled();
    expect(watchers).toHaveLength(1);
    end();
    expect(leave).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(ask).not.toHaveBeenCalled();
  });

  it('shows a second listener what is known, once it can end its watch', async () => {
    const { watchers, feed } = told();
    feed.watch(() => {});
    watchers[0].news({ order: ['a'], runs: [{ id: 'a', state: 'done' }] });
    const heard = vi.fn();
    const end: () => void = feed.watch(() => {
      heard();
      end();
    });
    const never = vi.fn();
    feed.watch(never)();
    await vi.advanceTimersByTimeAsync(0);
    watchers[0].news({ order: ['a'], runs: [] });
    expect(heard).toHaveBeenCalledTimes(1);
    expect(never).not.toHaveBeenCalled();
    expect(watchers).toHaveLength(1);
  });

  it('does not show the runs of an earlier watch for those of now', async () => {
    const { watchers, feed } = told();
    const end = feed.watch(() => {});
    watchers[0].news({ order: ['a'], runs: [{ id: 'a', state: 'running' }] });
    expect(feed.known).toBe(true);
    end();
    feed.watch(() => {});
    const heard = vi.fn();
    feed.watch(heard);
    await vi.advanceTimersByTimeAsync(0);
    expect(heard).not.toHaveBeenCalled();
    expect(feed.known).toBe(false);
    watchers[1].news({ order: ['b'], runs: [{ id: 'b', state: 'running' }] });
    expect(heard).toHaveBeenCalledTimes(1);
    expect(feed.known).toBe(true);
  });

  it('asks a kernel of an earlier version as before', async () => {
    const { ask, watchers, feed } = told();
    feed.watch(() => {});
    watchers[0].ended('', true);
    await vi.advanceTimersByTimeAsync(2500);
    expect(ask).toHaveBeenCalledTimes(3);
    expect(feed.runs.map(run => run.id)).toEqual(['asked']);
    expect(watchers).toHaveLength(1);
  });

  it('says why it hears nothing more, and listens again', async () => {
    const { ask, watchers, feed } = told();
    const end = feed.watch(() => {});
    watchers[0].ended('The kernel was restarted.', false);
    expect(feed.error).toBe('The kernel was restarted.');
    await vi.advanceTimersByTimeAsync(1100);
    expect(watchers).toHaveLength(2);
    watchers[1].news({ order: [], runs: [] });
    expect(feed.error).toBe('');
    expect(ask).not.toHaveBeenCalled();
    end();
    watchers[1].ended('late', false);
    await vi.advanceTimersByTimeAsync(5000);
    expect(watchers).toHaveLength(2);
  });

  it('asks once where news were lost', async () => {
    const { ask, watchers, feed } = told();
    feed.watch(() => {});
    watchers[0].news({ order: ['a', 'unknown'], runs: [{ id: 'a', state: 'done' }] });
    watchers[0].news('no news');
    await vi.advanceTimersByTimeAsync(100);
    expect(ask).toHaveBeenCalledTimes(1);
    expect(feed.runs.map(run => run.id)).toEqual(['asked']);
  });
});
