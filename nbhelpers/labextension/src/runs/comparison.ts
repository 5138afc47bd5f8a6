import { element } from '../dom';
import type { Translation } from '../translation';
import { shownSettings, type ISetting } from './settings';

/** The hyper-parameters of some runs side by side; what differs is marked. */
export class SettingsTable {
  constructor(private readonly _trans: Translation) {
    this._only.addEventListener('change', () => this._draw());
    this.node = element(
      'div',
      { class: 'hs-settings', hidden: true },
      element('label', { class: 'hs-check' }, this._only, _trans.__('Only what differs')),
      this._frame
    );
    this._frame.setAttribute('aria-label', _trans.__('Hyper-parameters of the compared runs'));
  }

  readonly node: HTMLElement;

  /** Show the settings of runs; none for fewer than two. */
  show(runs: readonly string[], settings: readonly ISetting[]): void {
    this._runs = runs;
    this._settings = settings;
    this._draw();
  }

  private _draw(): void {
    this.node.hidden = this._runs.length < 2 || this._settings.length === 0;
    const rows = shownSettings(this._settings, this._only.checked);
    const table = element(
      'table',
      { class: 'hs-table hs-settings-table' },
      element('thead', {}, element('tr', {}, element('td', {}), ...this._runs.map(run => element('th', { scope: 'col' }, run)))),
      element('tbody', {}, ...rows.map(setting => this._row(setting)))
    );
    this._frame.replaceChildren(table);
  }

  private _row({ name, values, differs }: ISetting): HTMLElement {
    return element(
      'tr',
      { class: differs ? 'hs-differs' : undefined },
      element('th', { scope: 'row' }, name, differs && element('span', { class: 'hs-mark', title: this._trans.__('differs') }, ' ≠')),
      ...values.map(value => element('td', {}, value))
    );
  }

  private _runs: readonly string[] = [];
  private _settings: readonly ISetting[] = [];
  private readonly _only = element('input', { type: 'checkbox' });
  private readonly _frame = element('div', { class: 'hs-table-frame', tabindex: 0, role: 'region' });
}
