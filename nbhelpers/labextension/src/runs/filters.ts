import { element, select } from '../dom';
import type { IRun } from '../run/data';
import type { Translation } from '../translation';
import { ALL, datasetsOf, type IView, type Order } from './view';

/** The choices above the list of runs. */
export class Filters {
  constructor(
    private readonly _changed: () => void,
    private readonly _trans: Translation
  ) {
    const trans = _trans;
    this._words.setAttribute('aria-label', trans.__('Search runs by name, model or dataset'));
    this._words.setAttribute('placeholder', trans.__('search'));
    this._words.addEventListener('input', () => this._set({ words: this._words.value }));
    const states: [string, string][] = [
      ['running', trans.__('running')],
      ['done', trans.__('done')],
      ['stopped', trans.__('stopped')],
      ['failed', trans.__('failed')]
    ];
    const orders: [Order, string][] = [
      ['newest', trans.__('newest first')],
      ['oldest', trans.__('oldest first')],
      ['name', trans.__('by name')],
      ['accuracy', trans.__('by val accuracy')],
      ['duration', trans.__('by duration')]
    ];
    this.node = element(
      'div',
      { class: 'hs-buttons hs-filters', role: 'group', 'aria-label': trans.__('Filter and sort the runs'), hidden: true },
      this._words,
      this._datasets,
      select(trans.__('State'), states, '', trans.__('all states'), state => this._set({ state })),
      select(trans.__('Order'), orders, ALL.order, null, order => this._set({ order: order as Order }))
    );
  }

  readonly node: HTMLElement;

  /** What the reader has chosen. */
  get view(): IView {
    return this._view;
  }

  /** Offer the datasets of these runs. Without runs there is nothing to choose. */
  offer(runs: readonly IRun[]): void {
    this.node.hidden = runs.length === 0;
    const datasets = datasetsOf(runs);
    const offered = JSON.stringify(datasets);
    if (offered === this._offered) {
      return;
    }
    this._offered = offered;
    if (!datasets.includes(this._view.dataset)) {
      this._view = { ...this._view, dataset: '' };
    }
    const choice = select(this._trans.__('Dataset'), datasets, this._view.dataset, this._trans.__('all datasets'), dataset =>
      this._set({ dataset })
    );
    this._datasets.replaceChildren(choice);
  }

  private _set(change: Partial<IView>): void {
    this._view = { ...this._view, ...change };
    this._changed();
  }

  private _view: IView = ALL;
  private _offered = '';
  private readonly _words = element('input', { type: 'search', class: 'hs-search' });
  private readonly _datasets = element('span');
}
