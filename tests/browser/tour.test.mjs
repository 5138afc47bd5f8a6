// What README says of Headstart, as it looks in JupyterLab: a screenshot of a cell for each claim. make tour puts them into docs/tour.
import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'node:test';

import { command, openLab, PATIENCE_MS, retried, saveNotebook, showCell, useBrowser, waitForKernel, writeNotebook } from './lab.mjs';

const use = useBrowser();

/** Makes a folder of images as people have them: one file is damaged, and one image is in two classes. */
const FOLDER = `import "github.com/headstart-nb/headstart/models/sampleset"

folder := "shapes"
if err := sampleset.Write(context.Background(), folder, sampleset.Options{Classes: 4, PerClass: 40, Seed: 4}); err != nil {
	panic(err)
}
files, _ := filepath.Glob(folder + "/*/*")
image0, _ := os.ReadFile(files[0])
os.WriteFile(filepath.Join(filepath.Dir(files[len(files)-1]), "copy.png"), image0, 0o644)
os.WriteFile(filepath.Join(filepath.Dir(files[0]), "damaged.png"), image0[:len(image0)/2], 0o644)
len(files)`;

/** The cells, what has to be read below each, and the name of its screenshot. */
const cells = [
  { source: FOLDER, shows: /160/ },
  { source: '%dataset load shapes --size 128', shows: /damaged/, screenshot: 'checks' },
  { source: '%model resnet50 --weights sample --preprocess caffe', shows: /trained with torch/, screenshot: 'preprocessing' },
  { source: '%model resnet50 --weights sample', shows: /frozen/ },
  { source: '%train --run chosen', shows: /cross-validation/, screenshot: 'chooses' },
  { source: '%train --epochs 40 --lr 0.003 --run dense', shows: /from cache/, screenshot: 'trains' },
  { source: '%verify dense', shows: /identical/, screenshot: 'verifies' },
  { source: '%evaluate', shows: /macro average/, screenshot: 'evaluates' },
  { source: '%predict @val --limit 4', shows: /%/, screenshot: 'predicts' },
  { source: '%explain @val --limit 2', shows: /Grad-CAM|region|where/i, screenshot: 'explains' },
  { source: 'counts := map[string]int{}\nfor _, file := range files {\n\tcounts[filepath.Base(filepath.Dir(file))]++\n}\ncounts', shows: /40/, screenshot: 'keeps' },
  { source: '%vars', shows: /counts/, screenshot: 'lists' },
  { source: '%train --epochs 300 --batch 32 --augment flip --background --run survivor', shows: /survivor/ },
  { source: '%attach survivor', shows: /survivor/, screenshot: 'survives', restart: true, epoch: 3 },
  { source: '%attach survivor --stop', shows: /survivor/ }
];

describe('what README claims', () => {
  it('is seen in JupyterLab', { timeout: 6 * PATIENCE_MS }, async () => {
    const { page } = use;
    await page.setViewportSize({ width: 1200, height: 2600 }); // so that a whole cell is in view
    writeNotebook('tour.ipynb', cells);
    await openLab(page, 'tour.ipynb');
    let count = 0;
    for (const [i, cell] of cells.entries()) {
      if (cell.restart) {
        await page.evaluate(() => window.jupyterapp.shell.currentWidget.sessionContext.restartKernel());
        await waitForKernel(page);
        count = 0;
      }
      await page.evaluate(i => {
        window.jupyterapp.shell.currentWidget.content.activeCellIndex = i;
      }, i);
      await command(page, 'notebook:run-cell');
      const element = page.locator('.jp-CodeCell').nth(i);
      await element.locator('.jp-InputPrompt', { hasText: `[${++count}]` }).waitFor({ timeout: 3 * PATIENCE_MS });
      if (cell.epoch) {
        const bar = element.locator('.hs-progress').first();
        while (Number(await bar.getAttribute('value')) < cell.epoch) { // the test's own time limit ends this
          await page.waitForTimeout(200);
        }
      }
      if (cell.screenshot) {
        await showCell(page, i);
        await keep(element, cell.screenshot);
      }
    }
    const { cells: done } = await saveNotebook(page, 'tour.ipynb');
    for (const [i, { source, shows }] of cells.entries()) {
      assert.equal(done[i].outputs.find(output => output.output_type === 'error'), undefined, source);
      assert.ok(shows.test(JSON.stringify(done[i].outputs)), `${source} does not show ${shows}`);
    }
  });
});

/** Keep what a cell looks like. */
async function keep(element, name) {
  const folder = process.env.HEADSTART_SCREENSHOTS;
  if (folder) {
    await retried(() => element.screenshot({ path: path.join(folder, `tour-${name}.jpg`), type: 'jpeg', quality: 85 }));
  }
}
