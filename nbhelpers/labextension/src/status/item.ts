import { Widget } from '@lumino/widgets';

import { element } from '../dom';
import { Activity } from '../kernel/activity';
import type { KernelSession, KernelSessions } from '../kernel/session';
import type { Translation } from '../translation';
import { statusText, statusTitle, type IDevice } from './model';

/** Milliseconds between two requests while a cell runs. */
const EVERY_MS = 3000;

/** How many times longer to wait while none does: each request makes the kernel busy for a moment. */
const QUIET = 10;

/** Shows the device of the kernel in front. It never starts the plugin: it asks only while the plugin runs. */
export class StatusItem extends Widget {
  constructor(
    private readonly _sessions: KernelSessions,
    runDoctor: () => void,
    private readonly _trans: Translation
  ) {
    super();
    this.addClass('hs-status');
    this._button = element('button', { type: 'button', class: 'hs-status-button', onclick: runDoctor });
    this.node.append(this._button);
    _sessions.changed.connect(this._onChange, this);
    this._timer = setInterval(() => this._tick(), EVERY_MS);
    this._draw(null, '');
  }

  override dispose(): void {
    clearInterval(this._timer);
    this._sessions.changed.disconnect(this._onChange, this);
    super.dispose();
  }

  private _onChange(): void {
    void this._look();
  }

  private _tick(): void {
    this._ticks++;
    const session = this._sessions.current;
    if (session !== this._session) {
      this._session = session;
      this._activity = session && new Activity(session);
    }
    if (this._activity?.news || this._ticks % QUIET === 0) {
      void this._look();
    }
  }

  private async _look(): Promise<void> {
    const session = this._sessions.current;
    if (document.hidden || this._asking) {
      return;
    }
    if (!session?.warm) {
      this._draw(null, '');
      return;
    }
    this._asking = true;
    try {
      this._draw(await session.client.ask<IDevice>('device'), '');
    } catch (error) {
      this._draw(null, (error as Error).message);
    } finally {
      this._asking = false;
    }
  }

  private _draw(device: IDevice | null, error: string): void {
    const text = statusText(device, this._trans);
    const title = statusTitle(device, error, this._trans);
    this._button.textContent = text;
    this._button.title = title;
    this._button.setAttribute('aria-label', `${text}. ${title}`);
  }

  private _asking = false;
  private _ticks = 0;
  private _session: KernelSession | null = null;
  private _activity: Activity | null = null;
  private readonly _button: HTMLButtonElement;
  private readonly _timer: ReturnType<typeof setInterval>;
}
