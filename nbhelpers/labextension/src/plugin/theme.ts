import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IThemeManager } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';

import { PACKAGE } from '../ids';
import { redrawCharts } from '../theme/charts';

export const theme: JupyterFrontEndPlugin<void> = {
  id: `${PACKAGE}:theme`,
  description: 'Draws charts again when the theme changes.',
  autoStart: true,
  requires: [INotebookTracker, IThemeManager],
  activate: (_, tracker: INotebookTracker, themes: IThemeManager) => {
    themes.themeChanged.connect((_, { oldValue }) => {
      if (oldValue) { // the first theme is there before any chart
        redrawCharts(tracker);
      }
    });
  }
};
