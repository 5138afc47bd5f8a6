import { Dialog, showDialog } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { Contents, ServiceManager } from '@jupyterlab/services';
import type { ITranslator } from '@jupyterlab/translation';

import { translation } from '../translation';
import { askWeights } from './ask';
import { WizardForm } from './form';
import { freeName, notebook } from './model';

/**
 * Ask the wizard's questions and write the notebook; nothing is run.
 *
 * @returns the notebook's path, or null when the user canceled
 */
export async function createNotebook(
  { contents, kernels }: Pick<ServiceManager.IManager, 'contents' | 'kernels'>,
  folder: string,
  translator: ITranslator | null
): Promise<string | null> {
  const trans = translation(translator);
  const list = async (below: string) => {
    try {
      const listed = await contents.get(PathExt.join(folder, below));
      return listed.type === 'directory' ? (listed.content as Contents.IModel[]) : null;
    } catch {
      return null;
    }
  };
  const answer = await showDialog({
    title: trans.__('New transfer-learning notebook'),
    body: new WizardForm(list, askWeights(kernels, trans), trans),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.okButton({ label: trans.__('Create') })
    ],
    focusNodeSelector: 'input'
  });
  if (!answer.button.accept || !answer.value) {
    return null;
  }
  const beside = await contents.get(folder);
  const names = (beside.content as Contents.IModel[]).map(entry => entry.name);
  const path = PathExt.join(folder, freeName('transfer-learning', names));
  await contents.save(path, { type: 'notebook', format: 'json', content: notebook(answer.value, trans) });
  return path;
}
