import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';
import { ITranslator } from '@jupyterlab/translation';

import { runsIcon } from '../icons';
import { COMMANDS, PACKAGE } from '../ids';
import { KERNEL_NAME } from '../kernel/session';
import { translation } from '../translation';
import { createNotebook } from '../wizard/create';

export const wizard: JupyterFrontEndPlugin<void> = {
  id: `${PACKAGE}:wizard`,
  description: 'Writes a transfer-learning notebook from a few answers.',
  autoStart: true,
  optional: [ICommandPalette, ILauncher, IDefaultFileBrowser, ITranslator],
  activate: (
    app,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    browser: IDefaultFileBrowser | null,
    translator: ITranslator | null
  ) => {
    const trans = translation(translator);
    const category = trans.__('Headstart');
    const command = COMMANDS.newNotebook;
    app.commands.addCommand(command, {
      label: args => (args.isLauncher ? trans.__('Transfer Learning') : trans.__('New Transfer-Learning Notebook')),
      caption: trans.__('Choose images, weights and a head; writes a notebook without running it'),
      icon: runsIcon,
      execute: async args => {
        const folder = typeof args.cwd === 'string' ? args.cwd : (browser?.model.path ?? '');
        const path = await createNotebook(app.serviceManager, folder, translator);
        if (path !== null) {
          await app.commands.execute('docmanager:open', { path, factory: 'Notebook', kernel: { name: KERNEL_NAME } });
        }
      }
    });
    palette?.addItem({ command, category });
    launcher?.add({ command, args: { isLauncher: true }, category, rank: 0 });
  }
};
