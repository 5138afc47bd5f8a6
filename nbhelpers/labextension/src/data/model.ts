import { base64, number, text } from '../json';
import type { Translation } from '../translation';

/** An image as the data panel shows it. */
export interface IItem {
  path: string;
  label: string;
  split: string;
  /** JPEG in base64. */
  thumb: string;
  predicted: string;
  probability: number;
}

/** A page of a dataset. */
export interface IPage {
  name: string;
  classes: string[];
  datasets: string[];
  total: number;
  items: IItem[];
  edits: number;
}

/** Read the answer of the magic `dataset`. */
export function readPage(answer: unknown): IPage {
  const json = (answer ?? {}) as Record<string, unknown>;
  const strings = (list: unknown) => (Array.isArray(list) ? list.filter(s => typeof s === 'string') : []);
  return {
    name: text(json.name),
    classes: readClasses(json.classes),
    datasets: strings(json.datasets),
    total: number(json.total),
    items: Array.isArray(json.items) ? json.items.map(readItem) : [],
    edits: number(json.edits)
  };
}

function readClasses(list: unknown): string[] {
  return Array.isArray(list) ? list.map((entry: { name?: unknown }) => text(entry.name)) : [];
}

function readItem(json: Record<string, unknown>): IItem {
  return {
    path: text(json.path),
    label: text(json.label),
    split: text(json.split),
    thumb: base64(json.thumb),
    predicted: text(json.predicted),
    probability: number(json.probability)
  };
}

/** The edits of a dataset's log. */
export type Edit = 'keep' | 'delete' | 'relabel' | 'undo';

/** Asks the magic `dataset`. */
export type AskDataset = (request: object) => Promise<unknown>;

/** Images on a page. */
export const PAGE_SIZE = 48;

/**
 * What the data panel shows: a page of a dataset's class and split, and the images that are selected on it.
 */
export class Browser {
  constructor(
    private readonly _ask: AskDataset,
    private readonly _trans: Translation
  ) {}

  dataset = '';
  className = '';
  split = '';
  offset = 0;
  page: IPage | null = null;
  error = '';
  busy = false;
  readonly selected = new Set<string>();

  /** Show what `change` selects, from the first page on unless it names another. */
  async show(change: { dataset?: string; className?: string; split?: string; offset?: number } = {}): Promise<void> {
    if (change.dataset !== undefined && change.dataset !== this.dataset) {
      this.className = '';
    }
    Object.assign(this, { offset: 0 }, change);
    this.selected.clear();
    await this._load({});
  }

  /** Write an edit of the selected images to the dataset's log; undo reverts the last edit. */
  async edit(action: Edit, to = ''): Promise<void> {
    const paths = [...this.selected];
    if (action !== 'undo' && paths.length === 0) {
      this.error = this._trans.__('Select images first.');
      return;
    }
    await this._load(action === 'undo' ? { action } : { action, paths, to });
    if (this.error === '') {
      paths.forEach(path => this.selected.delete(path)); // others may have been selected meanwhile
    }
  }

  toggle(path: string): void {
    if (!this.selected.delete(path)) {
      this.selected.add(path);
    }
  }

  /** The offsets of the adjacent pages; null where there is none. */
  get previous(): number | null {
    return this.offset > 0 ? Math.max(0, this.offset - PAGE_SIZE) : null;
  }

  get next(): number | null {
    const end = this.offset + PAGE_SIZE;
    return this.page && end < this.page.total ? end : null;
  }

  private async _load(edit: object): Promise<void> {
    const turn = ++this._turn;
    this.busy = true;
    const { dataset, className, split, offset } = this;
    try {
      const answer = await this._ask({ dataset, class: className, split, offset, limit: PAGE_SIZE, ...edit });
      if (turn === this._turn) {
        this.page = readPage(answer);
        this.dataset = this.page.name;
        this.error = '';
        if (offset >= this.page.total && this.page.total > 0) { // an edit has taken all images of the last page
          this.offset = PAGE_SIZE * Math.floor((this.page.total - 1) / PAGE_SIZE);
          await this._load({});
        }
      }
    } catch (error) {
      if (turn === this._turn) {
        this.error = (error as Error).message;
      }
    } finally {
      if (turn === this._turn) {
        this.busy = false;
      }
    }
  }

  private _turn = 0;
}

/** The index that an arrow key selects in a grid, within `count`; the same where there is none. */
export function moved(index: number, key: string, columns: number, count: number): number {
  const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
  const target = key === 'Home' ? 0 : key === 'End' ? count - 1 : index + (steps[key] ?? 0);
  return target < 0 || target >= count ? index : target;
}
