import { button, element } from '../dom';
import type { Translation } from '../translation';
import { chart } from './chart';
import { hasModel, onlyChose, type IRun } from './data';
import { epochTable, LINES, panels, provenance, summary } from './model';

/** What the buttons of a card do; a card without a notebook has none. */
export interface ICardActions {
  stop(run: IRun): void;
  attach(run: IRun): void;
  /** Null where the card follows the run, or cannot. */
  follow: (() => void) | null;
  /** Put a line of `LINES` into a cell below, and run it where it writes nothing. */
  use(action: keyof typeof LINES, run: IRun): void;
}

/** How a state is shown everywhere: a word, with a symbol beside its color. */
export function stateBadge(run: IRun, trans: Translation): HTMLElement {
  const names = {
    running: trans.__('running'),
    done: trans.__('done'),
    stopped: run.best > 0 ? trans.__('stopped, best model kept') : trans.__('stopped'),
    failed: trans.__('failed')
  };
  return element('span', { class: `hs-state hs-state-${run.state}` }, names[run.state]);
}

/** How far a run is. */
export function progressBar(run: IRun, trans: Translation): HTMLElement {
  return element('progress', {
    class: 'hs-progress',
    max: Math.max(1, run.epochs),
    value: run.epoch,
    'aria-label': trans.__('%1: epoch %2 of %3', run.id, run.epoch, run.epochs)
  });
}

/** The folds of a card that the reader has opened; they stay open when the card is drawn again. */
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

/** Draw a run: its state, its curves, and in folds its epochs and its provenance. */
export function card(run: IRun, folds: Folds, actions: ICardActions | null, trans: Translation): HTMLElement {
  return element(
    'section',
    { class: 'hs-card', 'aria-label': trans.__('Run %1', run.id) },
    element('header', { class: 'hs-card-header' }, element('span', { class: 'hs-card-title' }, run.title), stateBadge(run, trans)),
    element('div', { class: 'hs-card-summary' }, summary(run, trans)),
    run.state === 'running' && progressBar(run, trans),
    run.state === 'failed' && run.error !== '' && element('div', { class: 'hs-error', role: 'alert' }, run.error),
    element('div', { class: 'hs-charts' }, ...charts(run, trans)),
    run.notes.length > 0 && element('ul', { class: 'hs-notes' }, ...run.notes.map(note => element('li', {}, note))),
    !onlyChose(run) && fold('epochs', trans.__('Epochs'), folds, epochs(run, trans)),
    fold('provenance', trans.__('Provenance'), folds, facts(run, trans)),
    actions && buttons(run, actions, trans)
  );
}

/** The curves over the epochs, or those of the comparison that chose a classifier. */
function charts(run: IRun, trans: Translation): SVGElement[] {
  if (run.compared.length > 0 && (run.epochs <= 1 || run.epoch === 0)) {
    return panels(run.compared).map(panel => chart(panel, 0, trans, { axis: trans.__('C (log scale)'), width: 720 }));
  }
  return panels(run.series).map(panel => chart(panel, run.best, trans));
}

function fold(name: string, label: string, folds: Folds, content: HTMLElement): HTMLElement {
  const details = element('details', { class: 'hs-fold', open: folds.isOpen(name) }, element('summary', {}, label), content);
  details.addEventListener('toggle', () => folds.set(name, details.open));
  return details;
}

function epochs(run: IRun, trans: Translation): HTMLElement {
  const { header, rows } = epochTable(run, trans);
  return element(
    'div',
    { class: 'hs-table-frame', tabindex: 0, role: 'region', 'aria-label': trans.__('Epochs') },
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

function facts(run: IRun, trans: Translation): HTMLElement {
  return element(
    'dl',
    { class: 'hs-facts' },
    ...provenance(run, trans).flatMap(([name, text]) => [element('dt', {}, name), element('dd', {}, text)])
  );
}

function buttons(run: IRun, actions: ICardActions, trans: Translation): HTMLElement {
  const bar = element('div', { class: 'hs-buttons' });
  if (run.state === 'running') {
    const { follow } = actions;
    if (follow) {
      bar.append(button(trans.__('Follow'), trans.__('Ask the kernel about %1; this starts the magics where they do not run', run.id), follow));
    }
    bar.append(
      button(trans.__('Stop and keep best'), trans.__('Stop %1 after the current batch and keep the best model', run.id), () =>
        actions.stop(run)
      ),
      button(trans.__('Attach'), trans.__('Show %1 live in a new cell', run.id), () => actions.attach(run))
    );
  } else if (hasModel(run)) {
    const names: [keyof typeof LINES, string, string][] = [
      ['evaluate', trans.__('Evaluate'), trans.__('Run %evaluate with the model of %1 in a new cell', run.id)],
      ['predict', trans.__('Predict'), trans.__('Run %predict with the model of %1 on validation images in a new cell', run.id)],
      ['save', trans.__('Save'), trans.__('Insert %save, which writes the model of %1 as a folder', run.id)],
      ['export', trans.__('Export'), trans.__('Insert %export, which writes the model of %1 for other programs', run.id)],
      ['verify', trans.__('Verify'), trans.__('Insert %verify, which repeats %1 and compares the numbers', run.id)]
    ];
    bar.append(...names.map(([action, label, title]) => button(label, title, () => actions.use(action, run))));
  }
  return bar;
}
