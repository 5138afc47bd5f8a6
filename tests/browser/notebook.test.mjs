import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { command, openNotebook, options, IMAGES, runAll, screenshotThemes, SMALL_MODEL, useBrowser, writeNotebook } from './lab.mjs';

const use = useBrowser();

describe('Notebook 7', () => {
  const hostile = '<img src=x onerror=alert(1)>';
  const run = {
    id: 'saved', title: hostile, state: 'done', epoch: 2, epochs: 2, best: 2, val_accuracy: 0.75, dataset: hostile,
    series: [{ panel: 'loss', name: 'train', values: [1, 0.5] }], notes: [hostile], facts: [{ name: hostile, value: hostile }]
  };
  const output = {
    output_type: 'display_data', metadata: {},
    data: { 'text/plain': 'a run', 'application/vnd.headstart.run+json': run }
  };

  it('shows a saved run without trust, and its names are no markup', options, async () => {
    const { page } = use;
    const confusion = { classes: [hostile, 'b'], counts: [[1, 2], [0, 3]], images: [{ actual: hostile, predicted: 'b', path: hostile, probability: 1 }] };
    const matrix = { output_type: 'display_data', metadata: {}, data: { 'application/vnd.headstart.confusion+json': confusion } };
    writeNotebook('saved.ipynb', [{ source: '%train', outputs: [output, matrix] }]);
    await openNotebook(page, 'saved.ipynb');
    const card = page.locator('.hs-card').first();
    await card.waitFor();
    assert.equal(await card.locator('.hs-card-title').textContent(), hostile);
    assert.equal(await card.locator('img').count(), 0);
    await page.locator('.hs-cell[data-cell="0,1"]').click();
    await page.locator('.hs-judged', { hasText: hostile }).waitFor();
    assert.equal(await page.locator('.hs-confusion img, .hs-judged img').count(), 0);
    await card.locator('summary', { hasText: 'Epochs' }).click();
    assert.equal(await card.locator('tbody tr').count(), 2);
    await card.getByRole('button', { name: /^Insert %verify/ }).click();
    await page.locator('.cm-content', { hasText: '%verify' }).waitFor();
  });

  it('has the panels of runs and data', options, async () => {
    const { page } = use;
    writeNotebook('panels.ipynb', [{ source: IMAGES }, { source: SMALL_MODEL }, { source: '%train --epochs 2 --run seven' }]);
    await openNotebook(page, 'panels.ipynb');
    await runAll(page);
    await page.locator('.hs-card .hs-state-done').waitFor();
    await command(page, 'headstart:show-runs');
    await page.locator('.hs-run[data-run="seven"] .hs-state-done').waitFor();
    await screenshotThemes(page, 'notebook-runs');
    await command(page, 'headstart:show-data');
    await page.locator('.hs-tile[data-path="cold/cold0.png"]').waitFor();
    await screenshotThemes(page, 'notebook-data');
  });
});
