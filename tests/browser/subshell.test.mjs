import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { IMAGES, SMALL_MODEL, command, openLab, options, screenshotThemes, useBrowser, writeNotebook } from './lab.mjs';

const use = useBrowser();

/** Run a cell of the notebook without waiting for its end. */
async function run(page, i) {
  await page.locator('.jp-Notebook .jp-Cell').nth(i).locator('.cm-content').click();
  await page.keyboard.press('Control+Enter');
}

/**
 * The editor of a console with a subshell. JupyterLab looks out for the console's kernel only when it has saved that there is one: where the
 * kernel is faster, the console has no subshell for good, and another is opened.
 */
async function subshellConsole(page, attempts = 3) {
  await command(page, 'notebook:create-subshell-console');
  const editor = page.locator('.jp-CodeConsole-promptCell .cm-content');
  await editor.waitFor();
  try {
    await page.waitForFunction(() => [...window.jupyterapp.shell.widgets('main')]
      .some(widget => widget.sessionContext?.session?.kernel?.subshellId), null, { timeout: 20_000 }); // what comes before goes to the main shell
  } catch (error) {
    if (attempts === 1) {
      throw error;
    }
    await page.evaluate(() => window.jupyterapp.shell.currentWidget.dispose());
    await editor.waitFor({ state: 'detached' });
    return subshellConsole(page, attempts - 1);
  }
  return editor;
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

    const editor = await subshellConsole(page);
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
