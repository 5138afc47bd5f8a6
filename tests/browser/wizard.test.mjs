import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { address, options, readNotebook, screenshotThemes, useBrowser, waitForKernel } from './lab.mjs';

const use = useBrowser();

describe('the wizard', () => {
  it('finds the classes, writes the notebook and runs nothing', options, async () => {
    const { page } = use;
    await page.goto(address('lab?reset'));
    await page.locator('.jp-LauncherCard', { hasText: 'Transfer Learning' }).click();
    await page.locator('.hs-wizard').getByRole('button', { name: /^Choose a folder from/ }).click();
    await page.locator('.hs-wizard').getByRole('button', { name: 'Choose the folder images' }).click();
    await page.locator('.hs-wizard', { hasText: '2 classes: cold, warm' }).waitFor();
    // The server of the tests has neither the file in its cache nor a network: the kernel says so, and what can be had is proposed.
    await page.locator('.hs-wizard-hints', { hasText: 'neither on this machine nor can the hub be reached' }).waitFor();
    assert.equal(await page.locator('.hs-wizard input[list]').inputValue(), 'sample');
    await page.locator('.hs-wizard select').selectOption('classic');
    await screenshotThemes(page, 'wizard');
    await page.locator('.hs-wizard input[list]').fill('random');
    await page.locator('.jp-Dialog button', { hasText: 'Create' }).click();
    await page.locator('.cm-content', { hasText: '%dataset load images' }).waitFor();
    await waitForKernel(page);
    const written = readNotebook('transfer-learning.ipynb');
    assert.equal(written.metadata.kernelspec.name, 'headstart');
    assert.ok(written.cells.every(cell => !cell.outputs?.length && !cell.execution_count));
    assert.ok(written.cells.some(cell => [cell.source].flat().join('').includes('--weights random --head "dense:256:relu,dropout:0.2"')));
  });
});
