import { NotebookActions, type NotebookPanel } from '@jupyterlab/notebook';

/** Insert a cell below the one that is active, and leave running it to the user. */
export function insertCell(notebook: NotebookPanel, code: string): void {
  NotebookActions.insertBelow(notebook.content);
  notebook.content.activeCell?.model.sharedModel.setSource(code);
  notebook.content.activate();
}

/** Insert a cell and run it. */
export async function runInNewCell(notebook: NotebookPanel, code: string): Promise<void> {
  insertCell(notebook, code);
  await NotebookActions.run(notebook.content, notebook.sessionContext);
}
