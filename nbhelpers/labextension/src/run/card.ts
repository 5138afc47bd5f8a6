import { button, element } from '../dom';
import { chart } from './chart';
import type { IRun } from './data';
import { epochTable, panels, provenance, summary } from './model';

/** What the buttons of a card do; a card without a notebook has none. */
export interface ICardActions {
  stop(run: IRun): void;
  attach(run: IRun): void;
  verify(run: IRun): void;
}

const STATE_NAMES = { running: 'running', done: 'done', stopped: 'stopped, best kept', failed: 'failed' };

/** How a state is shown everywhere: a word, with a sign beside its colour. */
export function stateBadge(run: IRun): HTMLElement {
  return element('span', { class: `hs-state hs-state-${run.state}` }, STATE_NAMES[run.state]);
}

/** How far a run is. */
export function progressBar(run: IRun): HTMLElement {
  return element('progress', {
    class: 'hs-progress',
    max: Math.max(1, run.epochs),
    value: run.epoch,
    'aria-label': `${run.id}: epoch ${run.epoch} of ${run.epochs}`
  });
}

/** The folds of a card that the reader has opened; they stay so when the card is drawn again. */
export class Folds {
  isOpen(name: string): boolean {
    return this._open.has(name);
  }

  set(name: string, open: boolean): void {
    if (open) {
      this._open.add(name);
    } else {
      this._open.delete(name);
    }
  }

  private readonly _open = new Set<string>();
}

/** Draw a run: where it stands, its curves, and behind folds its epochs and where it comes from. */
export function card(run: IRun, folds: Folds, actions: ICardActions | null): HTMLElement {
  return element(
    'section',
    { class: 'hs-card', 'aria-label': `Run ${run.id}` },
    element('header', { class: 'hs-card-header' }, element('span', { class: 'hs-card-title' }, run.title), stateBadge(run)),
    element('div', { class: 'hs-card-summary' }, summary(run)),
    run.state === 'running' && progressBar(run),
    run.state === 'failed' && run.error !== '' && element('div', { class: 'hs-error', role: 'alert' }, run.error),
    element('div', { class: 'hs-charts' }, ...panels(run.series).map(panel => chart(panel, run.best))),
    run.notes.length > 0 && element('ul', { class: 'hs-notes' }, ...run.notes.map(note => element('li', {}, note))),
    fold('Epochs', folds, epochs(run)),
    fold('Provenance', folds, facts(run)),
    actions && buttons(run, actions)
  );
}

function fold(name: string, folds: Folds, content: HTMLElement): HTMLElement {
  const details = element('details', { class: 'hs-fold', open: folds.isOpen(name) }, element('summary', {}, name), content);
  details.addEventListener('toggle', () => folds.set(name, details.open));
  return details;
}

function epochs(run: IRun): HTMLElement {
  const { header, rows } = epochTable(run);
  return element(
    'div',
    { class: 'hs-table-frame', tabindex: 0, role: 'region', 'aria-label': 'Epochs' },
    element(
      'table',
      { class: 'hs-table' },
      element('thead', {}, element('tr', {}, ...header.map(name => element('th', { scope: 'col' }, name)))),
      element(
        'tbody',
        {},
        ...rows.map((row, i) =>
          element('tr', { class: i + 1 === run.best ? 'hs-best-row' : undefined }, ...row.map(cell => element('td', {}, cell)))
        )
      )
    )
  );
}

function facts(run: IRun): HTMLElement {
  return element(
    'dl',
    { class: 'hs-facts' },
    ...provenance(run).flatMap(([name, text]) => [element('dt', {}, name), element('dd', {}, text)])
  );
}

function buttons(run: IRun, actions: ICardActions): HTMLElement {
  const bar = element('div', { class: 'hs-buttons' });
  if (run.state === 'running') {
    bar.append(
      button('Stop and keep best', `Stop ${run.id} after its batch and keep the best model`, () => actions.stop(run)),
      button('Attach', `Show ${run.id} live in a new cell`, () => actions.attach(run))
    );
  } else {
    bar.append(button('Verify', `Insert %verify, which repeats ${run.id} and compares the numbers`, () => actions.verify(run)));
  }
  return bar;
}
