import { Signal } from '@lumino/signaling';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import type { KernelSessions } from '../kernel/session';
import type { IWatcher } from '../kernel/watches';
import { translation } from '../translation';
import { StatusItem } from './item';

vi.mock('@lumino/widgets', () => ({
  // a widget without a page
  Widget: class {
    readonly node = { append() {} };
    addClass() {}
    dispose() {}
  }
}));

/** The only element that is made. */
const button = { textContent: '', title: '', setAttribute() {}, addEventListener() {}, append() {} };

/** A kernel that runs a cell, with its watches of the device. */
function fakeSession(name: string) {
  const watchers: IWatcher[] = [];
  const ask = vi.fn(async () => ({ name, description: '', models: 0, runs: 0 }));
  const watch = (magic: string, watcher: IWatcher) => {
    if (magic === 'device') {
      watchers.push(watcher);
    }
    return () => {};
  };
  return { watchers, ask, warm: true, busy: true, begun: 1, usage: async () => null, client: { ask, watch } };
}

let front: ReturnType<typeof fakeSession>;
let item: StatusItem;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('document', { hidden: false, createElement: () => button });
  front = fakeSession('cpu');
  const sessions = {
    changed: new Signal<object, void>({}),
    get current() {
      return front;
    }
  };
  item = new StatusItem(sessions as unknown as KernelSessions, () => {}, translation(null));
});

afterEach(() => {
  item.dispose();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

it('hears a kernel that tells, and asks it nothing', async () => {
  await vi.advanceTimersByTimeAsync(3000);
  front.watchers[0].news({ name: 'told', description: '', models: 0, runs: 0 });
  expect(button.textContent).toBe('told');
  await vi.advanceTimersByTimeAsync(30_000);
  expect(front.watchers).toHaveLength(1);
  expect(front.ask).not.toHaveBeenCalled();
});

it('asks a kernel of an earlier version again and again while a cell runs', async () => {
  await vi.advanceTimersByTimeAsync(3000);
  front.watchers[0].ended('', true);
  await vi.advanceTimersByTimeAsync(9000);
  expect(front.ask.mock.calls.length).toBeGreaterThanOrEqual(3);
  expect(button.textContent).toBe('cpu');
  expect(front.watchers).toHaveLength(1);
});

it('hears another kernel, whatever the one before was able to do', async () => {
  await vi.advanceTimersByTimeAsync(3000);
  front.watchers[0].ended('', true);
  front = fakeSession('other');
  await vi.advanceTimersByTimeAsync(3000);
  expect(front.watchers).toHaveLength(1);
});
