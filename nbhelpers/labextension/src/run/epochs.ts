import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Widget } from '@lumino/widgets';

import { EPOCHS_MIME } from './data';

/** Shows nothing in place of the table that the run's card has in a fold. */
class FoldedEpochs extends Widget implements IRenderMime.IRenderer {
  constructor() {
    super();
    this.addClass('hs-folded');
  }

  renderModel(): Promise<void> {
    return Promise.resolve();
  }
}

/** A renderer of the tables of epochs. */
export function epochsRendererFactory(): IRenderMime.IRendererFactory {
  return {
    safe: true,
    mimeTypes: [EPOCHS_MIME],
    createRenderer: () => new FoldedEpochs()
  };
}
