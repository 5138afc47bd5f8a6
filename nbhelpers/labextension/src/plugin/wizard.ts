import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';

import { runsIcon } from '../icons';
import { CATEGORY, COMMANDS, PACKAGE } from '../ids';
import { KERNEL_NAME } from '../kernel/session';
import { createNotebook } from '../wizard/create';

export const wizard: JupyterFrontEndPlugin<void> = {
  id: `${PACKAGE}:wizard`,
  description: 'Writes a transfer-learning notebook from a few answers.',
  autoStart: true,
  optional: [ICommandPalette, ILauncher, IDefaultFileBrowser],
  activate: (
    app,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    browser: IDefaultFileBrowser | null
  ) => {
    const command = COMMANDS.newNotebook;
    app.commands.addCommand(command, {
      label: args => (args.isLauncher ? 'Transfer Learning' : 'New Transfer-Learning Notebook'),
      caption: 'Choose images, weights and a head; writes a notebook and runs nothing',
      icon: runsIcon,
      execute: async args => {
        const folder = typeof args.cwd === 'string' ? args.cwd : (browser?.model.path ?? '');
        const path = await createNotebook(app.serviceManager.contents, folder);
        if (path !== null) {
          await app.commands.execute('docmanager:open', { path, factory: 'Notebook', kernel: { name: KERNEL_NAME } });
        }
      }
    });
    palette?.addItem({ command, category: CATEGORY });
    launcher?.add({ command, args: { isLauncher: true }, category: CATEGORY, rank: 0 });
  }
};
