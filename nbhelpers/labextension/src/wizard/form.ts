import { Dialog } from '@jupyterlab/apputils';
import { Widget } from '@lumino/widgets';

import { element } from '../dom';
import type { Translation } from '../translation';
import { folderText, PROPOSAL, type IChoices } from './model';

/** Lists the classes of a folder; null where the folder cannot be listed. */
export type ListClasses = (folder: string) => Promise<string[] | null>;

/** The wizard's questions, as the body of a dialog. */
export class WizardForm extends Widget implements Dialog.IBodyWidget<IChoices> {
  constructor(
    private readonly _listClasses: ListClasses,
    private readonly _trans: Translation
  ) {
    super();
    this.addClass('hs-wizard');
    this._folder.addEventListener('input', () => void this._look());
    this.node.append(
      field(_trans.__('Folder of images, one subfolder for each class; empty for the sample images'), this._folder),
      this._found,
      field(_trans.__('Weights: imagenet, random or a file'), this._weights),
      element('datalist', { id: 'hs-weights' }, element('option', { value: 'imagenet' }), element('option', { value: 'random' })),
      field(_trans.__('Head'), this._head),
      field(_trans.__('Epochs'), this._epochs)
    );
    void this._look();
  }

  getValue(): IChoices {
    return {
      folder: this._folder.value.trim(),
      weights: this._weights.value.trim() || PROPOSAL.weights,
      head: this._head.value.trim(),
      epochs: Math.max(1, Math.round(Number(this._epochs.value)) || PROPOSAL.epochs)
    };
  }

  private async _look(): Promise<void> {
    const folder = this._folder.value.trim();
    const classes = folder ? await this._listClasses(folder) : [];
    if (folder === this._folder.value.trim()) {
      this._found.textContent = folderText(folder, classes, this._trans);
    }
  }

  private readonly _folder = input('text', '');
  private readonly _weights = input('text', PROPOSAL.weights, { list: 'hs-weights' });
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
