import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IStatusBar } from '@jupyterlab/statusbar';
import type { LabIcon } from '@jupyterlab/ui-components';
import type { Widget } from '@lumino/widgets';

import { DataPanel } from '../data/panel';
import { dataIcon, runsIcon } from '../icons';
import { CATEGORY, COMMANDS, PACKAGE } from '../ids';
import { insertCell, runInNewCell } from '../kernel/cells';
import type { KernelSessions } from '../kernel/session';
import { RunsPanel } from '../runs/panel';
import { StatusItem } from '../status/item';
import { IKernelSessions } from './services';

interface ISidePanel {
  widget: Widget;
  id: string;
  caption: string;
  icon: LabIcon;
  command: string;
  label: string;
  rank: number;
}

/** Put a panel into the right sidebar, with a command that shows it. */
function addSidePanel(
  app: JupyterFrontEnd,
  { widget, id, caption, icon, command, label, rank }: ISidePanel,
  palette: ICommandPalette | null,
  restorer: ILayoutRestorer | null
): void {
  widget.id = id;
  widget.title.caption = caption;
  widget.title.icon = icon;
  app.shell.add(widget, 'right', { rank, type: 'Headstart' });
  restorer?.add(widget, id);
  app.commands.addCommand(command, {
    label,
    icon,
    execute: () => app.shell.activateById(id)
  });
  palette?.addItem({ command, category: CATEGORY });
}

export const runs: JupyterFrontEndPlugin<void> = {
  id: `${PACKAGE}:runs`,
  description: 'The panel of runs.',
  autoStart: true,
  requires: [INotebookTracker, IKernelSessions],
  optional: [ICommandPalette, ILayoutRestorer],
  activate: (
    app,
    tracker: INotebookTracker,
    sessions: KernelSessions,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null
  ) => {
    const insert = (code: string) => {
      if (tracker.currentWidget) {
        insertCell(tracker.currentWidget, code);
      }
    };
    addSidePanel(
      app,
      {
        widget: new RunsPanel(sessions, insert),
        id: 'headstart-runs',
        caption: 'Headstart runs',
        icon: runsIcon,
        command: COMMANDS.showRuns,
        label: 'Show Runs',
        rank: 900
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
  optional: [ICommandPalette, ILayoutRestorer],
  activate: (app, sessions: KernelSessions, palette: ICommandPalette | null, restorer: ILayoutRestorer | null) =>
    addSidePanel(
      app,
      {
        widget: new DataPanel(sessions),
        id: 'headstart-data',
        caption: 'Headstart data',
        icon: dataIcon,
        command: COMMANDS.showData,
        label: 'Show Data',
        rank: 901
      },
      palette,
      restorer
    )
};

export const status: JupyterFrontEndPlugin<void> = {
  id: `${PACKAGE}:status`,
  description: 'The device in the status bar.',
  autoStart: true,
  requires: [INotebookTracker, IKernelSessions],
  optional: [IStatusBar, ICommandPalette],
  activate: (
    app,
    tracker: INotebookTracker,
    sessions: KernelSessions,
    bar: IStatusBar | null,
    palette: ICommandPalette | null
  ) => {
    app.commands.addCommand(COMMANDS.doctor, {
      label: 'Run %doctor in a New Cell',
      isEnabled: () => sessions.current !== null,
      execute: async () => {
        if (tracker.currentWidget && sessions.current) {
          await runInNewCell(tracker.currentWidget, '%doctor');
        }
      }
    });
    palette?.addItem({ command: COMMANDS.doctor, category: CATEGORY });
    bar?.registerStatusItem(status.id, {
      item: new StatusItem(sessions, () => void app.commands.execute(COMMANDS.doctor)),
      align: 'left',
      rank: 10,
      isActive: () => sessions.current !== null,
      activeStateChanged: sessions.changed
    });
  }
};
