// What the cards and panels look like, compared with images in golden/.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';

import { changeTheme, command, openLab, options, readImage, scrollTo, THEMES, useBrowser, writeNotebook } from './lab.mjs';
import { looksAs } from './pixels.mjs';

const use = useBrowser({ samePage: true });

/** A run with curves that rise and fall, one of them with a gap; its loss spans orders of magnitude. */
const run = {
  id: 'golden', title: 'golden', state: 'done', dataset: 'images', model: 'resnet50', backend: 'xla:cpu', epoch: 6, epochs: 6, best: 5,
  val_accuracy: 0.9, highest_val_accuracy: 0.95, highest_val_accuracy_epoch: 4, seconds: 12, started: '2026-01-02T03:04:05Z',
  series: [
    { panel: 'loss', name: 'train', values: [14, 4, 1.2, 0.4, 0.1, 0.03] },
    { panel: 'loss', name: 'validation', values: [12, 3, null, 0.8, 0.5, 0.75] },
    { panel: 'accuracy', name: 'train', values: [0.4, 0.6, 0.7, 0.85, 0.9, 0.95] },
    { panel: 'accuracy', name: 'validation', values: [0.35, 0.55, 0.6, 0.95, 0.9, 0.9] }
  ]
};

const confusion = {
  title: 'confusion matrix', classes: ['a', 'b', 'c'], counts: [[9, 1, 0], [3, 5, 2], [0, 0, 10]], images: [], left_out: 0
};

const output = (kind, content) => ({ output_type: 'display_data', metadata: {}, data: { [`application/vnd.headstart.${kind}+json`]: content } });

/** A gallery as figures write it, with an image in the place of those that the golden file leaves out. */
function gallery(name) {
  const file = path.join('..', '..', 'nbhelpers', 'figure', 'testdata', `${name}.html`);
  const image = readImage('images/warm/warm3.png').toString('base64');
  const html = fs.readFileSync(file, 'utf8').replaceAll(/src="data:image\/\w+;base64,"/g, `src="data:image/png;base64,${image}"`);
  return { output_type: 'display_data', metadata: {}, data: { 'text/html': html, 'image/png': image, 'text/plain': name } };
}

/** A chart as figures write it. */
function chart(name) {
  const file = path.join('..', '..', 'nbhelpers', 'figure', 'testdata', `${name}.vl.json`);
  return { output_type: 'display_data', metadata: {}, data: { 'application/vnd.vegalite.v5+json': JSON.parse(fs.readFileSync(file, 'utf8')), 'image/png': readImage('images/warm/warm3.png').toString('base64') } };
}

/** How bright the ground of a chart is, from 0 to 255; 255 where it shows a white page. */
function ground(canvas) {
  const [red, green, blue, alpha] = canvas.getContext('2d').getImageData(2, 2, 1, 1).data;
  const page = getComputedStyle(document.documentElement).getPropertyValue('--jp-layout-color0').startsWith('#1') ? 17 : 255;
  return (alpha / 255) * (red + green + blue) / 3 + (1 - alpha / 255) * page;
}

describe('the look', () => {
  it('of a chart changes with the theme', options, async () => {
    const { page } = use;
    writeNotebook('look-chart.ipynb', [{ source: '%train', outputs: [chart('curves_live')] }]);
    await openLab(page, 'look-chart.ipynb');
    const canvas = page.locator('.jp-OutputArea-output canvas');
    await canvas.waitFor();
    for (const theme of [...THEMES, ...THEMES]) { // drawn in the light one, and again
      await changeTheme(page, theme);
      await page.waitForFunction(
        ([ground, dark]) => {
          const canvas = document.querySelector('.jp-OutputArea-output canvas');
          return canvas && eval(`(${ground})`)(canvas) < 128 === dark;
        }, [ground.toString(), theme === 'Dark'], { timeout: 20_000 });
    }
  });

  it('of a gallery is that of the theme, in a notebook that is not trusted', options, async () => {
    const { page } = use;
    writeNotebook('look-gallery.ipynb', ['topk', 'heat', 'grid_lines'].map(name => ({ source: '%predict', outputs: [gallery(name)] })));
    await openLab(page, 'look-gallery.ipynb');
    await page.locator('.jp-RenderedHTML img').first().waitFor();
    assert.equal(await page.locator('.jp-RenderedImage').count(), 0, 'the HTML is shown, not the PNG');
    for (const theme of THEMES) {
      await changeTheme(page, theme);
      for (const [i, name] of ['predictions', 'heat', 'images'].entries()) {
        const shown = page.locator('.jp-CodeCell').nth(i).locator('.jp-RenderedHTML');
        await scrollTo(shown);
        const { colors, broken } = await shown.evaluate(node => ({
          colors: [...new Set([...node.querySelectorAll('td, small, td span')].map(text => getComputedStyle(text).color))],
          broken: [...node.querySelectorAll('img')].filter(img => img.naturalWidth === 0).length
        }));
        assert.match(colors.join(), theme === 'Dark' ? /^rgba?\(255, 255, 255[^()]*\)$/ : /^rgba?\((0, 0, 0|33, 33, 33)[^()]*\)$/, `${name}: the text has the color of the theme`);
        assert.equal(broken, 0, `${name}: every image is there`);
        if (name === 'predictions') {
          await looksAs(page, shown, `gallery-${theme.toLowerCase()}`);
        }
      }
    }
  });

  it('of a run and a confusion matrix is as in the golden images', options, async () => {
    const { page } = use;
    writeNotebook('look.ipynb', [{ source: '%runs', outputs: [output('run', run)] }, { source: '%evaluate', outputs: [output('confusion', confusion)] }]);
    await openLab(page, 'look.ipynb');
    const card = page.locator('.hs-card').first();
    const matrix = page.locator('.hs-card').nth(1);
    await matrix.waitFor();
    for (const theme of THEMES) {
      await changeTheme(page, theme);
      await scrollTo(card);
      await looksAs(page, card.locator('.hs-charts'), `curves-${theme.toLowerCase()}`);
      await scrollTo(matrix);
      await looksAs(page, matrix.locator('.hs-confusion'), `confusion-${theme.toLowerCase()}`);
    }
    if (!process.env.HEADSTART_UPDATE) { // a chart without one of its curves is another chart
      await card.locator('.hs-series-1').first().evaluate(curve => { curve.style.visibility = 'hidden'; });
      await assert.rejects(looksAs(page, card.locator('.hs-charts'), `curves-${THEMES.at(-1).toLowerCase()}`), /% of it differ from/);
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
