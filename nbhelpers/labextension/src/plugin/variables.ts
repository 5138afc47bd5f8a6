import { ILayoutRestorer, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator } from '@jupyterlab/translation';
import { LabIcon } from '@jupyterlab/ui-components';

import { PACKAGE } from '../ids';
import { insertCell } from '../kernel/cells';
import type { KernelSessions } from '../kernel/session';
import { translation } from '../translation';
import { VariablesPanel } from '../variables/panel';
import { IKernelSessions } from './services';

const ID = 'headstart-variables';
const COMMAND = 'headstart:show-variables';

/** How often the panel, while it is visible, looks whether a cell has run; it asks the kernel only then. */
const LOOK_MS = 300;

/** An x in brackets. */
const icon = new LabIcon({
  name: 'headstart:variables',
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 24 24"><path class="jp-icon3" fill="#616161" ' +
    'd="M3 3h5v2H5v14h3v2H3zm18 0h-5v2h3v14h-3v2h5zM8.500 8h2l1.500 2.600L13.500 8h2l-2.500 4 2.500 4h-2L12 13.400 10.500 16h-2l2.500-4z"/></svg>'
});

export const variables: JupyterFrontEndPlugin<void> = {
  id: `${PACKAGE}:variables`,
  description: 'The panel of the variables of Go cells.',
  autoStart: true,
  requires: [INotebookTracker, IKernelSessions],
  optional: [ICommandPalette, ILayoutRestorer, ITranslator],
  activate: (
    app,
    tracker: INotebookTracker,
    sessions: KernelSessions,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    translator: ITranslator | null
  ) => {
    const trans = translation(translator);
    const insert = (code: string) => {
      if (tracker.currentWidget) {
        insertCell(tracker.currentWidget, code);
      }
    };
    const panel = new VariablesPanel(sessions, insert, () => LOOK_MS, trans);
    panel.id = ID;
    panel.title.caption = trans.__('Headstart variables');
    panel.title.icon = icon;
    app.shell.add(panel, 'right', { rank: 902, type: 'Headstart' });
    restorer?.add(panel, ID);
    app.commands.addCommand(COMMAND, {
      label: trans.__('Show Variables'),
      icon,
      execute: () => app.shell.activateById(ID)
    });
    palette?.addItem({ command: COMMAND, category: trans.__('Headstart') });
  }
};
