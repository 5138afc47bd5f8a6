import { CodeCell } from '@jupyterlab/cells';
import type { INotebookTracker } from '@jupyterlab/notebook';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import type { Widget } from '@lumino/widgets';

/** The class of charts, which JupyterLab draws in the theme of the moment, and leaves as they are when that changes. */
const CHART = /\bjp-RenderedVega/;

/** Draw the charts of all notebooks again, in the theme of now. */
export function redrawCharts(tracker: INotebookTracker): void {
  tracker.forEach(notebook => {
    for (const cell of notebook.content.widgets) {
      if (cell instanceof CodeCell && cell.outputArea) {
        redrawArea(cell.outputArea);
      }
    }
  });
}

function redrawArea(area: CodeCell['outputArea']): void {
  area.widgets.forEach((output, i) => {
    const chart = chartIn(output);
    if (chart && i < area.model.length) {
      chart.renderModel(area.model.get(i)).catch(error => console.warn('Headstart: a chart could not be drawn in the new theme.', error));
    }
  });
}

/** The chart that an output shows; null where it shows something else. */
function chartIn(output: Widget): (Widget & IRenderMime.IRenderer) | null {
  if (CHART.test(output.node.className) && 'renderModel' in output) {
    return output as Widget & IRenderMime.IRenderer;
  }
  for (const child of output.children()) {
    const found = chartIn(child);
    if (found) {
      return found;
    }
  }
  return null;
}
