import { beforeEach, expect, it, vi } from 'vitest';

import type { IPlace } from '../kernel/place';
import type { IWatcher } from '../kernel/watches';
import { RunFeed } from '../runs/feed';
import { translation } from '../translation';
import type { ICardActions } from './card';
import { RUN_MIME, type IRun } from './data';
import { runRendererFactory } from './renderer';

vi.mock('@lumino/widgets', () => ({
  // a widget without a page
  Widget: class {
    readonly isAttached = true;
    readonly node = { replaceChildren() {} };
    addClass() {}
  }
}));
const { shown, messages } = vi.hoisted(() => ({
  /** What the card's buttons do. */
  shown: { actions: null as ICardActions | null },
  /** What the cards say, in the order in which they were made. */
  messages: [] as { textContent: string }[]
}));
vi.mock('./card', () => ({
  card: (_run: unknown, _folds: unknown, actions: ICardActions) => ((shown.actions = actions), null),
  Folds: class {}
}));
vi.mock('../dom', () => ({
  element: () => messages[messages.push({ textContent: '' }) - 1],
  keepFocus: (_: unknown, draw: () => void) => draw()
}));
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
async function drawn(id: string, session: object | null = { feed, warm: true }): Promise<void> {
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

it('says that the kernel does not know the run, once it is sure', async () => {
  const end = feed.watch(() => {});
  kernel.news({ order: [], runs: [] });
  ask.mockResolvedValueOnce({ runs: [{ id: 'new', state: 'running' }] });
  await drawn('new');
  await vi.waitFor(() => expect(ask).toHaveBeenCalledTimes(1));
  expect(messages.at(-1)!.textContent).toBe('');
  ask.mockResolvedValueOnce({ runs: [] });
  await drawn('gone');
  await vi.waitFor(() => expect(messages.at(-1)!.textContent).toContain('does not know the run gone'));
  end();
});

it('says why a run cannot be stopped', async () => {
  await drawn('a', null);
  shown.actions?.stop({ id: 'a' } as IRun);
  await vi.waitFor(() => expect(messages.at(-1)!.textContent).toContain('needs a running Go'));
  await drawn('a');
  ask.mockRejectedValueOnce(new Error('there is no run a'));
  shown.actions?.stop({ id: 'a' } as IRun);
  await vi.waitFor(() => expect(messages.at(-1)!.textContent).toBe('there is no run a'));
});
