import { ILayoutRestorer, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator } from '@jupyterlab/translation';

import { CapturePanel } from '../capture/panel';
import { captureIcon, predictIcon } from '../icons';
import { COMMANDS, PACKAGE } from '../ids';
import { runInNewCells } from '../kernel/cells';
import type { KernelSessions } from '../kernel/session';
import { PredictPanel } from '../predict/panel';
import { translation } from '../translation';
import { IKernelSessions } from './services';
import { addSidePanel } from './sidepanel';

export const predict: JupyterFrontEndPlugin<void> = {
  id: `${PACKAGE}:predict`,
  description: 'The panel that predicts images of the browser.',
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
        widget: new PredictPanel(sessions, app.serviceManager.contents, trans),
        id: 'headstart-predict',
        caption: trans.__('Headstart predict'),
        icon: predictIcon,
        command: COMMANDS.showPredict,
        label: trans.__('Show Predict'),
        rank: 902,
        category: trans.__('Headstart')
      },
      palette,
      restorer
    );
  }
};

export const capture: JupyterFrontEndPlugin<void> = {
  id: `${PACKAGE}:capture`,
  description: 'The panel that makes a dataset of the images of a camera.',
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
    const run = (codes: readonly string[]) =>
      tracker.currentWidget ? runInNewCells(tracker.currentWidget, codes) : Promise.resolve(false);
    addSidePanel(
      app,
      {
        widget: new CapturePanel(sessions, run, app.serviceManager.contents, trans),
        id: 'headstart-capture',
        caption: trans.__('Headstart capture'),
        icon: captureIcon,
        command: COMMANDS.showCapture,
        label: trans.__('Show Capture'),
        rank: 903,
        category: trans.__('Headstart')
      },
      palette,
      restorer
    );
  }
};
