import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { openLab, options, IMAGES, readImage, runAll, screenshotThemes, SMALL_MODEL, useBrowser, waitForKernel, writeNotebook } from './lab.mjs';

const use = useBrowser();

describe('the runs panel', () => {
  it('compares two runs in one chart, and knows them after a reload', options, async () => {
    const { page } = use;
    const training = name => ({ source: `%train --epochs 3 --batch 8 --run ${name}` });
    writeNotebook('compare.ipynb', [{ source: IMAGES }, { source: SMALL_MODEL }, training('first'), training('second')]);
    await openLab(page, 'compare.ipynb');
    await runAll(page);
    await page.keyboard.press('Alt+Shift+R'); // asks the kernel while it starts the plugin for the first cell
    await page.locator('.hs-run[data-run="second"] .hs-state-done').waitFor();
    await page.reload();
    await waitForKernel(page);
    for (const name of ['first', 'second']) {
      await page.getByLabel(`Compare ${name}`).check();
    }
    const compared = page.locator('.hs-runs .hs-chart', { hasText: 'validation accuracy' });
    await compared.waitFor();
    assert.match(await compared.getAttribute('aria-label'), /first: .*; second: /);
    await screenshotThemes(page, 'compared');
  });
});

describe('the data panel', () => {
  it('relabels an image by keyboard, and takes it back', options, async () => {
    const { page } = use;
    writeNotebook('data.ipynb', [{ source: IMAGES }]);
    await openLab(page, 'data.ipynb');
    await runAll(page);
    await page.waitForSelector('.jp-OutputArea-output');
    await page.keyboard.press('Alt+Shift+D');
    const tile = page.locator('.hs-tile[data-path="cold/cold0.png"]');
    const label = tile.locator('.hs-tile-label');
    await tile.waitFor();
    assert.equal(await label.textContent(), 'cold');

    await page.locator('.hs-tile[tabindex="0"]').focus();
    for (let i = 0; i < 20 && (await page.evaluate(() => document.activeElement.dataset.path)) !== 'cold/cold0.png'; i++) {
      await page.keyboard.press('ArrowRight');
    }
    await page.keyboard.press('Space');
    assert.equal(await tile.getAttribute('aria-selected'), 'true');
    await page.getByLabel('Relabel as').selectOption('warm');
    await page.waitForFunction(() =>
      document.querySelector('.hs-tile[data-path="cold/cold0.png"] .hs-tile-label')?.textContent === 'warm');
    await screenshotThemes(page, 'relabelled');
    await page.getByRole('button', { name: /^Undo/ }).click();
    await page.waitForFunction(() =>
      document.querySelector('.hs-tile[data-path="cold/cold0.png"] .hs-tile-label')?.textContent === 'cold');
  });
});

describe('doubtful images', () => {
  it('are decided by buttons below their images', options, async () => {
    const { page } = use;
    const thumb = readImage('images/warm/warm3.png').toString('base64');
    const doubt = { path: 'warm/warm3.png', label: 'warm', reason: 'a copy', propose: 'delete', thumb };
    const clean = { dataset: 'images', classes: ['cold', 'warm'], doubts: [doubt], note: 'One copy.' };
    const output = { output_type: 'display_data', metadata: {}, data: { 'application/vnd.headstart.clean+json': clean } };
    writeNotebook('clean.ipynb', [{ source: IMAGES }, { source: '%clean', outputs: [output] }]);
    await openLab(page, 'clean.ipynb');
    const tile = page.locator('.hs-doubt[data-path="warm/warm3.png"]');
    await tile.waitFor();
    await page.locator('.cm-content').first().click();
    await page.keyboard.press('Shift+Enter');
    await page.locator('.jp-OutputArea-output', { hasText: '20 images' }).first().waitFor();
    await tile.getByRole('button', { name: /^Do not use/ }).click();
    await tile.locator('.hs-message', { hasText: 'skipped' }).waitFor();
    await page.keyboard.press('Alt+Shift+D');
    await page.locator('.hs-data .hs-message', { hasText: '19 images, 1 edit' }).waitFor();
  });
});

describe('the status', () => {
  it('tells the device, and runs %doctor when it is clicked', options, async () => {
    const { page } = use;
    writeNotebook('status.ipynb', [{ source: IMAGES }, { source: SMALL_MODEL }]);
    await openLab(page, 'status.ipynb');
    await runAll(page);
    const item = page.locator('.hs-status-button', { hasText: '1 warm model' });
    await item.waitFor();
    await item.click();
    const cell = page.locator('.jp-CodeCell', { has: page.locator('.cm-content', { hasText: '%doctor' }) });
    await cell.locator('.jp-OutputArea-output').first().waitFor();
    assert.match(await cell.locator('.jp-OutputArea-output').first().textContent(), /kernel|Jupyter|Go/);
  });
});
