import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { address, options, readNotebook, screenshotThemes, useBrowser, waitForKernel } from './lab.mjs';

const use = useBrowser();

describe('the wizard', () => {
  it('finds the classes, writes the notebook and runs nothing', options, async () => {
    const { page } = use;
    await page.goto(address('lab?reset'));
    await page.locator('.jp-LauncherCard', { hasText: 'Transfer Learning' }).click();
    await page.locator('.hs-wizard input').first().fill('images');
    await page.locator('.hs-wizard', { hasText: '2 classes: cold, warm' }).waitFor();
    await screenshotThemes(page, 'wizard');
    await page.locator('.hs-wizard input[list]').fill('random');
    await page.locator('.jp-Dialog button', { hasText: 'Create' }).click();
    await page.locator('.cm-content', { hasText: '%dataset load images' }).waitFor();
    await waitForKernel(page);
    const written = readNotebook('transfer-learning.ipynb');
    assert.equal(written.metadata.kernelspec.name, 'headstart');
    assert.ok(written.cells.every(cell => !cell.outputs?.length && !cell.execution_count));
    assert.ok(written.cells.some(cell => [cell.source].flat().join('').includes('--weights random')));
  });
});
