import { Widget } from '@lumino/widgets';

import { element } from '../dom';
import type { KernelSessions } from '../kernel/session';
import { statusText, statusTitle, type IDevice } from './model';

/** Milliseconds between two looks at the device. */
const EVERY_MS = 3000;

/** Shows the device of the kernel in front. It never starts the plugin: it asks only when that runs anyway. */
export class StatusItem extends Widget {
  constructor(
    private readonly _sessions: KernelSessions,
    runDoctor: () => void
  ) {
    super();
    this.addClass('hs-status');
    this._button = element('button', { type: 'button', class: 'hs-status-button', onclick: runDoctor });
    this.node.append(this._button);
    _sessions.changed.connect(this._onChange, this);
    this._timer = setInterval(() => void this._look(), EVERY_MS);
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
    this._button.textContent = statusText(device);
    this._button.title = statusTitle(device, error);
    this._button.setAttribute('aria-label', `${statusText(device)}. ${statusTitle(device, error)}`);
  }

  private _asking = false;
  private readonly _button: HTMLButtonElement;
  private readonly _timer: ReturnType<typeof setInterval>;
}
