import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';

import { give, IMAGES, options, openLab, PATIENCE_MS, readImage, runAll, saveNotebook, screenshotThemes, SMALL_MODEL, useBrowser, writeNotebook } from './lab.mjs';
import { PARTS, writeVideo } from './video.mjs';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'headstart-video-'));
const video = path.join(folder, 'camera.y4m');
writeVideo(video);
after(() => fs.rmSync(folder, { recursive: true }));

const use = useBrowser({ video });

/** Wait until the camera shows a color that it did not show before. */
async function begins(page, color) {
  const shows = wanted => page.waitForFunction(([wanted, parts]) => {
    const video = document.querySelector('.hs-capture video');
    const canvas = Object.assign(document.createElement('canvas'), { width: 1, height: 1 });
    const context = canvas.getContext('2d');
    context.drawImage(video, 0, 0, 1, 1);
    const [red, , blue] = context.getImageData(0, 0, 1, 1).data;
    return video.videoWidth > 0 && parts[red > blue ? 0 : 1] === wanted;
  }, [wanted, Object.keys(PARTS)], { polling: 50 });
  await shows(Object.keys(PARTS).find(other => other !== color));
  await shows(color);
}

/** How many images a class has. */
async function count(page, name) {
  return parseInt(await page.locator(`.hs-class[data-class="${name}"] .hs-class-count`).textContent(), 10);
}

/** The color that the camera shows and how long it has shown it, in milliseconds, and the class that the panel predicts. */
function seen(page) {
  return page.evaluate(parts => {
    const video = document.querySelector('.hs-capture video');
    const context = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d');
    context.drawImage(video, 0, 0, 1, 1);
    const [red, , blue] = context.getImageData(0, 0, 1, 1).data;
    const color = parts[red > blue ? 0 : 1];
    const before = window.hsSeen;
    window.hsSeen = before?.color === color ? before : { color, since: performance.now() };
    return { color, shown: performance.now() - window.hsSeen.since, best: document.querySelector('.hs-capture .hs-bar-best .hs-bar-class')?.textContent };
  }, Object.keys(PARTS));
}

/** Wait until the live prediction was right about both colors. */
async function predictsBoth(page) {
  const right = new Set();
  await page.evaluate(() => delete window.hsSeen);
  for (const deadline = Date.now() + PATIENCE_MS; right.size < 2; await page.waitForTimeout(50)) {
    assert.ok(Date.now() < deadline, `the live prediction was right about ${[...right]} only`);
    const { color, shown, best } = await seen(page);
    if (shown > 800 && best === color) { // after several answers, so that none of them is about the color before
      right.add(color);
    }
  }
}

describe('the capture panel', () => {
  it('captures two classes from a camera, trains on them, and predicts live', { timeout: 2 * options.timeout }, async () => {
    const { page } = use;
    writeNotebook('capture.ipynb', [{ source: IMAGES }, { source: SMALL_MODEL }]);
    await openLab(page, 'capture.ipynb');
    await runAll(page);
    await page.locator('.jp-OutputArea-output', { hasText: 'conv1' }).first().waitFor();
    await page.keyboard.press('Alt+Shift+C');
    const panel = page.locator('.hs-capture');
    await panel.getByLabel(/^Folder of the dataset/).fill('mine');
    await panel.getByRole('button', { name: 'Create the folder of a new dataset' }).click();
    for (const color of Object.keys(PARTS)) {
      await panel.getByLabel('Name of a new class').fill(color);
      await page.keyboard.press('Enter');
      await panel.locator(`.hs-class[data-class="${color}"]`).waitFor();
    }
    const cameraOn = () => panel.getByRole('button', { name: /^Turn the camera on/ }).click();
    await cameraOn();
    await panel.getByLabel('Learn while images are added').check();
    for (const color of Object.keys(PARTS)) {
      await panel.locator(`.hs-class[data-class="${color}"] input`).check();
      await panel.locator('.hs-hold').hover();
      // A kernel that is busy adds few of them while the camera shows this color, and the last one later.
      for (const deadline = Date.now() + PATIENCE_MS; (await count(page, color)) < 5; ) {
        assert.ok(Date.now() < deadline, `${await count(page, color)} images of ${color}`);
        await begins(page, color);
        await page.mouse.down();
        await page.waitForTimeout(1500);
        await page.mouse.up();
        await panel.getByRole('button', { name: 'Hold to record' }).waitFor();
        await page.waitForTimeout(500);
      }
    }
    const files = fs.readdirSync(path.join(process.env.HEADSTART_NOTEBOOKS, 'mine', 'blue'));
    assert.ok(files.every(name => /^frame\d+_\d{4}\.jpeg$/.test(name)), files.join());

    // Two classes have images: they predict, and nothing was trained.
    await predictsBoth(page);
    assert.equal((await saveNotebook(page, 'capture.ipynb')).cells.filter(cell => [cell.source].flat().join('').includes('%train')).length, 0);
    await screenshotThemes(page, 'capture-learn', async () => {
      await cameraOn();
      await panel.getByLabel('Learn while images are added').check();
      await panel.locator('.hs-bar-best').waitFor();
    });

    // Images without a camera: dropped, pasted, chosen.
    await panel.locator('.hs-class[data-class="blue"] input').check();
    let images = await count(page, 'blue');
    const added = () => panel.locator('.hs-class[data-class="blue"]', { hasText: `${++images} images` }).waitFor();
    await give(page, '.hs-capture', 'drop', readImage('images/cold/cold1.png'), 'cold1.png', 'image/png');
    await added();
    await give(page, '.hs-capture', 'paste', readImage('images/cold/cold2.png'), 'image.png', 'image/png');
    await added();
    await panel.locator('input[type=file]').setInputFiles({ name: 'cold3.png', mimeType: 'image/png', buffer: readImage('images/cold/cold3.png') });
    await added();

    // Deleting is an edit of the log: the file stays, and the deletion can be taken back.
    const before = await count(page, 'blue');
    await panel.getByRole('button', { name: /^Delete blue/ }).first().click();
    await panel.locator('.hs-class[data-class="blue"]', { hasText: `${before - 1} image` }).waitFor();
    await panel.getByRole('button', { name: /^Use the image again/ }).click();
    await panel.locator('.hs-class[data-class="blue"]', { hasText: `${before} image` }).waitFor();
    assert.equal(fs.readdirSync(path.join(process.env.HEADSTART_NOTEBOOKS, 'mine', 'blue')).length, before);

    assert.equal(await panel.locator('.hs-error').count(), 0);
    await panel.getByRole('button', { name: /^Insert and run the cells/ }).click();
    await page.locator('.hs-card .hs-state-done').waitFor();
    assert.equal(await panel.getByLabel('Learn while images are added').isChecked(), false);
    const { cells } = await saveNotebook(page, 'capture.ipynb');
    const sources = cells.map(cell => [cell.source].flat().join(''));
    assert.match(sources[2], /^%dataset load \S*\/mine --size 64$/);
    assert.equal(sources[3], '%train');

    await predictsBoth(page);
    assert.equal(await panel.locator('.hs-bar').count(), 2);
    await screenshotThemes(page, 'capture', async () => {
      await cameraOn();
      await panel.locator('.hs-bar-best').waitFor();
    });
    await panel.getByRole('button', { name: 'Turn the camera off' }).click();
    assert.equal(await page.evaluate(() => document.querySelector('.hs-capture video').srcObject), null);
  });
});
