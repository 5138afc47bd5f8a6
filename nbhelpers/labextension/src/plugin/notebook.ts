import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IEditorExtensionRegistry } from '@jupyterlab/codemirror';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ITranslator } from '@jupyterlab/translation';

import { cleanRendererFactory } from '../clean/renderer';
import { confusionRendererFactory } from '../confusion/renderer';
import { cellEditor } from '../editor/extension';
import { PACKAGE } from '../ids';
import { recallRuns } from '../run/recall';
import type { KernelSessions } from '../kernel/session';
import { epochsRendererFactory } from '../run/epochs';
import { runRendererFactory } from '../run/renderer';
import { translation } from '../translation';
import { IKernelSessions, IPreferences } from './services';

export const editor: JupyterFrontEndPlugin<void> = {
  id: `${PACKAGE}:editor`,
  description: 'Highlights magics and shell lines in Go cells.',
  autoStart: true,
  requires: [IEditorExtensionRegistry, IPreferences],
  activate: (_, registry: IEditorExtensionRegistry, preferences: IPreferences) =>
    registry.addExtension(cellEditor(() => preferences.tabs))
};

/** Smaller than the ranks of images and charts, which the same output contains as well. */
const RENDERER_RANK = 10;

export const renderer: JupyterFrontEndPlugin<void> = {
  id: `${PACKAGE}:renderer`,
  description: 'Shows runs, doubtful labels and confusion matrices in the outputs of cells.',
  autoStart: true,
  requires: [IRenderMimeRegistry],
  optional: [INotebookTracker, IKernelSessions, ITranslator],
  activate: (
    _,
    registry: IRenderMimeRegistry,
    tracker: INotebookTracker | null,
    sessions: KernelSessions | null,
    translator: ITranslator | null
  ) => {
    const trans = translation(translator);
    const place = tracker && sessions && { tracker, sessions };
    registry.addFactory(runRendererFactory(place, trans), RENDERER_RANK);
    registry.addFactory(cleanRendererFactory(place, trans), RENDERER_RANK);
    registry.addFactory(confusionRendererFactory(place, trans), RENDERER_RANK);
    registry.addFactory(epochsRendererFactory(), RENDERER_RANK);
  }
};

export const recall: JupyterFrontEndPlugin<void> = {
  id: `${PACKAGE}:recall`,
  description: 'Shows the runs whose outputs arrived while the page was closed.',
  autoStart: true,
  requires: [INotebookTracker, IKernelSessions],
  activate: (_, tracker: INotebookTracker, sessions: KernelSessions) => {
    tracker.widgetAdded.connect((_, notebook) => {
      recallRuns(notebook, sessions).catch(error => console.warn('Headstart: the runs of the kernel could not be read.', error));
    });
  }
};
