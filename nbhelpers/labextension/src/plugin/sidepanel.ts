import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator } from '@jupyterlab/translation';
import type { LabIcon } from '@jupyterlab/ui-components';
import type { Widget } from '@lumino/widgets';

import { PACKAGE } from '../ids';
import { insertCell } from '../kernel/cells';
import type { KernelSessions } from '../kernel/session';
import { translation, type Translation } from '../translation';
import { IKernelSessions } from './services';

/** A panel of the right sidebar, with the command that shows it. */
export interface ISidePanel {
  /** The last part of the plugin's and the widget's names. */
  name: string;
  description: string;
  icon: LabIcon;
  command: string;
  rank: number;
  /** What the tab and the command are called. */
  caption: (trans: Translation) => string;
  label: (trans: Translation) => string;
  widget: (surroundings: ISurroundings) => Widget;
}

/** What a panel may work with. */
export interface ISurroundings {
  app: JupyterFrontEnd;
  sessions: KernelSessions;
  trans: Translation;
  tracker: INotebookTracker;
  /** Put code into a new cell of the notebook in front. */
  insert: (code: string) => void;
}

/** A plugin that puts a panel into the right sidebar. */
export function sidePanel(panel: ISidePanel): JupyterFrontEndPlugin<void> {
  const id = `headstart-${panel.name}`;
  return {
    id: `${PACKAGE}:${panel.name}`,
    description: panel.description,
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
      const widget = panel.widget({ app, sessions, trans, tracker, insert });
      widget.id = id;
      widget.title.caption = panel.caption(trans);
      widget.title.icon = panel.icon;
      app.shell.add(widget, 'right', { rank: panel.rank, type: 'Headstart' });
      restorer?.add(widget, id);
      app.commands.addCommand(panel.command, {
        label: panel.label(trans),
        icon: panel.icon,
        execute: () => app.shell.activateById(id)
      });
      palette?.addItem({ command: panel.command, category: trans.__('Headstart') });
    }
  };
}
