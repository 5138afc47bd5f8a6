import { button, element } from '../dom';
import type { Translation } from '../translation';
import { Camera } from './camera';

/** A camera with the button that turns it on and off. */
export class CameraView {
  /**
   * @param _say shows why the camera is not on
   * @param _changed is called when it was turned on or off
   */
  constructor(
    private readonly _say: (problem: string) => void,
    private readonly _changed: () => void,
    private readonly _trans: Translation
  ) {
    this.camera = new Camera(_trans);
    this.toggle = button('', '', () => void this._toggle());
    this.node = element('div', { class: 'hs-camera' }, this.camera.video);
    this._draw();
  }

  readonly camera: Camera;
  readonly node: HTMLElement;
  readonly toggle: HTMLButtonElement;

  get on(): boolean {
    return this.camera.on;
  }

  off(): void {
    this.camera.stop();
    this._draw();
    this._changed();
  }

  private async _toggle(): Promise<void> {
    if (this.on || this._starting) {
      this._starting = false;
      this.off();
      return;
    }
    this._starting = true;
    this._say('');
    try {
      await this.camera.start(() => this.off());
    } catch (error) {
      this.camera.stop();
      this._say((error as Error).message);
    }
    this._starting = false;
    this._draw();
    this._changed();
  }

  private _draw(): void {
    const trans = this._trans;
    const [label, title] = this.on
      ? [trans.__('Camera off'), trans.__('Turn the camera off')]
      : [trans.__('Camera on'), trans.__('Turn the camera on; its images go to the kernel and nowhere else')];
    this.toggle.textContent = label;
    this.toggle.title = title;
    this.toggle.setAttribute('aria-label', title);
    this.toggle.setAttribute('aria-pressed', String(this.on));
  }

  private _starting = false;
}
