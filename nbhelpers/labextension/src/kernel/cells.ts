import { NotebookActions, type NotebookPanel } from '@jupyterlab/notebook';

/** Insert a cell below the one that is active, and leave running it to the user. */
export function insertCell(notebook: NotebookPanel, code: string): void {
  NotebookActions.insertBelow(notebook.content);
  notebook.content.activeCell?.model.sharedModel.setSource(code);
  notebook.content.activate();
}

/** Insert a cell and run it; whether it came to its end without an error. */
export async function runInNewCell(notebook: NotebookPanel, code: string): Promise<boolean> {
  insertCell(notebook, code);
  return NotebookActions.run(notebook.content, notebook.sessionContext);
}

/** Insert cells below each other and run each after the one before it, until one fails. */
export async function runInNewCells(notebook: NotebookPanel, codes: readonly string[]): Promise<boolean> {
  for (const code of codes) {
    if (!(await runInNewCell(notebook, code))) {
      return false;
    }
  }
  return true;
}
