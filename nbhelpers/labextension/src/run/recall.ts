import type { NotebookPanel } from '@jupyterlab/notebook';
import type { IDisplayData } from '@jupyterlab/nbformat';
import { isCodeCellModel } from '@jupyterlab/cells';

import { missedRuns } from './missed';
import type { KernelSessions } from '../kernel/session';

/**
 * Show in a notebook that was opened again the runs that its cells started and whose outputs went to a page that is gone.
 * A kernel that no page has asked before has no runs, and is not asked: that would start the magics' plugin.
 */
export async function recallRuns(notebook: NotebookPanel, sessions: KernelSessions): Promise<void> {
  await notebook.context.ready;
  await notebook.sessionContext.ready;
  const session = sessions.of(notebook);
  if (!session || !(await session.hasBeenAsked())) {
    return;
  }
  await session.feed.look();
  const cells = [...(notebook.content.model?.cells ?? [])].filter(isCodeCellModel);
  const states = cells.map(cell => ({ source: cell.sharedModel.getSource(), outputs: cell.outputs.length }));
  const saved = Date.parse(notebook.context.contentsModel?.last_modified ?? '');
  for (const [number, run] of missedRuns(states, session.feed.runs, saved)) {
    const output = await session.feed.output(run.id);
    if (output && cells[number].outputs.length === 0) {
      cells[number].outputs.add({ output_type: 'display_data', ...output } as IDisplayData);
    }
  }
}
