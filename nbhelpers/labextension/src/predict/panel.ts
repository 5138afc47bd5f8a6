import { CameraView } from '../camera/view';
import { element } from '../dom';
import { KernelPanel } from '../kernel/panel';
import type { KernelSession, KernelSessions } from '../kernel/session';
import { percent } from '../run/model';
import type { Translation } from '../translation';
import { Bars } from './bars';
import type { IFiles } from './browser';
import { readAnswer, type IAnswer } from './data';
import { encoded } from './image';
import { Intake } from './intake';
import { Live } from './live';

/** Predicts an image that is dropped, pasted, chosen or filmed, with the current model of the kernel in front. */
export class PredictPanel extends KernelPanel {
  constructor(
    sessions: KernelSessions,
    files: IFiles,
    private readonly _trans: Translation
  ) {
    super(sessions);
    this.addClass('hs-predict');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', _trans.__('Predict'));
    this._bars = new Bars(_trans);
    this._camera = new CameraView(problem => this._say(problem, problem !== ''), () => this._onCamera(), _trans);
    this._intake = new Intake(this.node, false, files, ([file]) => void this._predict(file), error => this._fail(error), _trans);
    this._image.addEventListener('error', () => (this._image.hidden = true)); // a format that the kernel knows and the browser does not
    this._live = new Live({
      frame: async () => {
        const frame = await this._camera.camera.frame();
        return frame && encoded(frame, this._trans);
      },
      ask: image => this._ask(image),
      show: answer => this._show(answer, true),
      fail: error => this._fail(error)
    });
    this._work.append(
      this._intake.node,
      element('div', { class: 'hs-buttons' }, this._intake.choose, this._camera.toggle),
      this._camera.node,
      this._image
    );
    this.node.append(element('h2', { class: 'hs-panel-title' }, _trans.__('Predict')), this._work, this._message, this._bars.node);
  }

  protected override begin(session: KernelSession, anew: boolean): () => void {
    this._work.hidden = false;
    const end = () => {
      this._camera.off();
      this._turn++;
    };
    if (!anew && !this._bars.node.hidden) {
      return end; // the panel was hidden, and shows its image again
    }
    this._forget();
    this._say('', false);
    session.client.ask('predict').then(
      answer => this.session === session && this._introduce(readAnswer(answer)),
      (error: Error) => this.session === session && this._fail(error)
    );
    return end;
  }

  protected override showNone(): void {
    this._forget();
    this._work.hidden = true;
    this._say(this._trans.__('Open a notebook with the Go (Headstart) kernel to predict images with its model.'), false);
  }

  private _introduce({ model, trained, of }: IAnswer): void {
    const can = of > 0 ? this._trans.__('%1 tells %2 classes apart.', model, of) : this._trans.__('%1 predicts values.', model);
    const text = trained ? can : this._trans.__('%1 is not trained yet. Run %train first.', model);
    this._say(text, false);
  }

  private async _ask(image: string): Promise<IAnswer> {
    const { session } = this;
    if (!session) {
      throw new Error(this._trans.__('There is no kernel.'));
    }
    return readAnswer(await session.client.ask('predict', { image }));
  }

  private async _predict(file: File): Promise<void> {
    this._camera.off();
    const turn = ++this._turn;
    this._bars.clear();
    this._preview(file);
    this.node.setAttribute('aria-busy', 'true');
    try {
      const image = await encoded(file, this._trans);
      this._say(this._trans.__('Predicting %1.', file.name), false);
      const answer = await this._ask(image);
      if (turn === this._turn) {
        this._show(answer, false);
      }
    } catch (error) {
      if (turn === this._turn) {
        this._fail(error as Error);
      }
    }
    this.node.removeAttribute('aria-busy');
  }

  private _show(answer: IAnswer, live: boolean): void {
    this._bars.show(answer, live);
    const [best] = answer.scores;
    if (!best) {
      this._say(answer.model, false);
    } else if (live) {
      this._say(this._trans.__('%1, says %2', best.name, answer.model), false); // without the number, which a screen reader would not end to read
    } else {
      this._say(this._trans.__('%1 (%2), says %3', best.name, percent(best.probability), answer.model), false);
    }
  }

  private _fail(error: Error): void {
    this._bars.clear();
    this._say(error.message, true);
  }

  private _onCamera(): void {
    if (this._camera.on) {
      this._turn++;
      this._preview(null);
      this._bars.clear();
      this._live.start();
    } else {
      this._live.stop();
    }
  }

  private _preview(file: File | null): void {
    URL.revokeObjectURL(this._image.src);
    this._image.hidden = file === null;
    this._image.removeAttribute('src');
    if (file) {
      this._image.src = URL.createObjectURL(file);
      this._image.alt = file.name;
    }
  }

  private _forget(): void {
    this._turn++;
    this._preview(null);
    this._bars.clear();
  }

  private _say(text: string, wrong: boolean): void {
    this._message.classList.toggle('hs-error', wrong);
    if (this._message.textContent !== text) {
      this._message.textContent = text;
    }
  }

  private readonly _bars: Bars;
  private readonly _camera: CameraView;
  private readonly _intake: Intake;
  private readonly _live: Live;
  private readonly _image = element('img', { class: 'hs-preview', alt: '', hidden: true });
  private readonly _work = element('div');
  private readonly _message = element('p', { class: 'hs-message', role: 'status' });
  private _turn = 0;
}
