import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { IMAGES, SMALL_MODEL, command, openLab, options, screenshotThemes, useBrowser, writeNotebook } from './lab.mjs';

const use = useBrowser();

/** Run a cell of the notebook without waiting for its end. */
async function run(page, i) {
  await page.locator('.jp-Notebook .jp-Cell').nth(i).locator('.cm-content').click();
  await page.keyboard.press('Control+Enter');
}

describe('a subshell console', () => {
  it('answers while a cell of the notebook trains', options, async () => {
    const { page } = use;
    writeNotebook('subshell.ipynb', [
      { source: IMAGES }, { source: SMALL_MODEL }, { source: '%train --epochs 100000 --batch 4 --augment flip --run unhurried' }
    ]);
    await openLab(page, 'subshell.ipynb');
    const prompt = i => page.locator('.jp-Notebook .jp-Cell').nth(i).locator('.jp-InputPrompt');
    for (const i of [0, 1]) {
      await run(page, i);
      await prompt(i).filter({ hasText: /\[\d+\]/ }).waitFor();
    }
    await run(page, 2);
    await page.locator('.jp-Notebook .jp-Cell').nth(2).locator('.hs-card .hs-state-running').first().waitFor();

    await command(page, 'notebook:create-subshell-console');
    const editor = page.locator('.jp-CodeConsole-promptCell .cm-content');
    await editor.waitFor();
    await page.waitForFunction(() => [...window.jupyterapp.shell.widgets('main')]
      .some(widget => widget.sessionContext?.session?.kernel?.subshellId)); // what comes before goes to the main shell
    const ask = async (code, answer) => {
      await editor.click();
      await page.keyboard.insertText(code);
      await page.keyboard.press('Shift+Enter');
      const asked = page.locator('.jp-CodeConsole .jp-CodeCell', { hasText: code });
      await asked.locator('.jp-OutputArea-output', { hasText: answer }).first().waitFor();
    };
    await ask('%runs', 'running');
    await ask('%vars', 'No Go cell has declared a variable');
    await ask('fmt.Println(40 + 2)', 'waits for the one that runs');
    assert.match(await prompt(2).textContent(), /\[\*\]/, 'the training has ended');
    await screenshotThemes(page, 'subshell-console');

    await page.evaluate(() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.interrupt());
    await prompt(2).filter({ hasText: /\[\d+\]/ }).waitFor();
  });
});
