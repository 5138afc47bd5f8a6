/** Milliseconds between two frames of a recording, at least. */
const EVERY_MS = 120;

/** Records frames while a button is held: the next one is taken when the one before was added. */
export class Recorder {
  /**
   * @param _add takes a frame of the camera and adds it; false ends the recording
   * @param _changed is called when a recording begins or ends
   */
  constructor(
    private readonly _add: (recording: number, frame: number) => Promise<boolean>,
    private readonly _changed: () => void
  ) {}

  get recording(): boolean {
    return this._began !== 0;
  }

  start(): void {
    if (!this.recording) {
      this._began = Date.now();
      this._changed();
      void this._next(this._began, 1);
    }
  }

  stop(): void {
    if (this.recording) {
      this._began = 0;
      clearTimeout(this._timer);
      this._changed();
    }
  }

  private async _next(began: number, frame: number): Promise<void> {
    const added = await this._add(began, frame).catch(() => false);
    if (began !== this._began) {
      return;
    }
    if (added) {
      this._timer = setTimeout(() => void this._next(began, frame + 1), EVERY_MS);
    } else {
      this.stop();
    }
  }

  private _began = 0;
  private _timer: ReturnType<typeof setTimeout> | undefined;
}

/** Make a button record while it is held, by pointer or by the space bar; Enter begins and ends. */
export function holdToRecord(button: HTMLButtonElement, recorder: Recorder): void {
  button.addEventListener('pointerdown', event => {
    if (event.button === 0) {
      button.setPointerCapture(event.pointerId); // its end is heard wherever the pointer is then
      recorder.start();
    }
  });
  for (const end of ['pointerup', 'pointercancel', 'blur']) {
    button.addEventListener(end, () => recorder.stop());
  }
  button.addEventListener('keydown', event => {
    if (event.repeat || (event.key !== ' ' && event.key !== 'Enter')) {
      return;
    }
    event.preventDefault();
    if (event.key === 'Enter' && recorder.recording) {
      recorder.stop();
    } else {
      recorder.start();
    }
  });
  button.addEventListener('keyup', event => {
    if (event.key === ' ') {
      event.preventDefault();
      recorder.stop();
    }
  });
}
