import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { openLab, options, runAll, screenshotThemes, useBrowser, writeNotebook } from './lab.mjs';

const use = useBrowser();

describe('the variables panel', () => {
  it('shows types and values after each cell, drops one, and inserts a cell that shows one', options, async () => {
    const { page } = use;
    writeNotebook('variables.ipynb', [
      { source: 'counts := map[string]int{"cats": 3, "dogs": 4}\nhtml := "<b>no markup</b>"\nbig := make([]float64, 1_000_000)' },
      { source: '%vars' }
    ]);
    await openLab(page, 'variables.ipynb');
    await page.keyboard.press('Alt+Shift+V');
    await page.locator('.hs-variables .hs-message', { hasText: 'No variable has a value yet' }).waitFor();
    await runAll(page);
    const row = name => page.locator('.hs-variable', { has: page.getByRole('button', { name: `Drop the value of ${name}` }) });
    await row('counts').waitFor();
    assert.match(await row('counts').textContent(), /map\[string\]int.*map\["cats":3 "dogs":4\]/);
    assert.match(await row('big').textContent(), /\[\]float64.*8\.\d MB/);
    assert.match(await row('html').textContent(), /<b>no markup<\/b>/);
    await screenshotThemes(page, 'variables');
    await page.getByLabel('Filter by name or type').fill('float');
    await row('counts').waitFor({ state: 'detached' });
    await page.getByLabel('Filter by name or type').fill('');
    await page.getByRole('button', { name: 'Drop the value of big' }).click();
    await row('big').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Insert a cell that shows counts' }).click();
    await page.locator('.jp-CodeCell .cm-content', { hasText: /^counts$/ }).waitFor();
  });
});
