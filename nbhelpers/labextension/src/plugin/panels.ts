import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator } from '@jupyterlab/translation';

import { DataPanel } from '../data/panel';
import { dataIcon, runsIcon } from '../icons';
import { COMMANDS, PACKAGE } from '../ids';
import { runInNewCell } from '../kernel/cells';
import type { KernelSessions } from '../kernel/session';
import { runDialogs } from '../runs/dialogs';
import { RunsPanel } from '../runs/panel';
import { StatusItem } from '../status/item';
import { translation } from '../translation';
import { IKernelSessions } from './services';
import { sidePanel } from './sidepanel';

export const runs = sidePanel({
  name: 'runs',
  description: 'The panel of runs.',
  icon: runsIcon,
  command: COMMANDS.showRuns,
  rank: 900,
  caption: trans => trans.__('Headstart runs'),
  label: trans => trans.__('Show Runs'),
  widget: ({ sessions, trans, insert }) => new RunsPanel(sessions, insert, runDialogs(trans), trans)
});

export const data = sidePanel({
  name: 'data',
  description: 'The panel of images.',
  icon: dataIcon,
  command: COMMANDS.showData,
  rank: 901,
  caption: trans => trans.__('Headstart data'),
  label: trans => trans.__('Show Data'),
  widget: ({ sessions, trans }) => new DataPanel(sessions, trans)
});

export const status: JupyterFrontEndPlugin<void> = {
  id: `${PACKAGE}:status`,
  description: 'The device in the status bar.',
  autoStart: true,
  requires: [INotebookTracker, IKernelSessions],
  optional: [IStatusBar, ICommandPalette, ITranslator],
  activate: (
    app,
    tracker: INotebookTracker,
    sessions: KernelSessions,
    bar: IStatusBar | null,
    palette: ICommandPalette | null,
    translator: ITranslator | null
  ) => {
    const trans = translation(translator);
    app.commands.addCommand(COMMANDS.doctor, {
      label: trans.__('Run %doctor in a New Cell'),
      isEnabled: () => sessions.current !== null,
      execute: async () => {
        if (tracker.currentWidget && sessions.current) {
          await runInNewCell(tracker.currentWidget, '%doctor');
        }
      }
    });
    palette?.addItem({ command: COMMANDS.doctor, category: trans.__('Headstart') });
    bar?.registerStatusItem(status.id, {
      item: new StatusItem(sessions, () => void app.commands.execute(COMMANDS.doctor), trans),
      align: 'left',
      rank: 10,
      isActive: () => sessions.current !== null,
      activeStateChanged: sessions.changed
    });
  }
};
