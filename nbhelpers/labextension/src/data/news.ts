import { number, text } from '../json';

/** What the magic `dataset` tells: the current dataset, and the model whose predictions its page has. */
export interface IDataNews {
  dataset: string;
  digest: string;
  edits: number;
  model: string;
  run: string;
}

/** Read what the kernel tells. */
export function readDataNews(json: unknown): IDataNews {
  const news = (json ?? {}) as Record<string, unknown>;
  return {
    dataset: text(news.dataset),
    digest: text(news.digest),
    edits: number(news.edits),
    model: text(news.model),
    run: text(news.run)
  };
}

/** What a panel shows. */
export interface IShown {
  dataset: string;
  offset: number;
  page: { edits: number } | null;
}

/**
 * What a panel has to ask for after news; null: what it shows is right. A panel that shows the current dataset follows it. Edits of its own
 * come back as news.
 */
export function changeFor(was: IDataNews | null, is: IDataNews, shown: IShown): { dataset?: string; offset: number } | null {
  if (was === null || is.dataset === '') {
    return shown.page === null && is.dataset !== '' ? { dataset: is.dataset, offset: 0 } : null;
  }
  if (is.dataset !== was.dataset) {
    return shown.dataset === was.dataset ? { dataset: is.dataset, offset: 0 } : null;
  }
  if (shown.dataset !== is.dataset) {
    return null;
  }
  const judged = is.model !== was.model || is.run !== was.run;
  const changed = is.edits === was.edits ? is.digest !== was.digest : shown.page?.edits !== is.edits;
  return judged || changed ? { offset: shown.offset } : null;
}

/** Follows the news for a panel. What comes while a page loads waits until it is shown: the page may be older. */
export class DataNews {
  /** Take what the kernel tells. */
  hear(is: IDataNews): void {
    this._first ??= is;
    this._latest = is;
  }

  /** What the panel has to ask for after all that it has not followed yet; null: nothing, or nothing before its page has loaded. */
  change(shown: IShown & { busy: boolean }): ReturnType<typeof changeFor> {
    const { _was: was, _latest: is } = this;
    if (shown.busy || is === null) {
      return null;
    }
    this._was = is;
    this._latest = null;
    return changeFor(was, is, shown) ?? changeFor(was ?? this._first, is, shown);
  }

  /** What the kernel told first, about what the first page shows. */
  private _first: IDataNews | null = null;
  /** What the panel has followed. */
  private _was: IDataNews | null = null;
  /** What it has not followed yet. */
  private _latest: IDataNews | null = null;
}
