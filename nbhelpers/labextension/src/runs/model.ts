import type { IRun } from '../run/data';
import { accuracy, comparison, duration, epochs, type IPanel } from '../run/model';
import type { Translation } from '../translation';

/** The runs that the reader has chosen to compare. */
export class Selection {
  has(id: string): boolean {
    return this._chosen.has(id);
  }

  set(id: string, chosen: boolean): void {
    if (chosen) {
      this._chosen.add(id);
    } else {
      this._chosen.delete(id);
    }
  }

  /** A run has another name. */
  rename(id: string, to: string): void {
    if (this._chosen.delete(id)) {
      this._chosen.add(to);
    }
  }

  /** The chosen runs among those that are still there, oldest first, so that each keeps its color. */
  of(runs: readonly IRun[]): IRun[] {
    return runs.filter(run => this._chosen.has(run.id)).reverse();
  }

  private readonly _chosen = new Set<string>();
}

/** The charts that compare runs; none for fewer than two. */
export function comparisons(runs: readonly IRun[]): IPanel[] {
  if (runs.length < 2) {
    return [];
  }
  return [comparison(runs, 'accuracy', 'validation'), comparison(runs, 'loss', 'validation')];
}

/** What a row of the list says below the run's name. */
export function rowText(run: IRun, trans: Translation): string {
  const parts = [epochs(run, trans)];
  if (run.valAccuracy !== null) {
    parts.push(trans.__('val accuracy %1', accuracy(run.valAccuracy, run)));
  }
  if (run.state === 'running') {
    parts.push(run.leftMS > 0 ? trans.__('%1 left', duration(run.leftMS / 1000, trans)) : trans.__('estimating time left'));
  } else if (run.seconds > 0) {
    parts.push(duration(run.seconds, trans));
  }
  return parts.join(' · ');
}
