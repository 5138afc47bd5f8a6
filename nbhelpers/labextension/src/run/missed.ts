import { endOf, type IRun } from './data';

/** What is known of a code cell. */
export interface ICell {
  source: string;
  /** How many outputs it has. */
  outputs: number;
}

/**
 * Find the cells that missed what they started: their page was closed, so that the outputs which came after the notebook
 * was last saved are lost.
 *
 * @param cells the notebook's, in order
 * @param runs the kernel's, newest first
 * @param savedMS when the notebook was saved, in milliseconds since 1970
 * @returns the runs by the numbers of their cells
 */
export function missedRuns(cells: readonly ICell[], runs: readonly IRun[], savedMS: number): Map<number, IRun> {
  const found = new Map<number, IRun>();
  const left = runs.filter(run => run.cell.trim() !== '' && endOf(run) > savedMS);
  cells.forEach((cell, number) => {
    const at = left.findIndex(run => run.cell.trim() === cell.source.trim());
    if (cell.outputs === 0 && at >= 0) {
      found.set(number, left[at]);
      left.splice(at, 1);
    }
  });
  return found;
}
