import type { IRun } from '../run/data';

/** The orders of the list. */
export const ORDERS = ['newest', 'oldest', 'name', 'accuracy', 'duration'] as const;

export type Order = (typeof ORDERS)[number];

/** What of the runs the list shows, and in which order. Empty fields leave nothing out. */
export interface IView {
  /** Words that the name, the model or the dataset must contain. */
  words: string;
  dataset: string;
  state: string;
  order: Order;
}

/** Everything, the newest first. */
export const ALL: IView = { words: '', dataset: '', state: '', order: 'newest' };

/** The runs of a view in its order. The kernel lists the newest first. */
export function viewed(runs: readonly IRun[], view: IView): IRun[] {
  const words = view.words.toLowerCase().split(/\s+/).filter(word => word !== '');
  const kept = runs.filter(run => {
    const text = `${run.id} ${run.model} ${run.dataset}`.toLowerCase();
    return (
      words.every(word => text.includes(word)) &&
      (view.dataset === '' || run.dataset === view.dataset) &&
      (view.state === '' || run.state === view.state)
    );
  });
  return sorted(kept, view.order);
}

function sorted(runs: IRun[], order: Order): IRun[] {
  switch (order) {
    case 'oldest':
      return runs.reverse();
    case 'name':
      return runs.sort((a, b) => a.id.localeCompare(b.id, undefined, { numeric: true }));
    case 'accuracy':
      return runs.sort((a, b) => (b.valAccuracy ?? -1) - (a.valAccuracy ?? -1));
    case 'duration':
      return runs.sort((a, b) => b.seconds - a.seconds);
    default:
      return runs;
  }
}

/** The datasets that the runs were trained on, by name. */
export function datasetsOf(runs: readonly IRun[]): string[] {
  return [...new Set(runs.map(run => run.dataset))].filter(name => name !== '').sort();
}

/** When a run started, in the reader's own time zone, as 2026-11-29 05:35; empty where it is unknown. */
export function startOf(run: IRun): string {
  const started = new Date(run.started);
  if (Number.isNaN(started.getTime())) {
    return '';
  }
  const two = (n: number) => String(n).padStart(2, '0');
  return (
    `${started.getFullYear()}-${two(started.getMonth() + 1)}-${two(started.getDate())} ` +
    `${two(started.getHours())}:${two(started.getMinutes())}`
  );
}
