import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';

import { address, complete, launch, openLab, openPage, PATIENCE_MS, readNotebook, runAll, screenshot, waitForKernel, writeNotebook } from './lab.mjs';

/** A model that is quick to compute, and a training that lasts until it is stopped. */
const SMALL_MODEL = '%model resnet50 --weights random --cut conv1 --head ""';
const PICTURES = '%dataset load pictures --size 64';
const LONG_TRAINING = '%train --epochs 5000 --batch 4 --augment flip --run long';

let browser;
let page;

before(async () => {
  browser = await launch();
});
after(() => browser?.close());
beforeEach(async () => {
  page = await openPage(browser);
});
afterEach(async context => {
  await screenshot(page, context.name.replaceAll(/\W+/g, '-'));
  await closePage(page);
});

/** Close a tab, which should have loaded nothing from elsewhere and had no errors. */
async function closePage(page) {
  await page.context().close();
  assert.deepEqual(page.faults, []);
}

const options = { timeout: 2 * PATIENCE_MS };

describe('cells', () => {
  it('tell magics, flags and shell lines apart, and complete a flag', options, async () => {
    writeNotebook('cells.ipynb', [{ source: '%runs --json\n!echo "hi"\nvar x = 1' }, { source: '%train --early' }]);
    await openLab(page, 'cells.ipynb');
    const text = kind => page.locator(`.hs-code-${kind}`).first().textContent();
    assert.equal(await text('magic'), '%runs');
    assert.equal(await text('flag'), '--json');
    assert.equal(await text('shell'), '!echo');

    await page.locator('.cm-content', { hasText: '%train' }).click();
    await page.keyboard.press('End');
    await complete(page, '--early-stop');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() =>
      [...document.querySelectorAll('.cm-content')].some(cell => cell.textContent.includes('--early-stop')));
  });

  it('indent with a tab, as gofmt does', options, async () => {
    writeNotebook('tabs.ipynb', [{ source: '%runs\n' }]);
    await openLab(page, 'tabs.ipynb');
    await page.locator('.cm-content').first().click();
    await page.keyboard.press('Control+End');
    await page.keyboard.type('if true {\nreturn');
    await page.keyboard.press('Control+s');
    await page.waitForFunction(() => !document.querySelector('.lm-TabBar-tab.jp-mod-current.jp-mod-dirty'));
    assert.match([readNotebook('tabs.ipynb').cells[0].source].flat().join(''), /\{\n\treturn/);
  });
});

describe('a training', () => {
  it('outlives its tab, is found again in another, and is stopped there', options, async () => {
    writeNotebook('train.ipynb', [{ source: PICTURES }, { source: SMALL_MODEL }, { source: LONG_TRAINING }]);
    await openLab(page, 'train.ipynb');
    await runAll(page);
    await page.waitForSelector('.hs-card .hs-state-running');
    const epoch = target => target.locator('.hs-progress').first().getAttribute('value').then(Number);
    const seen = await epoch(page);
    await page.waitForFunction(before => Number(document.querySelector('.hs-card .hs-progress')?.value) > before, seen);
    assert.ok((await page.locator('.hs-card polyline').count()) >= 4, 'four curves are drawn');
    await screenshot(page, 'training');
    const left = await epoch(page);
    await closePage(page);

    page = await openPage(browser);
    await openLab(page, 'train.ipynb');
    await page.keyboard.press('Alt+Shift+R');
    const row = page.locator('.hs-run[data-run="long"]');
    await row.locator('.hs-state-running').waitFor();
    assert.ok((await epoch(row)) > left, 'it went on without a tab');
    await screenshot(page, 'training-found-again');
    await row.getByRole('button', { name: /^Stop long/ }).click();
    await row.locator('.hs-state-stopped').waitFor();
    await page.waitForFunction(() => document.querySelector('.jp-Notebook-ExecutionIndicator')?.dataset.status === 'idle');

    await page.locator('.cm-content').first().click();
    await row.getByRole('button', { name: /^Show long live/ }).click();
    await page.locator('.cm-content', { hasText: '%attach long' }).waitFor();
    await screenshot(page, 'training-stopped');
  });
});

describe('the runs panel', () => {
  it('compares two runs in one chart, and knows them after a reload', options, async () => {
    const training = name => ({ source: `%train --epochs 3 --batch 8 --run ${name}` });
    writeNotebook('compare.ipynb', [{ source: PICTURES }, { source: SMALL_MODEL }, training('first'), training('second')]);
    await openLab(page, 'compare.ipynb');
    await runAll(page);
    await page.waitForSelector('.hs-card');
    await page.keyboard.press('Alt+Shift+R');
    await page.locator('.hs-run[data-run="second"] .hs-state-done').waitFor();
    await page.reload();
    await waitForKernel(page);
    for (const name of ['first', 'second']) {
      await page.getByLabel(`Compare ${name}`).check();
    }
    const compared = page.locator('.hs-runs .hs-chart', { hasText: 'validation accuracy' });
    await compared.waitFor();
    assert.match(await compared.getAttribute('aria-label'), /first: .*; second: /);
    await screenshot(page, 'compared');
  });
});

describe('the data panel', () => {
  it('relabels a picture by keyboard, and takes it back', options, async () => {
    writeNotebook('data.ipynb', [{ source: PICTURES }]);
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
    await screenshot(page, 'relabelled');
    await page.getByRole('button', { name: /^Take back/ }).click();
    await page.waitForFunction(() =>
      document.querySelector('.hs-tile[data-path="cold/cold0.png"] .hs-tile-label')?.textContent === 'cold');
  });
});

describe('the wizard', () => {
  it('finds the classes, writes the notebook and runs nothing', options, async () => {
    await page.goto(address('lab?reset'));
    await page.locator('.jp-LauncherCard', { hasText: 'Transfer Learning' }).click();
    await page.locator('.hs-wizard input').first().fill('pictures');
    await page.locator('.hs-wizard', { hasText: '2 classes: cold, warm' }).waitFor();
    await screenshot(page, 'wizard');
    await page.locator('.hs-wizard input[list]').fill('random');
    await page.locator('.jp-Dialog button', { hasText: 'Create' }).click();
    await page.locator('.cm-content', { hasText: '%dataset load pictures' }).waitFor();
    await waitForKernel(page);
    const written = readNotebook('transfer-learning.ipynb');
    assert.equal(written.metadata.kernelspec.name, 'headstart');
    assert.ok(written.cells.every(cell => !cell.outputs?.length && !cell.execution_count));
    assert.ok(written.cells.some(cell => [cell.source].flat().join('').includes('--weights random')));
  });
});

describe('doubtful pictures', () => {
  it('are decided by buttons below their pictures', options, async () => {
    const doubt = { path: 'warm/warm3.png', label: 'warm', reason: 'a copy', propose: 'delete', thumb: '' };
    const clean = { dataset: 'pictures', classes: ['cold', 'warm'], doubts: [doubt], note: 'One copy.' };
    const output = { output_type: 'display_data', metadata: {}, data: { 'application/vnd.headstart.clean+json': clean } };
    writeNotebook('clean.ipynb', [{ source: PICTURES }, { source: '%clean', outputs: [output] }]);
    await openLab(page, 'clean.ipynb');
    const tile = page.locator('.hs-doubt[data-path="warm/warm3.png"]');
    await tile.waitFor();
    await page.locator('.cm-content').first().click();
    await page.keyboard.press('Shift+Enter');
    await page.locator('.jp-OutputArea-output', { hasText: '20 pictures' }).first().waitFor();
    await tile.getByRole('button', { name: /^Do not use/ }).click();
    await tile.locator('.hs-message', { hasText: 'set aside' }).waitFor();
    await page.keyboard.press('Alt+Shift+D');
    await page.locator('.hs-data .hs-message', { hasText: '19 pictures, 1 edits' }).waitFor();
  });
});

describe('a saved run', () => {
  const hostile = '<img src=x onerror=alert(1)>';
  const run = {
    id: 'saved', title: hostile, state: 'done', epoch: 2, epochs: 2, best: 2, val_accuracy: 0.75, dataset: hostile,
    series: [{ panel: 'loss', name: 'train', values: [1, 0.5] }], notes: [hostile]
  };
  const output = {
    output_type: 'display_data', metadata: {},
    data: { 'text/plain': 'a run', 'application/vnd.headstart.run+json': run }
  };

  it('is shown in Notebook 7 without trust, and its names are no markup', options, async () => {
    writeNotebook('saved.ipynb', [{ source: '%train', outputs: [output] }]);
    await page.goto(address('notebooks/saved.ipynb'));
    await page.waitForSelector('.hs-code-magic');
    const card = page.locator('.hs-card');
    await card.waitFor();
    assert.equal(await card.locator('.hs-card-title').textContent(), hostile);
    assert.equal(await card.locator('img').count(), 0);
    await waitForKernel(page);
    await card.locator('summary', { hasText: 'Epochs' }).click();
    assert.equal(await card.locator('tbody tr').count(), 2);
    await card.getByRole('button', { name: /^Insert %verify/ }).click();
    await page.locator('.cm-content', { hasText: '%verify' }).waitFor();
  });
});
