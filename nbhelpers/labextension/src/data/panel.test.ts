import { Signal } from '@lumino/signaling';
import { expect, it, vi } from 'vitest';

import type { KernelSessions } from '../kernel/session';
import type { IWatcher } from '../kernel/watches';
import { translation } from '../translation';
import { DataPanel } from './panel';

const { buttons, fake } = vi.hoisted(() => ({
  /** What the buttons that were drawn last do. */
  buttons: new Map<string, () => void>(),
  /** An element without a page. */
  fake: () => ({
    append() {}, replaceChildren() {}, setAttribute() {}, addEventListener() {}, classList: { toggle() {} }, dataset: {}
  })
}));

vi.mock('../dom', () => ({
  element: fake,
  select: fake,
  onChosen() {},
  keepFocus: (_: unknown, draw: () => void) => draw(),
  button: (label: string, _title: string, onclick: () => void) => (buttons.set(label, onclick), fake())
}));
vi.mock('@lumino/widgets', () => ({
  Widget: class {
    readonly isVisible = true;
    readonly node = fake();
    addClass() {}
    onAfterAttach() {}
  }
}));

/** Lets a test attach the panel. */
class Attached extends DataPanel {
  attach(): this {
    this.onAfterAttach(null as never);
    return this;
  }
}

it('shows what changed while it turned the page', async () => {
  const requests: object[] = [];
  const answers: ((page: object) => void)[] = [];
  let kernel!: IWatcher;
  const client = {
    ask: (_: string, request: object) => (requests.push(request), new Promise(resolve => answers.push(resolve))),
    watch: (_: string, watcher: IWatcher) => ((kernel = watcher), () => {})
  };
  const session = { client, restarts: 0, restarted: new Signal<object, void>({}) };
  const sessions = { current: session, changed: new Signal<object, void>({}) };
  new Attached(sessions as unknown as KernelSessions, translation(null)).attach();
  const page = { name: 'photos', total: 100 };
  const answer = async () => {
    answers.shift()!(page);
    await new Promise(resolve => setTimeout(resolve));
  };
  const told = { dataset: 'photos', digest: 'a', edits: 0, model: 'net', run: 'first' };

  kernel.news(told);
  await answer();
  expect(requests).toHaveLength(1);
  buttons.get('›')!();
  kernel.news({ ...told, run: 'second' }); // a training has ended
  expect(requests).toHaveLength(2);
  await answer();
  expect(requests).toHaveLength(3);
  expect(requests[2]).toMatchObject({ dataset: 'photos', offset: 48 });
  await answer();
  kernel.news({ ...told, run: 'second' }); // again, as at a renewal
  expect(requests).toHaveLength(3);
});
