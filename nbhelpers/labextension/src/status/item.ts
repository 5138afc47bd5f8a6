import { Widget } from '@lumino/widgets';

import { element } from '../dom';
import { Activity } from '../kernel/activity';
import { USAGE_SUBJECT } from '../kernel/client';
import type { KernelSession, KernelSessions } from '../kernel/session';
import type { Translation } from '../translation';
import { readUsage, statusText, statusTitle, type IDevice, type IUsage } from './model';

/** Milliseconds between two requests while a cell runs. */
const EVERY_MS = 3000;

/** How many times longer to wait while a run goes on without a cell: each request makes the kernel busy for a moment. */
const QUIET = 10;

/**
 * Shows the device of the kernel in front, and the memory of all its processes. It never starts the plugin, which it asks only
 * while it runs; and it asks nothing while no cell and no run changes the answer. Once the plugin runs, the kernel tells both.
 */
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
    this._draw(null, null, '');
  }

  override dispose(): void {
    clearInterval(this._timer);
    this._leave();
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
      this._leave();
      this._session = session;
      this._activity = session && new Activity(session);
      this._watched = false;
      this._unable = false; // another kernel may be of a later version
    }
    const news = this._activity?.news ?? false;
    if (session?.warm && !this._end && !this._unable && (news || !this._watched)) {
      this._watch(session);
      return;
    }
    if (this._end) {
      return;
    }
    if (news || (this._running && this._ticks % QUIET === 0)) {
      void this._look();
    }
  }

  /** Hear what the kernel tells. Where it does not, it is asked as before. */
  private _watch(session: KernelSession): void {
    let device: IDevice | null = null;
    let usage: IUsage | null = null;
    const draw = () => {
      this._running = (device?.runs ?? 0) > 0;
      this._draw(device, usage, '');
    };
    const ended = (_: string, unable: boolean) => {
      this._leave();
      if (unable) {
        this._unable = true;
        void this._look(); // the news that led here are used up
      }
    };
    this._watched = true;
    const ends = [
      session.client.watch('device', { news: news => ((device = news as IDevice), draw()), ended }),
      session.client.watch(USAGE_SUBJECT, {
        news: news => ((usage = readUsage(news)), draw()),
        ended: () => {} // a kernel that cannot measure itself
      })
    ];
    this._end = () => ends.forEach(end => end());
  }

  private _leave(): void {
    this._end?.();
    this._end = null;
  }

  private async _look(): Promise<void> {
    const session = this._sessions.current;
    if (document.hidden || this._asking || (this._end && session === this._session)) {
      return;
    }
    if (!session) {
      this._running = false;
      this._draw(null, null, '');
      return;
    }
    this._asking = true;
    let problem = '';
    const [device, usage] = await Promise.all([
      session.warm ? session.client.ask<IDevice>('device').catch((error: Error) => ((problem = error.message), null)) : null,
      session.usage().then(readUsage, () => null) // an older kernel, or one that has just ended
    ]);
    this._asking = false;
    if (session === this._sessions.current) {
      this._running = (device?.runs ?? 0) > 0;
      this._draw(device, usage, problem);
    }
  }

  private _draw(device: IDevice | null, usage: IUsage | null, error: string): void {
    const text = statusText(device, usage, this._trans);
    const title = statusTitle(device, usage, error, this._trans);
    this._button.textContent = text;
    this._button.title = title;
    this._button.setAttribute('aria-label', `${text}. ${title}`);
  }

  private _asking = false;
  private _watched = false;
  /** Whether the kernel tells nothing, as one of an earlier version. */
  private _unable = false;
  /** Ends what is heard; null: nothing is. */
  private _end: (() => void) | null = null;
  private _running = false;
  private _ticks = 0;
  private _session: KernelSession | null = null;
  private _activity: Activity | null = null;
  private readonly _button: HTMLButtonElement;
  private readonly _timer: ReturnType<typeof setInterval>;
}
