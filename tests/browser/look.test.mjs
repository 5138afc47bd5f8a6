// What the cards and panels look like, compared with images in golden/.
import { describe, it } from 'node:test';

import { changeTheme, command, openLab, options, THEMES, useBrowser, writeNotebook } from './lab.mjs';
import { looksAs } from './pixels.mjs';

const use = useBrowser({ samePage: true });

/** A run with curves that rise and fall, one of them with a gap. */
const run = {
  id: 'golden', title: 'golden', state: 'done', dataset: 'images', model: 'resnet50', backend: 'xla:cpu', epoch: 6, epochs: 6, best: 5,
  val_accuracy: 0.9, highest_val_accuracy: 0.95, highest_val_accuracy_epoch: 4, seconds: 12, started: '2026-01-02T03:04:05Z',
  series: [
    { panel: 'loss', name: 'train', values: [1.4, 0.9, 0.7, 0.5, 0.4, 0.35] },
    { panel: 'loss', name: 'validation', values: [1.5, 1.1, null, 0.8, 0.7, 0.75] },
    { panel: 'accuracy', name: 'train', values: [0.4, 0.6, 0.7, 0.85, 0.9, 0.95] },
    { panel: 'accuracy', name: 'validation', values: [0.35, 0.55, 0.6, 0.95, 0.9, 0.9] }
  ]
};

const confusion = {
  title: 'confusion matrix', classes: ['a', 'b', 'c'], counts: [[9, 1, 0], [3, 5, 2], [0, 0, 10]], images: [], left_out: 0
};

const output = (kind, content) => ({ output_type: 'display_data', metadata: {}, data: { [`application/vnd.headstart.${kind}+json`]: content } });

describe('the look', () => {
  it('of a run and a confusion matrix is as in the golden images', options, async () => {
    const { page } = use;
    writeNotebook('look.ipynb', [{ source: '%runs', outputs: [output('run', run)] }, { source: '%evaluate', outputs: [output('confusion', confusion)] }]);
    await openLab(page, 'look.ipynb');
    const card = page.locator('.hs-card').first();
    const matrix = page.locator('.hs-card').nth(1);
    await matrix.waitFor();
    for (const theme of THEMES) {
      await changeTheme(page, theme);
      await card.scrollIntoViewIfNeeded();
      await looksAs(page, card.locator('.hs-charts'), `curves-${theme.toLowerCase()}`);
      await matrix.scrollIntoViewIfNeeded();
      await looksAs(page, matrix.locator('.hs-confusion'), `confusion-${theme.toLowerCase()}`);
    }
  });

  it('of the panel of predictions is as in the golden images', options, async () => {
    const { page } = use;
    writeNotebook('look-panel.ipynb', [{ source: '%runs' }]);
    await openLab(page, 'look-panel.ipynb');
    await command(page, 'headstart:show-predict');
    await page.locator('.hs-predict .hs-message', { hasText: 'there is no model yet' }).waitFor();
    for (const theme of THEMES) {
      await changeTheme(page, theme);
      await looksAs(page, page.locator('.hs-predict'), `predict-${theme.toLowerCase()}`);
    }
  });
});
