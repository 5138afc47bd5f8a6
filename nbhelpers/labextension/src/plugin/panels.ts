import { ILayoutRestorer, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator } from '@jupyterlab/translation';

import { DataPanel } from '../data/panel';
import { dataIcon, runsIcon } from '../icons';
import { COMMANDS, PACKAGE } from '../ids';
import { insertCell, runInNewCell } from '../kernel/cells';
import type { KernelSessions } from '../kernel/session';
import { runDialogs } from '../runs/dialogs';
import { RunsPanel } from '../runs/panel';
import { StatusItem } from '../status/item';
import { translation } from '../translation';
import { IKernelSessions } from './services';
import { addSidePanel } from './sidepanel';

export const runs: JupyterFrontEndPlugin<void> = {
  id: `${PACKAGE}:runs`,
  description: 'The panel of runs.',
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
    addSidePanel(
      app,
      {
        widget: new RunsPanel(sessions, insert, runDialogs(trans), trans),
        id: 'headstart-runs',
        caption: trans.__('Headstart runs'),
        icon: runsIcon,
        command: COMMANDS.showRuns,
        label: trans.__('Show Runs'),
        rank: 900,
        category: trans.__('Headstart')
      },
      palette,
      restorer
    );
  }
};

export const data: JupyterFrontEndPlugin<void> = {
  id: `${PACKAGE}:data`,
  description: 'The panel of images.',
  autoStart: true,
  requires: [IKernelSessions],
  optional: [ICommandPalette, ILayoutRestorer, ITranslator],
  activate: (
    app,
    sessions: KernelSessions,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    translator: ITranslator | null
  ) => {
    const trans = translation(translator);
    addSidePanel(
      app,
      {
        widget: new DataPanel(sessions, trans),
        id: 'headstart-data',
        caption: trans.__('Headstart data'),
        icon: dataIcon,
        command: COMMANDS.showData,
        label: trans.__('Show Data'),
        rank: 901,
        category: trans.__('Headstart')
      },
      palette,
      restorer
    );
  }
};

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
