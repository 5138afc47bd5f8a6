import { readRun, type IRun } from '../run/data';
import { readOutput, type IOutput } from '../run/output';
import type { IWatcher } from '../kernel/watches';
import { readSettings, type ISetting } from './settings';

/** How many times longer to wait between two requests while nothing runs: each one makes the kernel busy for a moment. */
const QUIET = 10;

/** Asks the magic `runs`. */
export type AskRuns = (request: object) => Promise<unknown>;

/** Watches the magic `runs`. */
export type WatchRuns = (watcher: IWatcher) => () => void;

/**
 * The runs of one kernel, while there is a listener: as it tells them, or by asking again and again where it does not.
 */
export class RunFeed {
  /**
   * @param _ask asks the kernel
   * @param everyMS the time between an answer and the next request, while a run or a cell runs
   * @param _busy whether the kernel runs a cell
   * @param _watch hears the kernel; null: it is asked
   */
  constructor(
    private readonly _ask: AskRuns,
    private readonly everyMS: () => number,
    private readonly _busy: () => boolean = () => false,
    private readonly _watch: WatchRuns | null = null
  ) {}

  /** The runs of the last answer, newest first. */
  get runs(): readonly IRun[] {
    return this._runs;
  }

  /** Why the last request failed; empty when it did not. */
  get error(): string {
    return this._error;
  }

  /** Whether the kernel has told its runs since there are listeners; those of before may be older than what a listener knows. */
  get known(): boolean {
    return this._known;
  }

  /** Call the listener at every answer until the returned function is called. Requests are made only while there are listeners. */
  watch(listener: () => void): () => void {
    const own = () => listener();
    this._listeners.add(own);
    if (this._listeners.size === 1) {
      this._begin();
    } else if (this._leave && this._known) {
      // The news may be long in coming. The listener may want to end the watch, which it can when this has returned.
      queueMicrotask(() => {
        if (this._listeners.has(own)) {
          own();
        }
      });
    }
    return () => {
      this._listeners.delete(own);
      if (this._listeners.size === 0) {
        clearTimeout(this._timer);
        this._leave?.();
        this._leave = null;
      }
    };
  }

  /** Stop a run after the current batch; its best model is kept. */
  async stop(run: string): Promise<void> {
    this._take(await this._ask({ action: 'stop', run }));
  }

  /** Give a run another name. */
  async rename(run: string, to: string): Promise<void> {
    this._take(await this._ask({ action: 'rename', run, to }));
  }

  /** Remove a run with its weights. */
  async remove(run: string): Promise<void> {
    this._take(await this._ask({ action: 'remove', run }));
  }

  /** What makes and measures the models of some runs. */
  async settings(runs: readonly string[]): Promise<ISetting[]> {
    return readSettings(await this._ask({ action: 'compare', runs }));
  }

  /** Ask for the runs once. */
  async look(): Promise<void> {
    this._take(await this._ask({}));
  }

  /** A run as its cell would show it, in every form; null where the kernel no longer knows it. */
  async output(run: string): Promise<IOutput | null> {
    return readOutput(await this._ask({ action: 'show', run }));
  }

  /** Listen to the kernel, or ask it where it does not tell. */
  private _begin(): void {
    clearTimeout(this._timer);
    this._known = false;
    if (!this._watch || this._unable) {
      void this._poll();
      return;
    }
    const leave = this._watch({
      news: news => void this._hear(news),
      ended: (reason, unable) => {
        this._leave = null;
        this._unable = unable;
        if (this._listeners.size === 0) {
          return;
        }
        if (unable) {
          void this._poll();
          return;
        }
        this._error = reason;
        this._tell();
        this._timer = setTimeout(() => this._begin(), this.everyMS());
      }
    });
    this._leave = leave;
  }

  /** Take what the kernel tells: the names of all runs, and those that have changed. */
  private async _hear(news: unknown): Promise<void> {
    const { order, runs } = (news ?? {}) as { order?: unknown; runs?: unknown };
    if (!Array.isArray(order) || !Array.isArray(runs)) {
      return;
    }
    const known = new Map([...this._runs, ...runs.map(readRun).filter(run => run !== null)].map(run => [run.id, run]));
    const list = order.map(id => known.get(String(id)));
    if (list.every(run => run !== undefined)) {
      this._set(list);
    } else {
      await this.look().catch(() => {}); // some news were lost; the next will say so again
    }
  }

  private async _poll(): Promise<void> {
    clearTimeout(this._timer);
    if (this._polling) {
      return;
    }
    this._polling = true;
    try {
      this._take(await this._ask({}));
    } catch (error) {
      this._error = (error as Error).message;
      this._tell();
    } finally {
      this._polling = false;
    }
    this._quiet = 0;
    this._wait();
  }

  private _wait(): void {
    if (this._listeners.size > 0) {
      this._timer = setTimeout(() => this._tick(), this.everyMS());
    }
  }

  private _tick(): void {
    this._quiet++;
    if (this._quiet >= QUIET || this._error || this._busy() || this._runs.some(run => run.state === 'running')) {
      void this._poll();
    } else {
      this._wait();
    }
  }

  private _take(answer: unknown): void {
    const list = (answer as { runs?: unknown } | null)?.runs;
    this._set(Array.isArray(list) ? list.map(readRun).filter(run => run !== null) : []);
  }

  private _set(runs: readonly IRun[]): void {
    this._runs = runs;
    this._error = '';
    this._known = true;
    this._tell();
  }

  private _tell(): void {
    for (const listener of [...this._listeners]) {
      listener();
    }
  }

  private _runs: readonly IRun[] = [];
  private _error = '';
  private _known = false;
  private _polling = false;
  private _unable = false;
  private _leave: (() => void) | null = null;
  private _quiet = 0;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private readonly _listeners = new Set<() => void>();
}
