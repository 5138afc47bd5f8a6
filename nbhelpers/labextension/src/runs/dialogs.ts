import { Dialog, InputDialog, showDialog } from '@jupyterlab/apputils';

import type { Translation } from '../translation';

/** What the runs panel asks the user. */
export interface IRunDialogs {
  /** Whether to delete a run. */
  confirmRemoval(run: string): Promise<boolean>;
  /** A new name for a run; null where the user has none. */
  newName(run: string): Promise<string | null>;
}

/** The dialogs of JupyterLab. */
export function runDialogs(trans: Translation): IRunDialogs {
  return {
    confirmRemoval: async run => {
      const { button } = await showDialog({
        title: trans.__('Delete the run %1?', run),
        body: trans.__('Its record and its weights are removed. Models that were saved stay. This cannot be undone.'),
        buttons: [Dialog.cancelButton({ label: trans.__('Cancel') }), Dialog.warnButton({ label: trans.__('Delete') })],
        defaultButton: 0
      });
      return button.accept;
    },
    newName: async run => {
      const { value } = await InputDialog.getText({
        title: trans.__('Rename the run %1', run),
        label: trans.__('Letters, digits, dots, dashes and underscores'),
        text: run,
        pattern: '[A-Za-z0-9_][A-Za-z0-9._\\-]{0,99}',
        required: true,
        cancelLabel: trans.__('Cancel'),
        okLabel: trans.__('Rename')
      });
      return value === null || value === run ? null : value;
    }
  };
}
