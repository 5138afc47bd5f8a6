import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { openLab, options, IMAGES, readImage, runAll, screenshotThemes, scrollTo, SMALL_MODEL, useBrowser, waitForKernel, writeNotebook } from './lab.mjs';

const use = useBrowser({ samePage: true });

describe('the runs panel', () => {
  it('compares, filters, renames and deletes runs, and knows them after a reload', options, async () => {
    const { page } = use;
    const training = (name, more) => ({ source: `%train --epochs 3 --batch 8 --run ${name} ${more}` });
    writeNotebook('compare.ipynb', [{ source: IMAGES }, { source: SMALL_MODEL }, training('first', ''), training('second', '--seed 7')]);
    await openLab(page, 'compare.ipynb');
    await runAll(page);
    await page.keyboard.press('Alt+Shift+R'); // asks the kernel while it starts the plugin for the first cell
    await page.locator('.hs-run[data-run="second"] .hs-state-done').waitFor();
    await page.reload();
    await waitForKernel(page);
    const row = name => page.locator(`.hs-run[data-run="${name}"]`);
    assert.match(await row('first').locator('.hs-run-columns').textContent(), /^images\d{4}-\d\d-\d\d \d\d:\d\d$/);
    for (const name of ['first', 'second']) {
      await page.getByLabel(`Compare ${name}`).check();
    }
    const compared = page.locator('.hs-runs .hs-chart', { hasText: 'validation accuracy' });
    await compared.waitFor();
    assert.match(await compared.getAttribute('aria-label'), /first: .*; second: /);
    const setting = name => page.locator('.hs-settings-table tr', { has: page.getByRole('rowheader', { name: new RegExp(`^${name}`) }) });
    await setting('seed').waitFor(); // the kernel is asked for the table
    assert.deepEqual(await setting('seed').locator('td').allTextContents(), ['42', '7']);
    assert.equal(await setting('seed').getAttribute('class'), 'hs-differs');
    assert.equal(await setting('batch size').getAttribute('class'), null);
    await screenshotThemes(page, 'compared');
    await page.getByLabel('Only what differs').check();
    assert.equal(await setting('batch size').count(), 0);
    assert.equal(await setting('seed').count(), 1);

    const shown = () => page.locator('.hs-run').evaluateAll(rows => rows.map(row => row.dataset.run).filter(name => /first|second|baseline/.test(name)));
    await page.getByLabel('Order').selectOption('name');
    assert.deepEqual(await shown(), ['first', 'second']);
    await page.getByLabel(/^Search runs/).fill('SEC images');
    assert.deepEqual(await shown(), ['second']);
    await page.getByLabel(/^Search runs/).fill('');
    assert.deepEqual(await shown(), ['first', 'second']);

    await row('first').getByRole('button', { name: /^Give first another name/ }).click();
    await page.locator('.jp-Dialog input').fill('baseline');
    await page.locator('.jp-Dialog button', { hasText: 'Rename' }).click();
    await row('baseline').waitFor();
    assert.deepEqual(await shown(), ['baseline', 'second']);
    assert.ok(await page.getByLabel('Compare baseline').isChecked(), 'a run stays chosen under its new name');
    const remove = () => row('second').getByRole('button', { name: /^Delete second/ }).click();
    await remove();
    await page.keyboard.press('Enter'); // cancels: what deletes is not what is chosen first
    await page.locator('.jp-Dialog').waitFor({ state: 'detached' });
    await remove();
    await page.locator('.jp-Dialog button', { hasText: 'Delete' }).click();
    await row('second').waitFor({ state: 'detached' });
    assert.deepEqual(await shown(), ['baseline']);

    // What a finished card offers uses that run's model.
    const card = page.locator('.jp-CodeCell').nth(2).locator('.hs-card');
    await scrollTo(card);
    assert.deepEqual(await card.locator('.hs-buttons .hs-button').allTextContents(), ['Evaluate', 'Predict', 'Save', 'Export', 'Verify']);
    await card.getByRole('button', { name: /^Insert %export/ }).click();
    await page.locator('.cm-content', { hasText: '%export onnx --out first.onnx --run first' }).waitFor();
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

    // Arrow keys choose what they pass, which is no edit yet: Enter takes it.
    await tile.click();
    await page.getByLabel('Relabel as').focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    assert.equal(await page.getByLabel('Relabel as').inputValue(), 'warm');
    assert.equal(await tile.getAttribute('aria-selected'), 'true');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() =>
      document.querySelector('.hs-tile[data-path="cold/cold0.png"] .hs-tile-label')?.textContent === 'warm');
    await page.locator('.hs-data .hs-message', { hasText: '1 edit' }).waitFor();
    await page.getByRole('button', { name: /^Undo/ }).click();
    await page.locator('.hs-data .hs-message', { hasText: '0 edits' }).waitFor();

    // What has the focus keeps it when all is drawn again.
    await page.getByLabel('Split').focus();
    await page.getByLabel('Split').selectOption('val');
    await page.locator('.hs-data .hs-message', { hasText: ' 4 images' }).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'Split');
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
    // Arrow keys choose what they pass: that is no decision yet, and leaving the list discards it.
    await tile.getByLabel('Relabel warm/warm3.png').focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Shift+Tab');
    await tile.getByRole('button', { name: /^Do not use/ }).click();
    await tile.locator('.hs-message', { hasText: 'skipped' }).waitFor();
    await page.keyboard.press('Alt+Shift+D');
    await page.locator('.hs-data .hs-message', { hasText: '19 images, 1 edit' }).waitFor();
  });
});

describe('a confusion matrix', () => {
  it('shows the images behind a cell, by pointer and by keyboard', options, async () => {
    const { page } = use;
    const images = [
      { actual: 'cold', predicted: 'warm', path: 'cold/cold2.png', probability: 0.9 },
      { actual: 'cold', predicted: 'warm', path: 'cold/cold1.png', probability: 0.6 },
      { actual: 'warm', predicted: 'warm', path: 'warm/warm1.png', probability: 0.99 }
    ];
    const confusion = { classes: ['cold', 'warm'], counts: [[7, 3], [0, 10]], images, left_out: 17 };
    const output = { output_type: 'display_data', metadata: {}, data: { 'application/vnd.headstart.confusion+json': confusion } };
    writeNotebook('confusion.ipynb', [{ source: IMAGES }, { source: '%evaluate', outputs: [output] }]);
    await openLab(page, 'confusion.ipynb');
    const cell = place => page.locator(`.hs-cell[data-cell="${place}"]`);
    const message = text => page.locator('.jp-OutputArea-output .hs-message', { hasText: text }).waitFor();
    await cell('0,1').click();
    await message('cold predicted as warm: 3 images. This output names 2 of them.');
    await page.locator('.cm-content').first().click();
    await page.keyboard.press('Shift+Enter');
    await page.locator('.jp-OutputArea-output', { hasText: 'in 2 classes' }).first().waitFor();
    await cell('0,1').click();
    await page.locator('.hs-judged img').nth(1).waitFor();
    assert.deepEqual(await page.locator('.hs-judged').evaluateAll(tiles => tiles.map(tile => tile.dataset.path)), ['cold/cold2.png', 'cold/cold1.png']);
    await screenshotThemes(page, 'confusion', () => scrollTo(page.locator('.hs-judged').last()));
    await cell('0,1').focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await message('warm predicted as warm: 10 images');
    await page.locator('.hs-judged[data-path="warm/warm1.png"] img').waitFor();
    await page.getByLabel('Normalize by true class').check();
    assert.equal(await cell('0,1').textContent(), '30.0 %');
  });
});

describe('the status', () => {
  it('tells the device and the memory, and runs %doctor when it is clicked', options, async () => {
    const { page } = use;
    writeNotebook('status.ipynb', [{ source: IMAGES }, { source: SMALL_MODEL }]);
    await openLab(page, 'status.ipynb');
    await runAll(page);
    const item = page.locator('.hs-status-button', { hasText: '1 warm model' });
    await item.waitFor();
    assert.match(await item.textContent(), /^(\S+|no device open) · \d[\d.]* (MB|GB) · 1 warm model$/);
    const title = await item.getAttribute('title');
    assert.match(title, /Memory \d[\d.]* (MB|GB): .*headstart-transfer \d.*\bheadstart \d/, 'the memory of each program is told');
    await item.click();
    const cell = page.locator('.jp-CodeCell', { has: page.locator('.cm-content', { hasText: '%doctor' }) });
    await cell.locator('.jp-OutputArea-output').first().waitFor();
    assert.match(await cell.locator('.jp-OutputArea-output').first().textContent(), /kernel|Jupyter|Go/);
  });
});
