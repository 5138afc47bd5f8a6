import { Signal } from '@lumino/signaling';
import { beforeEach, expect, it, vi } from 'vitest';

import { KernelPanel } from './panel';
import type { KernelSession, KernelSessions } from './session';

vi.mock('@lumino/widgets', () => ({
  // a widget without a page
  Widget: class {
    isVisible = false;
    addClass() {}
    onAfterShow() {}
    onAfterHide() {}
  }
}));

/** A kernel that is restarted when told to. */
class FakeSession {
  restarts = 0;
  readonly restarted = new Signal<this, void>(this);

  restart(): void {
    this.restarts++;
    this.restarted.emit();
  }
}

/** A panel that records what it begins. */
class FakePanel extends KernelPanel {
  readonly begun: [session: unknown, anew: boolean][] = [];

  turn(visible: boolean): void {
    Object.assign(this, { isVisible: visible });
    if (visible) {
      this.onAfterShow(null as never);
    } else {
      this.onAfterHide(null as never);
    }
  }

  protected override begin(session: KernelSession, anew: boolean): () => void {
    this.begun.push([session, anew]);
    return () => {};
  }

  protected override showNone(): void {}
}

let front: FakeSession;
let panel: FakePanel;
let changed: Signal<object, void>;

beforeEach(() => {
  front = new FakeSession();
  changed = new Signal<object, void>({});
  const sessions = {
    changed,
    get current() {
      return front;
    }
  };
  panel = new FakePanel(sessions as unknown as KernelSessions);
});

it('shows again what it showed before it was hidden', () => {
  panel.turn(true);
  panel.turn(false);
  panel.turn(true);
  expect(panel.begun).toEqual([[front, true], [front, false]]);
});

it('begins anew at each restart, and with another kernel', () => {
  panel.turn(true);
  front.restart();
  front = new FakeSession();
  changed.emit();
  expect(panel.begun.map(([, anew]) => anew)).toEqual([true, true, true]);
  expect(panel.begun[2][0]).toBe(front);
});

it('begins anew with a kernel that was restarted while it was hidden', () => {
  panel.turn(true);
  panel.turn(false);
  front.restart();
  panel.turn(true);
  panel.turn(false);
  panel.turn(true);
  expect(panel.begun.map(([, anew]) => anew)).toEqual([true, true, false]);
});
