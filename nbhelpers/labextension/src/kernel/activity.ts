/** What is known of the cells of a kernel. */
export interface ICells {
  /** Whether a cell runs. */
  readonly busy: boolean;
  /** How many have begun. */
  readonly begun: number;
}

/** Tells whether it is worth to ask a kernel again: it runs a cell, or has run one since. */
export class Activity {
  constructor(private readonly _cells: ICells) {}

  get news(): boolean {
    const { busy, begun } = this._cells;
    const ran = begun !== this._seen;
    if (!busy) {
      this._seen = begun;
    }
    return busy || ran;
  }

  private _seen = 0;
}
