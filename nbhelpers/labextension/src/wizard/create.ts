import { Dialog, showDialog } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { Contents } from '@jupyterlab/services';

import { WizardForm } from './form';
import { classesOf, freeName, notebook } from './model';

/**
 * Ask the wizard's questions and write the notebook; nothing is run.
 *
 * @returns the notebook's path, or null when the user thought better of it
 */
export async function createNotebook(contents: Contents.IManager, folder: string): Promise<string | null> {
  const listClasses = async (images: string) => {
    try {
      const listed = await contents.get(PathExt.join(folder, images));
      return listed.type === 'directory' ? classesOf(listed.content as Contents.IModel[]) : null;
    } catch {
      return null;
    }
  };
  const answer = await showDialog({
    title: 'New transfer-learning notebook',
    body: new WizardForm(listClasses),
    buttons: [Dialog.cancelButton(), Dialog.okButton({ label: 'Create' })],
    focusNodeSelector: 'input'
  });
  if (!answer.button.accept || !answer.value) {
    return null;
  }
  const beside = await contents.get(folder);
  const names = (beside.content as Contents.IModel[]).map(entry => entry.name);
  const path = PathExt.join(folder, freeName('transfer-learning', names));
  await contents.save(path, { type: 'notebook', format: 'json', content: notebook(answer.value) });
  return path;
}
