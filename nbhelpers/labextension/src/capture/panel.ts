import { CameraView } from '../camera/view';
import { button, element } from '../dom';
import { KernelPanel } from '../kernel/panel';
import type { KernelSession, KernelSessions } from '../kernel/session';
import { Bars } from '../predict/bars';
import type { IFiles } from '../predict/browser';
import { readAnswer, type IAnswer } from '../predict/data';
import { encoded } from '../predict/image';
import { Intake } from '../predict/intake';
import { Live } from '../predict/live';
import type { Translation } from '../translation';
import { ClassList, FolderForm } from './forms';
import { Capture, trainCells, type ICaptured } from './model';
import { holdToRecord, Recorder } from './recorder';
import { Teaching } from './teaching';
import { thumbnail } from './thumbnail';

/** Makes a dataset of the camera's images, trains on it, and predicts what the camera shows. */
export class CapturePanel extends KernelPanel {
  /**
   * @param files the server's files
   * @param run puts cells into the notebook in front and runs them
   */
  constructor(
    sessions: KernelSessions,
    private readonly _run: (codes: readonly string[]) => Promise<boolean>,
    files: IFiles,
    private readonly _trans: Translation
  ) {
    super(sessions);
    const trans = _trans;
    this.addClass('hs-capture');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('Capture'));
    this._form = new FolderForm((folder, create) => void this._do(this._capture?.open(folder, create)).then(() => this._follow()), trans);
    this._classes = new ClassList(
      { choose: name => void this._do(this._capture?.choose(name)), add: name => void this._do(this._capture?.addClass(name)) },
      trans
    );
    this._camera = new CameraView(problem => this._say(problem, problem !== ''), () => this._onCamera(), trans);
    this._recorder = new Recorder((recording, frame) => this._record(recording, frame), () => this._draw());
    holdToRecord(this._hold, this._recorder);
    this._intake = new Intake(this.node, true, files, images => void this._addFiles(images), error => this._say(error.message, true), trans);
    this._bars = new Bars(trans);
    this._live = new Live({
      frame: async () => (this._recorder.recording ? null : this._frame()),
      ask: image => this._predict(image),
      show: answer => this._bars.show(answer, true),
      fail: () => this._bars.clear() // as long as no model is trained
    });
    this._undo = button(trans.__('Undo'), trans.__('Use the image again that was deleted last'), () => void this._do(this._capture?.undo()).then(() => this._follow()));
    this._train = button(trans.__('Train'), trans.__('Insert and run the cells that train on this folder'), () => void this._trainNow());
    this._hold.title = trans.__('Hold to add the images of the camera to the class; Enter begins and ends');
    this._learn.addEventListener('change', () => this._onLearn());
    const learn = element(
      'label',
      { class: 'hs-check', title: trans.__('Predict by the images at once, without a training: the nearest mean of features') },
      this._learn,
      trans.__('Learn while images are added')
    );
    this._grid.setAttribute('aria-label', trans.__('Latest images of the class'));
    // What appears while a button is held stands below it: a button that moves is missed the next time.
    this._work.append(this._classes.node, learn, this._camera.node, this._buttons(), this._bars.node, this._intake.node, this._grid);
    this.node.append(element('h2', { class: 'hs-panel-title' }, trans.__('Capture')), this._form.node, this._message, this._work);
  }

  private _buttons(): HTMLElement {
    return element('div', { class: 'hs-buttons' }, this._camera.toggle, this._hold, this._intake.choose, this._undo, this._train);
  }

  protected override begin(session: KernelSession): () => void {
    const capture = new Capture(request => session.client.ask('dataset', request), this._trans);
    const left = this._left.get(session);
    capture.state = left?.state ?? capture.state;
    this._capture = capture;
    this._teaching = new Teaching(
      request => session.client.ask('teach', request),
      error => {
        if (capture === this._capture) {
          this._learn.checked = false;
          capture.error = error.message;
          this._draw();
        }
      }
    );
    this._learn.checked = false;
    this._form.node.hidden = false;
    this._say('', false);
    void this._do(capture.state.folder === '' ? capture.look() : capture.open(capture.state.folder, false, left?.className));
    return () => {
      this._left.set(session, capture);
      this._recorder.stop();
      this._camera.off();
      this._capture = null;
      this._teaching = null;
    };
  }

  protected override showNone(): void {
    this._form.node.hidden = true;
    this._work.hidden = true;
    this._say(this._trans.__('Open a notebook with the Go (Headstart) kernel to capture images for it.'), false);
  }

  /** Wait for a change of the folder, and show it. */
  private async _do(change: Promise<unknown> | undefined): Promise<void> {
    const capture = this._capture;
    await change;
    if (capture && capture === this._capture) {
      this._draw();
    }
  }

  private _draw(): void {
    const capture = this._capture;
    if (!capture) {
      return;
    }
    const { state } = capture;
    this._say(capture.error || (state.folder === '' ? this._trans.__('Choose a folder for your images, or create one.') : ''), capture.error !== '');
    this._form.show(state);
    this._work.hidden = state.folder === '';
    this._classes.show(state.classes, capture.className);
    this._undo.disabled = state.edits === 0;
    const { recording } = this._recorder;
    this._hold.textContent = recording ? this._trans.__('Recording') : this._trans.__('Hold to record');
    this._hold.setAttribute('aria-pressed', String(recording));
    this._hold.disabled = !this._camera.on || capture.className === '';
    this._grid.replaceChildren(...capture.shown.map(image => this._tile(image)));
  }

  private _tile({ path, thumb }: ICaptured): HTMLElement {
    const remove = button('×', this._trans.__('Delete %1; the file stays', path), () => void this._delete(path));
    remove.classList.add('hs-delete');
    return element(
      'li',
      { class: 'hs-captured', title: path, 'data-path': path },
      element('img', { src: `data:image/jpeg;base64,${thumb}`, alt: path }),
      remove
    );
  }

  private async _delete(path: string): Promise<void> {
    const place = this._capture?.shown.findIndex(image => image.path === path) ?? 0;
    await this._do(this._capture?.exclude(path));
    this._follow();
    this._grid.querySelectorAll<HTMLElement>('.hs-delete')[Math.min(place, this._grid.children.length - 1)]?.focus();
  }

  /** The camera's image now, in base64. */
  private async _frame(): Promise<string | null> {
    const frame = await this._camera.camera.frame();
    return frame && encoded(frame, this._trans);
  }

  private async _record(recording: number, frame: number): Promise<boolean> {
    const image = await this._camera.camera.frame();
    return image !== null && this._add(image, recording, frame);
  }

  private async _addFiles(files: readonly File[]): Promise<void> {
    const now = Date.now();
    for (const [i, file] of files.entries()) {
      if (!(await this._add(file, now + i, 1))) {
        this._say(`${file.name}: ${this._capture?.error ?? ''}`, true);
        return;
      }
    }
  }

  private async _add(image: Blob, recording: number, frame: number): Promise<boolean> {
    const capture = this._capture;
    if (!capture) {
      return false;
    }
    let added = false;
    try {
      const [whole, thumb] = await Promise.all([encoded(image, this._trans), thumbnail(image)]);
      const name = capture.className;
      added = await capture.add(whole, thumb, recording, frame);
      if (added) {
        this._teaching?.add(name, whole);
      }
    } catch (error) {
      capture.error = (error as Error).message;
    }
    if (capture === this._capture) {
      this._draw();
    }
    return added;
  }

  private _onCamera(): void {
    this._bars.clear();
    if (this._camera.on) {
      this._live.start();
    } else {
      this._recorder.stop();
      this._live.stop();
    }
    this._draw();
  }

  /** Begin or stop to learn from images that are added. */
  private _onLearn(): void {
    this._bars.clear();
    if (!this._learn.checked) {
      void this._teaching?.stop();
    } else if (this._teaching) {
      this._teaching.on = true;
      this._follow();
    }
  }

  /** Learn from what the folder has now. */
  private _follow(): void {
    this._teaching?.follow(this._capture?.state.folder ?? '');
  }

  /** What predicts the camera's images: the model that learns from each image that is added, or the one that was trained. */
  private async _predict(image: string): Promise<IAnswer> {
    const { session, _teaching: teaching } = this;
    if (!session) {
      throw new Error(this._trans.__('There is no kernel.'));
    }
    if (teaching?.on) {
      const answer = await teaching.predict(image);
      if (answer === null) {
        throw new Error(this._trans.__('Two classes need images.'));
      }
      return answer;
    }
    return readAnswer(await session.client.ask('predict', { image }));
  }

  private async _trainNow(): Promise<void> {
    const { session, _capture: capture } = this;
    if (!session || !capture) {
      return;
    }
    if (capture.lacking !== '') {
      this._say(capture.lacking, true);
      return;
    }
    this._train.disabled = true;
    this._learn.checked = false; // the trained model predicts from here on
    await this._teaching?.stop();
    try {
      const model = await session.client.ask('predict').then(readAnswer, () => null); // null: there is none yet
      const trained = await this._run(trainCells(capture.state.folder, model));
      this._say(trained ? '' : this._trans.__('The training failed: its cell says why.'), !trained);
    } catch (error) {
      this._say((error as Error).message, true);
    }
    this._train.disabled = false;
  }

  private _say(text: string, wrong: boolean): void {
    this._message.classList.toggle('hs-error', wrong);
    if (this._message.textContent !== text) {
      this._message.textContent = text;
    }
  }

  private _capture: Capture | null = null;
  private _teaching: Teaching | null = null;
  /** The folders and classes of kernels that were in front before. */
  private readonly _left = new WeakMap<KernelSession, Pick<Capture, 'state' | 'className'>>();
  private readonly _form: FolderForm;
  private readonly _classes: ClassList;
  private readonly _camera: CameraView;
  private readonly _recorder: Recorder;
  private readonly _intake: Intake;
  private readonly _bars: Bars;
  private readonly _live: Live;
  private readonly _undo: HTMLButtonElement;
  private readonly _train: HTMLButtonElement;
  private readonly _hold = element('button', { type: 'button', class: 'hs-button hs-hold' });
  private readonly _learn = element('input', { type: 'checkbox' });
  private readonly _work = element('div', { hidden: true });
  private readonly _grid = element('ul', { class: 'hs-grid-view hs-captured-list' });
  private readonly _message = element('p', { class: 'hs-message', role: 'status' });
}
