import { button, element } from '../dom';
import { progressBar, stateBadge } from '../run/card';
import { sparkline } from '../run/chart';
import { hasModel, type IRun } from '../run/data';
import { headline } from '../run/model';
import type { Translation } from '../translation';
import { rowText } from './model';
import { startOf } from './view';

/** What the buttons of a row do. */
export interface IRowActions {
  stop(run: IRun): void;
  attach(run: IRun): void;
  save(run: IRun): void;
  rename(run: IRun): void;
  remove(run: IRun): void;
  choose(run: IRun, chosen: boolean): void;
}

/** A run in the list. It is updated in place, so that the keyboard's focus stays where it is. */
export class RunRow {
  constructor(
    run: IRun,
    actions: IRowActions,
    chosen: boolean,
    private readonly _trans: Translation
  ) {
    const trans = _trans;
    this._choice = element('input', { type: 'checkbox', 'aria-label': trans.__('Compare %1', run.id), title: trans.__('Compare with other runs') });
    this._choice.checked = chosen;
    this._choice.addEventListener('change', () => actions.choose(this._run, this._choice.checked));
    this._stop = button(trans.__('Stop'), trans.__('Stop %1 after the current batch and keep the best model', run.id), () => actions.stop(this._run));
    this._attach = button(trans.__('Attach'), trans.__('Show %1 live in a new cell', run.id), () => actions.attach(this._run));
    this._save = button(trans.__('Save'), trans.__('Insert a cell that saves the model of %1', run.id), () => actions.save(this._run));
    this._rename = button(trans.__('Rename'), trans.__('Give %1 another name', run.id), () => actions.rename(this._run));
    this._remove = button(trans.__('Delete'), trans.__('Delete %1 with its weights', run.id), () => actions.remove(this._run));
    this.node = element(
      'li',
      { class: 'hs-run', 'data-run': run.id },
      element('label', { class: 'hs-run-name' }, this._choice, element('span', {}, run.id)),
      this._live,
      element('div', { class: 'hs-buttons' }, this._stop, this._attach, this._save, this._rename, this._remove)
    );
    this._run = run;
    this.update(run);
  }

  readonly node: HTMLElement;

  update(run: IRun): void {
    this._run = run;
    const drawn = JSON.stringify(run);
    if (drawn === this._drawn) {
      return;
    }
    this._drawn = drawn;
    this._stop.hidden = run.state !== 'running';
    this._save.hidden = !hasModel(run);
    this._rename.hidden = this._remove.hidden = run.state === 'running';
    this._live.replaceChildren(
      element('div', { class: 'hs-run-head' }, stateBadge(run, this._trans), sparkline(headline(run))),
      element('div', { class: 'hs-run-text hs-run-columns' }, element('span', {}, run.dataset), element('time', {}, startOf(run))),
      element('div', { class: 'hs-run-text' }, rowText(run, this._trans)),
      ...(run.state === 'running' ? [progressBar(run, this._trans)] : []),
      ...(run.state === 'failed' && run.error ? [element('div', { class: 'hs-error' }, run.error)] : [])
    );
  }

  private _run: IRun;
  private _drawn = '';
  private readonly _choice: HTMLInputElement;
  private readonly _stop: HTMLButtonElement;
  private readonly _attach: HTMLButtonElement;
  private readonly _save: HTMLButtonElement;
  private readonly _rename: HTMLButtonElement;
  private readonly _remove: HTMLButtonElement;
  private readonly _live = element('div', { class: 'hs-run-live' });
}
