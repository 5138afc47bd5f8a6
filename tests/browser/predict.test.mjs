import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { give, IMAGES, openLab, options, readImage, runAll, screenshotThemes, SMALL_MODEL, useBrowser, writeNotebook } from './lab.mjs';

const use = useBrowser({ samePage: true });

describe('the predict panel', () => {
  it('predicts what is dropped, pasted or chosen, and says what it cannot do', options, async () => {
    const { page } = use;
    writeNotebook('predict.ipynb', [{ source: IMAGES }, { source: SMALL_MODEL }, { source: '%train --epochs 20 --batch 4 --run seen' }]);
    await openLab(page, 'predict.ipynb');
    await page.keyboard.press('Alt+Shift+P');
    const message = page.locator('.hs-predict .hs-message');
    const says = text => page.locator('.hs-predict .hs-message', { hasText: text }).waitFor();
    const warm = readImage('images/warm/warm3.png');
    await says('there is no model yet');
    await give(page, '.hs-predict', 'drop', warm, 'warm3.png', 'image/png');
    await says('there is no model yet');
    await runAll(page);
    await page.locator('.hs-card .hs-state-done').waitFor();

    await give(page, '.hs-predict', 'drop', warm, 'warm3.png', 'image/png');
    await says(/^warm \(\d+\.\d %\), says resnet50$/);
    assert.equal(await page.locator('.hs-predict .hs-bar').count(), 2);
    assert.equal(await page.locator('.hs-predict .hs-bar').first().locator('.hs-bar-class').textContent(), 'warm');
    await screenshotThemes(page, 'predict');
    await give(page, '.hs-predict', 'paste', readImage('images/cold/cold3.png'), 'image.png', 'image/png');
    await says(/^cold /);
    await page.locator('.hs-predict input[type=file]').setInputFiles({ name: 'x.png', mimeType: 'image/png', buffer: warm });
    await says(/^warm /);

    // A file of the server, dragged out of JupyterLab's file browser.
    await page.locator('.jp-DirListing-item', { hasText: 'images' }).dblclick();
    await page.locator('.jp-DirListing-item', { hasText: 'cold' }).dblclick();
    await page.locator('.jp-DirListing-item', { hasText: 'cold5.png' }).hover();
    await page.mouse.down();
    const { x, y } = await page.locator('.hs-predict .hs-drop').boundingBox();
    await page.mouse.move(x + 30, y + 10, { steps: 5 });
    await page.locator('.hs-predict .hs-drop-over').waitFor();
    await page.mouse.up();
    await says(/^cold /);

    await give(page, '.hs-predict', 'drop', Buffer.from('hello'), 'notes.txt', 'text/plain');
    await says('not an image: JPEG, PNG');
    assert.equal(await page.locator('.hs-predict .hs-bar').count(), 0, 'no probabilities of another image stay');
    await give(page, '.hs-predict', 'drop', Buffer.alloc(8 << 20), 'large.png', 'image/png');
    await says('The image has 8.0 MiB, and the limit is 7.0 MiB');
    await page.getByRole('button', { name: /^Turn the camera on/ }).click();
    await says('No camera was found');
    assert.ok(await message.evaluate(node => node.classList.contains('hs-error')));
  });

});

/** Opens the data panel beside a new notebook that has loaded the images. The result waits for a message of the panel. */
async function openData(page, notebook) {
  writeNotebook(notebook, [{ source: IMAGES }]);
  await openLab(page, notebook);
  await runAll(page);
  await page.locator('.jp-OutputArea-output', { hasText: 'in 2 classes' }).first().waitFor();
  await page.keyboard.press('Alt+Shift+D');
  return text => page.locator('.hs-data .hs-message', { hasText: text }).waitFor();
}

describe('the data panel', () => {
  it('asks again when the kernel was restarted', options, async () => {
    const { page } = use;
    const message = await openData(page, 'restart.ipynb');
    await page.locator('.hs-data').getByLabel('Class').selectOption('warm');
    await message(/: (9|10) images/); // another test may have skipped one
    await page.evaluate(() => window.jupyterapp.shell.currentWidget.sessionContext.restartKernel());
    await message(/: (19|20) images/); // the plugin has kept the images for the kernel, and the panel begins anew
  });

  it('asks again what a lost connection took with it', options, async () => {
    const { page } = use;
    const message = await openData(page, 'lost.ipynb');
    await message(/: (19|20) images/);
    for (const [lost, className, images] of [['request', 'warm', /: (9|10) images/], ['answer', '', /: (19|20) images/]]) {
      await page.evaluate(what => {
        const socket = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel._ws;
        socket[what === 'request' ? 'send' : 'onmessage'] = () => {};
      }, lost);
      await page.locator('.hs-data').getByLabel('Class').selectOption(className);
      await page.waitForTimeout(500); // the answer comes to the socket that is deaf
      await page.evaluate(() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.reconnect());
      await message(images);
    }
  });
});
