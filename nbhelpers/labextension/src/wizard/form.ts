import { Dialog } from '@jupyterlab/apputils';
import { Widget } from '@lumino/widgets';

import { button, element } from '../dom';
import type { Translation } from '../translation';
import { findLayout, folderNamed, foldersOf, folderText, weightsOf, type IEntry } from './folder';
import { heads, PROPOSAL, type IChoices, type Recipe } from './model';
import { offers, UNKNOWN, weightsFor, type Weights } from './weights';

/** Lists a folder below the notebook's own, whose name is empty; null where it cannot be listed. */
export type List = (folder: string) => Promise<IEntry[] | null>;

/** The wizard's questions, as the body of a dialog. */
export class WizardForm extends Widget implements Dialog.IBodyWidget<IChoices> {
  /**
   * @param _list lists folders
   * @param published where published weights can be had; the questions can be answered before it is known
   */
  constructor(
    private readonly _list: List,
    published: Promise<Weights>,
    private readonly _trans: Translation
  ) {
    super();
    const trans = _trans;
    this.addClass('hs-wizard');
    this._folder.addEventListener('input', () => void this._look());
    this._weights.addEventListener('input', () => (this._chosenWeights = this._weights.value.trim() !== ''));
    this._recipe.append(
      element('option', { value: 'auto' }, trans.__('Compare classifiers by cross-validation, take the best')),
      element('option', { value: 'classic' }, trans.__('Train a head for some epochs'))
    );
    this._recipe.addEventListener('change', () => this._showRecipe());
    const browse = button(trans.__('Browse …'), trans.__('Choose a folder from a list'), () => void this._browse(folderNamed(this._folder.value)));
    this._classic.append(
      field(trans.__('Head: the layers before the classes, such as'), this._head),
      hints(heads(trans)),
      field(trans.__('Epochs'), this._epochs)
    );
    this.node.append(
      field(trans.__('Folder of images, with one subfolder for each class; empty for the sample images'), row(this._folder, browse)),
      this._folders,
      this._found,
      field(trans.__('Weights of the backbone'), this._weights),
      this._known,
      this._offers,
      field(trans.__('Classifier'), this._recipe),
      this._classic
    );
    this._showRecipe();
    void this._look();
    this._offerWeights();
    void this._findWeights(published);
  }

  getValue(): IChoices {
    const folder = folderNamed(this._folder.value);
    return {
      folder,
      weights: this._weights.value.trim() || weightsFor(folder, this._published),
      recipe: this._recipe.value as Recipe,
      head: this._head.value.trim(),
      epochs: Math.max(1, Math.round(Number(this._epochs.value)) || PROPOSAL.epochs)
    };
  }

  private async _look(): Promise<void> {
    const folder = folderNamed(this._folder.value);
    if (!this._chosenWeights) {
      this._weights.value = weightsFor(folder, this._published);
    }
    const layout = folder ? await findLayout(folder, this._list) : null;
    if (folder === folderNamed(this._folder.value)) {
      this._found.textContent = folderText(folder, layout, this._trans);
    }
  }

  /** Show the folders below one, as buttons. */
  private async _browse(folder: string): Promise<void> {
    let at = folder;
    let entries = await this._list(at);
    if (entries === null) {
      [at, entries] = ['', await this._list('')];
    }
    const go = (to: string) => {
      this._folder.value = to;
      void this._look();
      void this._browse(to);
    };
    const up = at === '' ? [] : [button('..', this._trans.__('To the folder above'), () => go(at.split('/').slice(0, -1).join('/')))];
    const below = foldersOf(entries ?? []).map(name =>
      button(name, this._trans.__('Choose the folder %1', name), () => go(at === '' ? name : `${at}/${name}`))
    );
    this._folders.replaceChildren(...up, ...below);
    this._folders.hidden = false;
  }

  /** Learn which weights there are: those of files beside the notebook, and which of the published ones can be had. */
  private async _findWeights(published: Promise<Weights>): Promise<void> {
    this._files = weightsOf((await this._list('')) ?? []);
    this._offerWeights();
    this._published = await published;
    if (!this.isDisposed) {
      this._offerWeights();
      void this._look();
    }
  }

  private _offerWeights(): void {
    const list = offers(this._published, this._trans);
    this._offers.replaceChildren(hints(list));
    this._known.replaceChildren(...[...list.map(([name]) => name), ...this._files].map(value => element('option', { value })));
  }

  private _showRecipe(): void {
    this._classic.hidden = this._recipe.value !== 'classic';
  }

  private _chosenWeights = false;
  private _published = UNKNOWN;
  private _files: string[] = [];
  private readonly _folder = input('text', '');
  private readonly _folders = element('div', { class: 'hs-wizard-folders', role: 'group', hidden: true });
  private readonly _weights = input('text', PROPOSAL.weights, { list: 'hs-weights' });
  private readonly _known = element('datalist', { id: 'hs-weights' });
  private readonly _offers = element('div');
  private readonly _recipe = element('select', { class: 'jp-mod-styled' });
  private readonly _classic = element('div', { class: 'hs-wizard-classic' });
  private readonly _head = input('text', PROPOSAL.head);
  private readonly _epochs = input('number', String(PROPOSAL.epochs), { min: 1, max: 1000 });
  private readonly _found = element('p', { class: 'hs-message', role: 'status' });
}

function input(type: string, value: string, props: Record<string, string | number> = {}): HTMLInputElement {
  return element('input', { type, value, class: 'jp-mod-styled', ...props });
}

function field(label: string, control: HTMLElement): HTMLElement {
  return element('label', { class: 'hs-field' }, element('span', {}, label), control);
}

function row(...controls: HTMLElement[]): HTMLElement {
  return element('div', { class: 'hs-wizard-row' }, ...controls);
}

/** Words that may be typed, each with what it means. */
function hints(list: readonly [word: string, meaning: string][]): HTMLElement {
  const parts = list.map(([word, meaning]) =>
    element('span', {}, element('code', {}, word), `: ${meaning} `)
  );
  return element('p', { class: 'hs-wizard-hints' }, ...parts);
}
