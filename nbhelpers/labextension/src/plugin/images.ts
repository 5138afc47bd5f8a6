import { CapturePanel } from '../capture/panel';
import { captureIcon, predictIcon } from '../icons';
import { COMMANDS } from '../ids';
import { runInNewCells } from '../kernel/cells';
import { PredictPanel } from '../predict/panel';
import { sidePanel } from './sidepanel';

export const predict = sidePanel({
  name: 'predict',
  description: 'The panel that predicts images of the browser.',
  icon: predictIcon,
  command: COMMANDS.showPredict,
  rank: 902,
  caption: trans => trans.__('Headstart predict'),
  label: trans => trans.__('Show Predict'),
  widget: ({ app, sessions, trans }) => new PredictPanel(sessions, app.serviceManager.contents, trans)
});

export const capture = sidePanel({
  name: 'capture',
  description: 'The panel that makes a dataset of the images of a camera.',
  icon: captureIcon,
  command: COMMANDS.showCapture,
  rank: 903,
  caption: trans => trans.__('Headstart capture'),
  label: trans => trans.__('Show Capture'),
  widget: ({ app, sessions, trans, tracker }) => {
    const run = (codes: readonly string[]) =>
      tracker.currentWidget ? runInNewCells(tracker.currentWidget, codes) : Promise.resolve(false);
    return new CapturePanel(sessions, run, app.serviceManager.contents, trans);
  }
});
