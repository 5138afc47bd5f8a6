// A notebook in a JupyterLab whose server, jupyter-server-documents, executes the cells and keeps their outputs.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import {
  IMAGES, PATIENCE_MS, SMALL_MODEL, command, openLab, options, readNotebook, screenshot, useBrowser, writeNotebook
} from '../lab.mjs';

const use = useBrowser();

const EPOCHS = 40;
const RUN_MIME = 'application/vnd.headstart.run+json';

/** A Go cell whose chart and progress bar change while it runs. */
const LIVE = `import "github.com/headstart-nb/headstart/nbhelpers"
%%
curves := nbhelpers.Curves("in Go", 12)
bar := nbhelpers.Progress("steps", 12)
for i := range 12 {
	curves.Add("loss", "train", 1/float64(i+1))
	_, _ = curves.Step(), bar.Add(1)
	time.Sleep(250 * time.Millisecond)
}
_, _ = curves.Close(), bar.Close()
fmt.Println("the end")`;

/** The cells of the file, once they are as wanted and it is not written at this moment. */
async function saved(name, done) {
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; ) {
    try {
      const { cells } = readNotebook(name);
      if (done(cells)) {
        return cells;
      }
    } catch (error) {
      assert.ok(error instanceof SyntaxError, error);
    }
    await new Promise(resolve => setTimeout(resolve, 200));
  }
  throw new Error(`${name} was not saved as it ended`);
}

/** Wait until so many elements are there: JupyterLab may put a new widget beside an old one for a moment. */
async function becomes(elements, count) {
  for (const deadline = Date.now() + PATIENCE_MS; (await elements.count()) !== count; ) {
    assert.ok(Date.now() < deadline, `not ${count}: ${JSON.stringify(await elements.allInnerTexts())}`);
    await new Promise(resolve => setTimeout(resolve, 200));
  }
}

describe('a server that executes cells', () => {
  it('shows the figure of a training and of a Go cell once, as they ended', options, async () => {
    const { page } = use;
    writeNotebook('documents.ipynb', [IMAGES, SMALL_MODEL, `%train --epochs ${EPOCHS} --batch 4`, LIVE].map(source => ({ source })));
    const executed = [];
    page.on('request', request => {
      if (/\/api\/kernels\/[^/]+\/execute$/.test(new URL(request.url()).pathname)) {
        executed.push(request.url());
      }
    });
    await openLab(page, 'documents.ipynb');
    await command(page, 'notebook:run-all-cells');
    const cell = i => page.locator('.jp-Notebook .jp-Cell').nth(i);
    const train = cell(2).locator('.jp-OutputArea-output');
    const live = cell(3).locator('.jp-OutputArea-output');
    const ended = async () => {
      await live.filter({ hasText: 'the end' }).waitFor();
      await cell(2).scrollIntoViewIfNeeded();
      await train.locator('.hs-card .hs-state-done').first().waitFor();
    };
    await ended();
    assert.ok(executed.length > 0, 'the page executed the cells itself');
    await screenshot(page, 'server-executes');

    const look = async () => {
      await becomes(train.locator('.hs-card'), 1);
      assert.match(await train.locator('.hs-card').innerText(), new RegExp(`epoch ${EPOCHS} of ${EPOCHS}`));
      assert.equal(await train.locator('.hs-state-running').count(), 0);
      await cell(3).scrollIntoViewIfNeeded();
      await live.locator('svg, canvas, img').first().waitFor();
      await becomes(live, 3); // the chart, the bar and the text
      assert.match(await live.nth(1).innerText(), /^steps: 12 in /);
    };
    await look();
    const cells = await saved('documents.ipynb', all => JSON.stringify(all[3].outputs).includes('the end'));
    assert.equal(cells[2].outputs.filter(output => output.data?.[RUN_MIME]).length, 1);
    assert.match([cells[3].outputs[0].data['text/plain']].flat().join(''), /done · epoch 12 of 12/);
    await page.reload();
    await ended();
    await look();
  });
});
