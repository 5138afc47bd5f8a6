import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';

import type { KernelSession, KernelSessions } from './session';

/**
 * A side panel about the kernel in front. It asks the kernel nothing while it is hidden.
 */
export abstract class KernelPanel extends Widget {
  constructor(protected readonly sessions: KernelSessions) {
    super();
    this.addClass('hs-panel');
    sessions.changed.connect(this._reconsider, this);
  }

  /** The kernel that the panel shows; null where there is none. */
  protected get session(): KernelSession | null {
    return this._session;
  }

  /**
   * Begin to show the session. The result is called when it should end.
   * @param anew whether it is another kernel than the one that was shown last, or was restarted since
   */
  protected abstract begin(session: KernelSession, anew: boolean): () => void;

  /** Show that there is no Headstart kernel in front. */
  protected abstract showNone(): void;

  override dispose(): void {
    this._leave();
    super.dispose();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this._reconsider();
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._reconsider();
  }

  protected override onAfterHide(message: Message): void {
    this._leave();
    super.onAfterHide(message);
  }

  protected override onBeforeDetach(message: Message): void {
    this._leave();
    super.onBeforeDetach(message);
  }

  private _reconsider(): void {
    if (!this.isVisible) {
      return;
    }
    const now = this.sessions.current;
    if (now === this._session && now !== null) {
      return;
    }
    this._leave();
    this._session = now;
    if (now) {
      now.restarted.connect(this._again, this);
      const anew = now !== this._last || now.restarts !== this._restarts; // a hidden panel does not hear of restarts
      this._last = now;
      this._restarts = now.restarts;
      this._end = this.begin(now, anew);
    } else {
      this._last = null;
      this.showNone();
    }
  }

  /** Begin anew with the same kernel, which was restarted. */
  private _again(): void {
    this._leave();
    this._reconsider();
  }

  private _leave(): void {
    this._session?.restarted.disconnect(this._again, this);
    this._end?.();
    this._end = null;
    this._session = null;
  }

  private _session: KernelSession | null = null;
  private _last: KernelSession | null = null;
  /** The restarts of the kernel that was shown last, when it was. */
  private _restarts = 0;
  private _end: (() => void) | null = null;
}
