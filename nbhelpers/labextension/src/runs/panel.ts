import { element } from '../dom';
import { KernelPanel } from '../kernel/panel';
import type { KernelSession, KernelSessions } from '../kernel/session';
import { chart } from '../run/chart';
import type { IRun } from '../run/data';
import { LINES, magicLine } from '../run/model';
import type { Translation } from '../translation';
import { SettingsTable } from './comparison';
import type { IRunDialogs } from './dialogs';
import { Filters } from './filters';
import { comparisons, Selection } from './model';
import { RunRow, type IRowActions } from './row';
import { viewed } from './view';

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
    private readonly _dialogs: IRunDialogs,
    private readonly _trans: Translation
  ) {
    super(sessions);
    this.addClass('hs-runs');
    this._filters = new Filters(() => this.session && this._show(this.session), _trans);
    this._settings = new SettingsTable(_trans);
    this._list.setAttribute('aria-label', _trans.__('Runs'));
    this._charts.setAttribute('aria-label', _trans.__('Comparison'));
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', _trans.__('Runs'));
    this.node.append(
      element('h2', { class: 'hs-panel-title' }, _trans.__('Runs')),
      this._message,
      this._filters.node,
      this._charts,
      this._settings.node,
      this._list
    );
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
    this._filters.offer(feed.runs);
    const shown = viewed(feed.runs, this._filters.view);
    this._say(this._summary(feed.runs.length, shown.length));
    const gone = new Set(this._rows.keys());
    shown.forEach((run, place) => {
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

  private _summary(all: number, shown: number): string {
    if (all === 0) {
      return this._trans.__('No runs yet. Start one with %train.');
    }
    return shown < all ? this._trans.__('%1 of %2 runs', shown, all) : '';
  }

  private _compare(runs: readonly IRun[]): void {
    const chosen = this._selection.of(runs);
    const state = JSON.stringify(chosen.map(run => [run.id, run.epoch, run.state]));
    if (state === this._compared) {
      return;
    }
    this._compared = state;
    this._charts.replaceChildren(...comparisons(chosen).map(panel => chart(panel, 0, this._trans, { width: CHART_WIDTH })));
    void this._tabulate(state, chosen.map(run => run.id));
  }

  /** Show the hyper-parameters of the chosen runs, unless others were chosen meanwhile. */
  private async _tabulate(state: string, runs: string[]): Promise<void> {
    const { session } = this;
    if (!session || runs.length < 2) {
      this._settings.show([], []);
      return;
    }
    try {
      const settings = await session.feed.settings(runs);
      if (state === this._compared) {
        this._settings.show(runs, settings);
      }
    } catch (error) {
      this._say((error as Error).message);
    }
  }

  private _actions(): IRowActions {
    const change = (changed: Promise<void> | undefined) => {
      changed?.catch((error: Error) => this._say(error.message));
    };
    return {
      stop: run => change(this.session?.feed.stop(run.id)),
      attach: run => this._insert(magicLine('attach', run.id)),
      save: run => this._insert(LINES.save(run.id)),
      rename: run => change(this._rename(run)),
      remove: run => change(this._remove(run)),
      choose: (run, chosen) => {
        this._selection.set(run.id, chosen);
        this._compare(this.session?.feed.runs ?? []);
      }
    };
  }

  private async _rename(run: IRun): Promise<void> {
    const name = await this._dialogs.newName(run.id);
    const { session } = this;
    if (name !== null && session) {
      await session.feed.rename(run.id, name);
      this._selection.rename(run.id, name);
      this._rows.get(name)?.node.remove();
      this._rows.delete(name); // drawn again, with its choice
      this._show(session);
    }
  }

  private async _remove(run: IRun): Promise<void> {
    const next = this._rows.get(run.id)?.node.nextElementSibling ?? this._list.firstElementChild;
    if (await this._dialogs.confirmRemoval(run.id)) {
      await this.session?.feed.remove(run.id);
      next?.querySelector('input')?.focus(); // the focus was in the row that is gone
    }
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
    this._settings.show([], []);
    this._filters.offer([]);
    this._compared = '';
  }

  private readonly _filters: Filters;
  private readonly _settings: SettingsTable;
  private readonly _message = element('p', { class: 'hs-message', role: 'status' });
  private readonly _list = element('ul', { class: 'hs-run-list' });
  private readonly _charts = element('div', { class: 'hs-charts' });
  private readonly _rows = new Map<string, RunRow>();
  private readonly _selection = new Selection();
  private _compared = '';
}
