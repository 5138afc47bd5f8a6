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

  /** Begin to show the session, of which the panel has shown nothing. The result is called when it should end. */
  protected abstract begin(session: KernelSession): () => void;

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
      this._end = this.begin(now);
    } else {
      this.showNone();
    }
  }

  private _leave(): void {
    this._end?.();
    this._end = null;
    this._session = null;
  }

  private _session: KernelSession | null = null;
  private _end: (() => void) | null = null;
}
