import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';

import { element, keepFocus } from '../dom';
import { insertCell, runInNewCell } from '../kernel/cells';
import { notebookOf, type IPlace } from '../kernel/place';
import { card, Folds, type ICardActions } from './card';
import { readRun, RUN_MIME, type IRun } from './data';
import { Permission } from './follow';
import { LINES, magicLine } from './model';
import type { Translation } from '../translation';
import type { RunFeed } from '../runs/feed';

/** What the buttons of a finished run run at once, since it writes no file. The other lines wait for the user to run them. */
const RUN_AT_ONCE: readonly string[] = ['evaluate', 'predict'];

/** Shows a run in a notebook's output. While the run lasts it follows the kernel, also after the page was opened again. */
class RunCard extends Widget implements IRenderMime.IRenderer {
  constructor(
    private readonly _place: IPlace | null,
    private readonly _trans: Translation
  ) {
    super();
    this.addClass('hs-output');
  }

  renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this._model = model;
    this._run = readRun(model.data[RUN_MIME]);
    this._say('');
    this._draw();
    this._follow();
    return Promise.resolve();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this._place?.sessions.changed.connect(this._follow, this);
    this._follow();
  }

  protected override onBeforeDetach(message: Message): void {
    this._place?.sessions.changed.disconnect(this._follow, this);
    this._leave();
    super.onBeforeDetach(message);
  }

  /** Ask the kernel about a run that the output says is running: the output may be older than this page. */
  private _follow(): void {
    const session = this._place?.sessions.of(notebookOf(this._place, this.node));
    if (this._run?.state !== 'running' || !this.isAttached || !session) {
      this._offer(false);
      this._leave();
      return;
    }
    const mayAsk = this._permission.given(session);
    this._offer(!mayAsk);
    if (!mayAsk) {
      this._leave();
      return;
    }
    const { feed } = session;
    this._unwatch ??= feed.watch(() => {
      const now = feed.runs.find(run => run.id === this._run?.id);
      if (now && (now.epoch !== this._run?.epoch || now.state !== this._run.state)) {
        this._run = { ...now, notes: this._run?.notes ?? [] };
        this._draw();
      }
      if (now?.state !== 'running' && feed.known) {
        this._leave();
        if (now) {
          void this._keep(feed, now.id);
        } else if (this._run) {
          this._miss(feed, this._run.id).catch(() => {}); // whoever follows the runs hears why
        }
      }
    });
  }

  /** Offer to follow the run by a click, or no longer. */
  private _offer(offered: boolean): void {
    if (offered !== this._offered) {
      this._offered = offered;
      this._draw();
    }
  }

  /** Store the end of a run in the notebook where the kernel's own update did not: it went to a page that was closed. */
  private async _keep(feed: RunFeed, id: string): Promise<void> {
    const output = await feed.output(id).catch(() => null);
    const kept = readRun(this._model?.data[RUN_MIME]);
    if (output && kept?.id === id && kept.state === 'running') {
      this._model?.setData(output as IRenderMime.IMimeModel.ISetDataOptions);
    }
  }

  /** Say that the kernel does not know the run, where it does not: the output would go on to call it running. */
  private async _miss(feed: RunFeed, id: string): Promise<void> {
    await feed.look(); // it may have begun since the kernel was asked last
    if (this._run?.id !== id || this._run.state !== 'running') {
      return;
    }
    if (feed.runs.some(run => run.id === id)) {
      this._follow();
    } else {
      this._say(this._trans.__('This kernel does not know the run %1: it is shown as it stood when the notebook was saved.', id));
    }
  }

  /** Stop a run, or say why that is not possible. */
  private async _stop(run: IRun): Promise<void> {
    const session = this._place?.sessions.of(notebookOf(this._place, this.node));
    try {
      if (!session) {
        throw new Error(this._trans.__('This needs a running Go (Headstart) kernel.'));
      }
      await session.feed.stop(run.id);
      this._say('');
    } catch (error) {
      this._say((error as Error).message);
    }
  }

  private _say(text: string): void {
    this._message.textContent = text;
  }

  private _leave(): void {
    this._unwatch?.();
    this._unwatch = null;
  }

  private _draw(): void {
    const content = this._run ? card(this._run, this._folds, this._actions(), this._trans) : this._trans.__('This output does not describe a run.');
    keepFocus(this.node, () => this.node.replaceChildren(content, this._message));
  }

  private _actions(): ICardActions | null {
    const place = this._place;
    if (!place) {
      return null;
    }
    const insert = (code: string) => {
      const notebook = notebookOf(place, this.node);
      if (notebook) {
        insertCell(notebook, code);
      }
    };
    return {
      stop: (run: IRun) => void this._stop(run),
      attach: (run: IRun) => insert(magicLine('attach', run.id)),
      follow: this._offered ? () => this._permission.click() : null,
      use: (action, run) => {
        const notebook = notebookOf(place, this.node);
        if (notebook && RUN_AT_ONCE.includes(action)) {
          void runInNewCell(notebook, LINES[action](run.id));
        } else {
          insert(LINES[action](run.id));
        }
      }
    };
  }

  private _run: IRun | null = null;
  private _model: IRenderMime.IMimeModel | null = null;
  private _unwatch: (() => void) | null = null;
  private _offered = false;
  private readonly _message = element('div', { class: 'hs-message', role: 'status' });
  private readonly _permission = new Permission(() => this._follow());
  private readonly _folds = new Folds();
}

/** A renderer of runs. It sets no markup from the data, so that it may show untrusted data. */
export function runRendererFactory(place: IPlace | null, trans: Translation): IRenderMime.IRendererFactory {
  return {
    safe: true,
    mimeTypes: [RUN_MIME],
    createRenderer: () => new RunCard(place, trans)
  };
}
