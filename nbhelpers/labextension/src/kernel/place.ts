import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';

import type { KernelSessions } from './session';

/** Where outputs find the notebook that they stand in, and its kernel. */
export interface IPlace {
  tracker: INotebookTracker;
  sessions: KernelSessions;
}

/** The notebook that an output stands in. */
export function notebookOf(place: IPlace, node: Node): NotebookPanel | null {
  return place.tracker.find(panel => panel.node.contains(node)) ?? null;
}
