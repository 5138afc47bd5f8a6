/** Hears what a magic tells. */
export interface IWatcher {
  /** What has changed; of the magic's own making. At first, and now and again, all there is. */
  news(news: unknown): void;
  /**
   * Nothing more is told.
   * @param unable whether this kernel never tells it, so that it must be asked
   */
  ended(reason: string, unable: boolean): void;
}

/** What the kernel sends about what is watched. */
interface INews {
  magic?: unknown;
  news?: unknown;
  ended?: unknown;
}

/** The part of the time that a watch lasts after which it is renewed. */
const RENEWED = 0.4;

interface IWatch {
  watchers: Set<IWatcher>;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/**
 * What is watched over one comm. The kernel forgets a watch that is not renewed: a page that was closed says nothing.
 */
export class Watches {
  /** @param _ask asks the kernel to begin or end the watch of a magic */
  constructor(private readonly _ask: (magic: string, watch: boolean) => Promise<unknown>) {}

  /** Watch a magic until the returned function is called, or the watch has ended. */
  start(magic: string, watcher: IWatcher): () => void {
    let watch = this._watches.get(magic);
    if (!watch) {
      watch = { watchers: new Set(), timer: undefined };
      this._watches.set(magic, watch);
    }
    watch.watchers.add(watcher);
    void this._begin(magic, watch); // again where it is watched already: the new watcher hears all there is
    return () => this._leave(magic, watch, watcher);
  }

  /** Take a message of the kernel; false where it is not about a watch. */
  hear(data: unknown): boolean {
    const { magic, news, ended } = (data ?? {}) as INews;
    if (typeof magic !== 'string' || (news === undefined && ended === undefined)) {
      return false;
    }
    const watch = this._watches.get(magic);
    if (!watch) {
      return true;
    }
    if (ended !== undefined) {
      this._end(magic, watch, typeof ended === 'string' ? ended : '', false);
    } else {
      for (const watcher of [...watch.watchers]) {
        watcher.news(news);
      }
    }
    return true;
  }

  /** Ask again for all that is watched, as after a connection that was lost: what was told meanwhile may be lost too. */
  renew(): void {
    for (const [magic, watch] of [...this._watches]) {
      void this._begin(magic, watch);
    }
  }

  /** Whoever watches hears that it has ended, as after a restart of the kernel. */
  reset(reason: string): void {
    const ended = [...this._watches.values()];
    this._watches.clear(); // first: whoever hears of one end may leave another, of which nothing is left to tell the kernel
    for (const watch of ended) {
      this._tell(watch, reason, false);
    }
  }

  private async _begin(magic: string, watch: IWatch): Promise<void> {
    clearTimeout(watch.timer);
    try {
      const { watching, seconds } = ((await this._ask(magic, true)) ?? {}) as { watching?: unknown; seconds?: unknown };
      if (this._watches.get(magic) !== watch) {
        return;
      }
      if (watching !== true) {
        this._end(magic, watch, '', true);
      } else if (typeof seconds === 'number') {
        clearTimeout(watch.timer);
        watch.timer = setTimeout(() => void this._begin(magic, watch), 1000 * RENEWED * seconds);
      }
    } catch (error) {
      this._end(magic, watch, (error as Error).message, false);
    }
  }

  private _end(magic: string, watch: IWatch, reason: string, unable: boolean): void {
    if (this._watches.get(magic) !== watch) {
      return;
    }
    this._watches.delete(magic);
    this._tell(watch, reason, unable);
  }

  /** Tell of the end of a watch that is forgotten. */
  private _tell(watch: IWatch, reason: string, unable: boolean): void {
    clearTimeout(watch.timer);
    for (const watcher of [...watch.watchers]) {
      watcher.ended(reason, unable);
    }
  }

  private _leave(magic: string, watch: IWatch, watcher: IWatcher): void {
    watch.watchers.delete(watcher);
    if (watch.watchers.size === 0 && this._watches.get(magic) === watch) {
      this._watches.delete(magic);
      clearTimeout(watch.timer);
      this._ask(magic, false).catch(() => {}); // a kernel that is gone tells nothing
    }
  }

  private readonly _watches = new Map<string, IWatch>();
}
