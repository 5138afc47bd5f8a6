import { button, element } from '../dom';
import type { Translation } from '../translation';
import type { IClassCount, IState } from './model';

/** Chooses or creates the folder of a dataset. */
export class FolderForm {
  constructor(open: (folder: string, create: boolean) => void, trans: Translation) {
    const choices = element('datalist', { id: `hs-folders-${++forms}` });
    this._choices = choices;
    this._input = element('input', {
      type: 'text', class: 'hs-search hs-folder', list: choices.id, 'aria-label': trans.__('Folder of the dataset, from the notebook\'s own'),
      placeholder: trans.__('folder of the dataset'), spellcheck: 'false'
    });
    this.node = element(
      'form',
      { class: 'hs-buttons' },
      this._input,
      choices,
      button(trans.__('Open'), trans.__('Open the folder of a dataset'), () => open(this._input.value, false)),
      button(trans.__('Create'), trans.__('Create the folder of a new dataset'), () => open(this._input.value, true))
    );
    this.node.addEventListener('submit', event => {
      event.preventDefault();
      open(this._input.value, false);
    });
  }

  readonly node: HTMLElement;

  show({ folder, known }: IState): void {
    this._choices.replaceChildren(...known.map(value => element('option', { value })));
    if (folder !== '' && document.activeElement !== this._input) {
      this._input.value = folder;
      this._input.title = folder;
    }
  }

  private readonly _input: HTMLInputElement;
  private readonly _choices: HTMLElement;
}

/** Tells the lists of folders on a page apart. */
let forms = 0;

/** What the list of classes does. */
export interface IClassActions {
  choose(name: string): void;
  add(name: string): void;
}

/** The classes of a folder with their counts; one is chosen. */
export class ClassList {
  constructor(
    private readonly _actions: IClassActions,
    private readonly _trans: Translation
  ) {
    const trans = _trans;
    this._group = `hs-class-${++forms}`;
    this._list.setAttribute('aria-label', trans.__('Class that images are added to'));
    this._input = element('input', {
      type: 'text', class: 'hs-search', 'aria-label': trans.__('Name of a new class'), placeholder: trans.__('new class'), spellcheck: 'false'
    });
    const form = element(
      'form',
      { class: 'hs-buttons' },
      this._input,
      button(trans.__('Add class'), trans.__('Make a folder for the class'), () => this._add())
    );
    form.addEventListener('submit', event => {
      event.preventDefault();
      this._add();
    });
    this.node = element('div', {}, this._list, form);
  }

  readonly node: HTMLElement;

  show(classes: readonly IClassCount[], chosen: string): void {
    const state = JSON.stringify([classes.map(({ name }) => name)]);
    if (state !== this._drawn) {
      this._drawn = state;
      this._list.replaceChildren(...classes.map(({ name }) => this._row(name)));
    }
    classes.forEach(({ name, images }, i) => {
      const row = this._list.children[i];
      const radio = row.querySelector('input');
      if (radio) {
        radio.checked = name === chosen;
      }
      row.querySelector('.hs-class-count')!.textContent = this._trans._n('%1 image', '%1 images', images);
    });
  }

  private _row(name: string): HTMLElement {
    const radio = element('input', { type: 'radio', name: this._group, value: name });
    radio.addEventListener('change', () => this._actions.choose(name));
    return element(
      'label',
      { class: 'hs-class', 'data-class': name },
      radio,
      element('span', { class: 'hs-class-name' }, name),
      element('span', { class: 'hs-class-count' })
    );
  }

  private _add(): void {
    const name = this._input.value;
    this._input.value = '';
    this._actions.add(name);
  }

  private readonly _group: string;
  private _drawn = '';
  private readonly _list = element('div', { class: 'hs-class-list', role: 'radiogroup' });
  private readonly _input: HTMLInputElement;
}
