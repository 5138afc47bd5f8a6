import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Widget } from '@lumino/widgets';

import { button, element, onChosen } from '../dom';
import { notebookOf, type IPlace } from '../kernel/place';
import type { Translation } from '../translation';
import { CLEAN_MIME, decide, proposal, readClean, verdict, type IClean, type IDoubt } from './model';

/** Shows images with doubtful labels, with a button for each decision about them. */
class CleanGrid extends Widget implements IRenderMime.IRenderer {
  constructor(
    private readonly _place: IPlace | null,
    private readonly _trans: Translation
  ) {
    super();
    this.addClass('hs-output');
  }

  renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const clean = readClean(model.data[CLEAN_MIME]);
    this.node.replaceChildren(clean ? this._card(clean) : this._trans.__('This output does not describe images.'));
    return Promise.resolve();
  }

  private _card(clean: IClean): HTMLElement {
    const title = this._trans.__('Doubtful labels of %1', clean.dataset);
    return element(
      'section',
      { class: 'hs-card', 'aria-label': title },
      element('header', { class: 'hs-card-title' }, title),
      element('div', { class: 'hs-card-summary' }, clean.note),
      element('ul', { class: 'hs-doubts' }, ...clean.doubts.map(doubt => this._tile(clean, doubt)))
    );
  }

  private _tile(clean: IClean, doubt: IDoubt): HTMLElement {
    const status = element('div', { class: 'hs-message', role: 'status' });
    const tile = element(
      'li',
      { class: 'hs-doubt', 'data-path': doubt.path, title: doubt.path },
      element('img', { src: `data:image/jpeg;base64,${doubt.thumb}`, alt: doubt.path }),
      element('span', {}, doubt.label),
      element('span', { class: 'hs-card-summary' }, `${doubt.reason}: ${proposal(doubt, this._trans)}`),
      this._place && this._buttons(clean, doubt, status),
      status
    );
    return tile;
  }

  private _buttons(clean: IClean, doubt: IDoubt, status: HTMLElement): HTMLElement {
    const trans = this._trans;
    const take = (action: 'keep' | 'delete' | 'relabel', to = '') => void this._decide(clean, doubt, action, to, status);
    const name = trans.__('Relabel %1', doubt.path);
    const choice = element('select', { 'aria-label': name, title: trans.__('%1; Enter takes what keys have chosen', name) }, element('option', { value: '' }, trans.__('relabel as')));
    choice.append(...clean.classes.map(name => element('option', { value: name }, name)));
    onChosen(choice, to => take('relabel', to));
    return element(
      'div',
      { class: 'hs-buttons' },
      button(trans.__('Keep'), trans.__('The label of %1 is correct: do not list it again', doubt.path), () => take('keep')),
      button(trans.__('Skip'), trans.__('Do not use %1; the file is not changed', doubt.path), () => take('delete')),
      choice
    );
  }

  private async _decide(
    clean: IClean,
    doubt: IDoubt,
    action: 'keep' | 'delete' | 'relabel',
    to: string,
    status: HTMLElement
  ): Promise<void> {
    const session = this._place?.sessions.of(notebookOf(this._place, this.node));
    try {
      if (!session) {
        throw new Error(this._trans.__('This needs a running Go (Headstart) kernel that has loaded the images.'));
      }
      await session.client.ask('dataset', decide(clean.dataset, doubt, action, to));
      status.textContent = verdict(action, to, this._trans);
    } catch (error) {
      status.textContent = (error as Error).message;
    }
  }
}

/** A renderer of doubtful labels. It sets no markup from the data, so that it may show untrusted data. */
export function cleanRendererFactory(place: IPlace | null, trans: Translation): IRenderMime.IRendererFactory {
  return {
    safe: true,
    mimeTypes: [CLEAN_MIME],
    createRenderer: () => new CleanGrid(place, trans)
  };
}
