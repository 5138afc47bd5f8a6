import { element } from '../dom';
import { KernelPanel } from '../kernel/panel';
import type { KernelSession, KernelSessions } from '../kernel/session';
import { chart } from '../run/chart';
import type { IRun } from '../run/data';
import { magicLine, quoted } from '../run/model';
import type { Translation } from '../translation';
import { comparisons, Selection } from './model';
import { RunRow } from './row';

/** In CSS pixels: about the initial width of a sidebar. */
const CHART_WIDTH = 240;

/** The runs of the kernel in front, live. */
export class RunsPanel extends KernelPanel {
  /**
   * @param insert puts a cell into the notebook in front
   */
  constructor(
    sessions: KernelSessions,
    private readonly _insert: (code: string) => void,
    private readonly _trans: Translation
  ) {
    super(sessions);
    this.addClass('hs-runs');
    this._list.setAttribute('aria-label', _trans.__('Runs, newest first'));
    this._charts.setAttribute('aria-label', _trans.__('Comparison'));
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', _trans.__('Runs'));
    this.node.append(element('h2', { class: 'hs-panel-title' }, _trans.__('Runs')), this._message, this._charts, this._list);
  }

  protected override begin(session: KernelSession): () => void {
    this._clear();
    this._say(this._trans.__('Loading the runs.'));
    return session.feed.watch(() => this._show(session));
  }

  protected override showNone(): void {
    this._clear();
    this._say(this._trans.__('Open a notebook with the Go (Headstart) kernel to see its runs.'));
  }

  private _show({ feed }: KernelSession): void {
    if (feed.error) {
      this._say(feed.error);
      return;
    }
    this._say(feed.runs.length === 0 ? this._trans.__('No runs yet. Start one with %train.') : '');
    const gone = new Set(this._rows.keys());
    feed.runs.forEach((run, place) => {
      gone.delete(run.id);
      let row = this._rows.get(run.id);
      if (!row) {
        row = new RunRow(run, this._actions(), this._selection.has(run.id), this._trans);
        this._rows.set(run.id, row);
      }
      row.update(run);
      if (this._list.children[place] !== row.node) {
        this._list.insertBefore(row.node, this._list.children[place] ?? null);
      }
    });
    for (const id of gone) {
      this._rows.get(id)?.node.remove();
      this._rows.delete(id);
    }
    this._compare(feed.runs);
  }

  private _compare(runs: readonly IRun[]): void {
    const chosen = this._selection.of(runs);
    const state = JSON.stringify(chosen.map(run => [run.id, run.epoch]));
    if (state !== this._compared) {
      this._compared = state;
      this._charts.replaceChildren(...comparisons(chosen).map(panel => chart(panel, 0, this._trans, { width: CHART_WIDTH })));
    }
  }

  private _actions() {
    return {
      stop: (run: IRun) => {
        this.session?.feed.stop(run.id).catch((error: Error) => this._say(error.message));
      },
      attach: (run: IRun) => this._insert(magicLine('attach', run.id)),
      save: (run: IRun) =>
        this._insert(`${magicLine('save', `models/${run.id}`)} --run ${quoted(run.id)}`),
      choose: (run: IRun, chosen: boolean) => {
        this._selection.set(run.id, chosen);
        this._compare(this.session?.feed.runs ?? []);
      }
    };
  }

  private _say(text: string): void {
    if (this._message.textContent !== text) {
      this._message.textContent = text;
    }
  }

  private _clear(): void {
    this._rows.clear();
    this._list.replaceChildren();
    this._charts.replaceChildren();
    this._compared = '';
  }

  private readonly _message = element('p', { class: 'hs-message', role: 'status' });
  private readonly _list = element('ul', { class: 'hs-run-list' });
  private readonly _charts = element('div', { class: 'hs-charts' });
  private readonly _rows = new Map<string, RunRow>();
  private readonly _selection = new Selection();
  private _compared = '';
}
