import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';

import {
  closePage, command, openLab, openPage, options, PATIENCE_MS, IMAGES, runAll, saveNotebook, screenshot, screenshotThemes, scrollTo, SMALL_MODEL, useBrowser,
  waitForKernel, writeNotebook
} from './lab.mjs';

const use = useBrowser({ samePage: true });

/** A training that lasts until it is stopped. */
const LONG_TRAINING = '%train --epochs 5000 --batch 4 --augment flip --run long';

const RUN_MIME = 'application/vnd.headstart.run+json';

/** Wait until the run that is shown there is further than it was; returns how far it was. */
async function advances(shown) {
  const bar = shown.locator('.hs-progress').first();
  await bar.waitFor();
  const epoch = async () => Number(await bar.getAttribute('value'));
  const before = await epoch();
  const deadline = Date.now() + PATIENCE_MS;
  while ((await epoch()) <= before) {
    assert.ok(Date.now() < deadline, `the run stays at epoch ${before}`);
    await new Promise(resolve => setTimeout(resolve, 100));
  }
  return before;
}

describe('a training', () => {
  it('outlives its tab, is found again in two others, and is stopped in one', options, async () => {
    writeNotebook('train.ipynb', [{ source: IMAGES }, { source: SMALL_MODEL }, { source: LONG_TRAINING }]);
    await openLab(use.page, 'train.ipynb');
    await runAll(use.page);
    await use.page.waitForSelector('.hs-card .hs-state-running');
    const left = await advances(use.page.locator('.hs-card'));
    assert.ok((await use.page.locator('.hs-card polyline').count()) >= 4, 'four curves are drawn');
    const points = () => use.page.locator('.hs-card polyline').first().getAttribute('points');
    const drawn = await points();
    await advances(use.page.locator('.hs-card'));
    assert.notEqual(await points(), drawn, 'the curves move');
    await screenshot(use.page, 'training');
    await closePage(use.page);

    // The notebook was not saved: its cell is empty in the file, and shows the run all the same.
    use.page = await openPage(use.browser);
    await openLab(use.page, 'train.ipynb');
    const card = use.page.locator('.jp-CodeCell').nth(2).locator('.hs-card');
    await card.waitFor();
    assert.ok((await advances(card)) >= left, 'it went on without a tab');
    await screenshot(use.page, 'training-found-again');

    const other = await openPage(use.browser);
    await openLab(other, 'train.ipynb');
    await other.keyboard.press('Alt+Shift+R');
    const row = other.locator('.hs-run[data-run="long"]');
    await advances(row);
    await row.getByRole('button', { name: /^Stop long/ }).click();
    await row.locator('.hs-state-stopped').waitFor();
    await other.locator('.cm-content').first().click();
    await row.getByRole('button', { name: /^Show long live/ }).click();
    await other.locator('.cm-content', { hasText: '%attach long' }).waitFor();
    await screenshot(other, 'training-stopped');
    await closePage(other);

    await card.locator('.hs-state-stopped').waitFor();
    await card.getByRole('button', { name: /^Insert %verify/ }).waitFor();
    const [output] = (await saveNotebook(use.page, 'train.ipynb')).cells[2].outputs;
    assert.equal(output.data[RUN_MIME].state, 'stopped');
    assert.ok(output.data['image/png'], 'the image for those without the extension is there');
  });

  it('is told to the panels, which ask nothing while it goes on', options, async () => {
    const { page } = use;
    writeNotebook('told.ipynb', [{ source: IMAGES }, { source: SMALL_MODEL }, { source: LONG_TRAINING.replace('long', 'told') }]);
    await openLab(page, 'told.ipynb');
    await page.keyboard.press('Alt+Shift+R');
    await runAll(page);
    const row = page.locator('.hs-run[data-run="told"]');
    await advances(row);
    await advances(page.locator('.jp-CodeCell').nth(2).locator('.hs-card'));
    await page.locator('.hs-status-button', { hasText: '1 run' }).waitFor();
    await page.evaluate(() => {
      const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
      window.heard = { sent: [], news: 0, states: [] };
      kernel.anyMessage.connect((_, { direction, msg }) => {
        if (direction === 'send') {
          window.heard.sent.push(`${msg.header.msg_type} ${JSON.stringify(msg.content)}`);
        } else if (msg.header.msg_type === 'comm_msg') {
          window.heard.news++;
        }
      });
      kernel.statusChanged.connect((_, state) => window.heard.states.push(state));
    });
    await advances(row);
    await new Promise(resolve => setTimeout(resolve, 7000)); // some intervals of every poll that there was
    await advances(row);
    const heard = await page.evaluate(() => window.heard);
    assert.deepEqual(heard.sent, [], 'nothing is asked');
    assert.deepEqual(heard.states, [], 'the kernel stays busy with its cell');
    assert.ok(heard.news >= 5, `${heard.news} news in seven seconds`);
    await page.evaluate(() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.interrupt());
    await row.locator('.hs-state-stopped').waitFor();
    await command(page, 'application:toggle-right-area'); // hides the panel again for what follows
  });

  it('of the quickstart ends with its curves', { timeout: 6 * PATIENCE_MS }, async () => {
    const { page } = use;
    const name = 'quickstart.ipynb';
    fs.copyFileSync(path.join('..', '..', 'notebooks', '01_quickstart.ipynb'), path.join(process.env.HEADSTART_NOTEBOOKS, name));
    await openLab(page, name);
    await runAll(page);
    const card = page.locator('.hs-card').first(); // of the untrained backbone
    const pretrained = page.locator('.hs-card').nth(1);
    await card.locator('.hs-state-done').waitFor({ timeout: 2 * PATIENCE_MS }); // it may train for less time than a card is drawn in
    await card.locator('summary', { hasText: 'Provenance' }).click();
    for (const fact of ['weights sha256', 'dataset sha256', 'seed', 'flags', 'gomlx']) {
      await card.locator('.hs-facts', { hasText: fact }).waitFor({ state: 'attached' });
    }
    await card.locator('.hs-notes li', { hasText: 'random' }).waitFor(); // strict: an untrained backbone is said once
    await pretrained.locator('.hs-state-done').waitFor({ timeout: 2 * PATIENCE_MS });
    await pretrained.locator('.hs-notes li', { hasText: 'generated shapes' }).waitFor();
    await scrollTo(pretrained);
    await screenshotThemes(page, 'quickstart');

    const chosen = page.locator('.hs-card').nth(2); // without flags: cross-validation chooses
    await chosen.locator('.hs-state-done').waitFor({ timeout: 2 * PATIENCE_MS });
    await chosen.locator('.hs-card-summary', { hasText: /val accuracy 9\d\.\d % \(\d+ to \d+\), measured once/ }).waitFor();
    await chosen.locator('.hs-chart text', { hasText: 'C (log scale)' }).waitFor();
    const ticks = (await chosen.locator('.hs-chart text[text-anchor="middle"]').allTextContents()).map(Number).filter(tick => tick > 0);
    assert.ok(ticks.length > 1 && ticks.every(tick => Number.isInteger(Math.round(1e9 * Math.log10(tick)) / 1e9)), `the axis has powers of ten: ${ticks}`);
    assert.equal(await chosen.locator('summary', { hasText: 'Epochs' }).count(), 0, 'it has no epochs');
    assert.equal(await page.locator('.jp-OutputArea-output table th', { hasText: 'val loss' }).locator('visible=true').count(), 0,
      'the epochs are in the cards alone');
    await scrollTo(chosen);
    await screenshotThemes(page, 'chosen');
  });
});

describe('a cell', () => {
  it('stays empty when its output was cleared after the run had ended', options, async () => {
    const { page } = use;
    writeNotebook('cleared.ipynb', [{ source: IMAGES }, { source: SMALL_MODEL }, { source: '%train --epochs 1 --run cleared' }]);
    await openLab(page, 'cleared.ipynb');
    await runAll(page);
    await page.locator('.hs-card .hs-state-done').waitFor();
    await page.evaluate(() => window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs'));
    await saveNotebook(page, 'cleared.ipynb');
    await page.reload();
    await waitForKernel(page);
    await page.keyboard.press('Alt+Shift+R');
    await page.locator('.hs-run[data-run="cleared"]').waitFor();
    assert.equal(await page.locator('.hs-card').count(), 0);
  });
});
