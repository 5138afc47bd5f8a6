import { beforeEach, expect, it, vi } from 'vitest';

import type { IPlace } from '../kernel/place';
import type { IWatcher } from '../kernel/watches';
import { RunFeed } from '../runs/feed';
import { translation } from '../translation';
import { RUN_MIME } from './data';
import { runRendererFactory } from './renderer';

vi.mock('@lumino/widgets', () => ({
  // a widget without a page
  Widget: class {
    readonly isAttached = true;
    readonly node = { replaceChildren() {} };
    addClass() {}
  }
}));
vi.mock('./card', () => ({ card: () => null, Folds: class {} }));
vi.mock('../kernel/cells', () => ({}));

const ask = vi.fn(async (_: object): Promise<unknown> => null);
const leave = vi.fn();
let kernel: IWatcher;
let feed: RunFeed;

beforeEach(() => {
  vi.clearAllMocks();
  feed = new RunFeed(
    ask,
    () => 1000,
    () => false,
    watcher => {
      kernel = watcher;
      return leave;
    }
  );
});

/** Draw an output that says that a run is running. */
async function drawn(id: string): Promise<void> {
  const session = { feed, warm: true };
  const place = { tracker: { find: () => ({}) }, sessions: { of: () => session } } as unknown as IPlace;
  const model = { data: { [RUN_MIME]: { id, state: 'running' } }, setData: vi.fn() };
  const factory = runRendererFactory(place, translation(null));
  await factory.createRenderer(null as never).renderModel(model as never);
}

it('follows a run until it has ended, and asks once for what its cell would show', async () => {
  await drawn('a');
  kernel.news({ order: ['a'], runs: [{ id: 'a', state: 'running', epoch: 1 }] });
  expect(leave).not.toHaveBeenCalled();
  kernel.news({ order: ['a'], runs: [{ id: 'a', state: 'done' }] });
  expect(leave).toHaveBeenCalledTimes(1);
  expect(ask.mock.calls).toEqual([[{ action: 'show', run: 'a' }]]);
});

it('leaves a run at once that others know to have ended', async () => {
  const end = feed.watch(() => {});
  kernel.news({ order: ['a'], runs: [{ id: 'a', state: 'done' }] });
  await drawn('a');
  await Promise.resolve();
  end();
  expect(leave).toHaveBeenCalledTimes(1); // nobody listens any more
  expect(ask.mock.calls).toEqual([[{ action: 'show', run: 'a' }]]);
});
