import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { command, openLab, options, screenshotThemes, useBrowser, writeNotebook } from './lab.mjs';

const use = useBrowser();

const FUNCTION = '// twice doubles.\nfunc twice(n int) int {\n\tresult := n * 2\n\treturn result\n}';
const CELL = 'x := 20\ny := twice(x)\nfmt.Println(y + 1)';

/** A cell of the notebook, by its number. */
const cell = (page, i) => page.locator('.jp-Notebook .jp-Cell').nth(i);

/** Run a cell without waiting for its end. */
async function run(page, i) {
  await cell(page, i).locator('.cm-content').click();
  await page.keyboard.press('Control+Enter');
}

/** Click beside a line of a cell, counted from 1. */
async function setBreakpoint(page, i, line) {
  const editor = cell(page, i);
  const at = await editor.locator('.cm-line').nth(line - 1).boundingBox();
  const gutter = await editor.locator('.cm-gutter.cm-breakpoint-gutter').boundingBox();
  await page.mouse.click(gutter.x + gutter.width / 2, at.y + at.height / 2);
  await editor.locator('.cm-breakpoint-icon:visible').first().waitFor();
}

/** Wait until the debugger shows that it has stopped in a line of a cell. */
async function stoppedAt(page, i, text) {
  await cell(page, i).locator('.jp-DebuggerEditor-highlight', { hasText: text }).waitFor();
  await page.locator('.jp-DebuggerCallstackFrame').first().waitFor();
}

/** Wait until the table of variables has a name with a value. */
function variable(page, name, value) {
  return page.waitForFunction(([name, value]) => [...document.querySelectorAll('.jp-DebuggerVariables-name')]
    .some(found => found.textContent === name && found.parentElement.textContent.includes(value)), [name, value]);
}

describe('the debugger', () => {
  it('stops in a function of an earlier cell, shows variables, steps and goes on', options, async () => {
    const { page } = use;
    writeNotebook('debugger.ipynb', [{ source: '%help timeit' }, { source: FUNCTION }, { source: CELL }]);
    await openLab(page, 'debugger.ipynb');
    await run(page, 1);
    await cell(page, 1).locator('.jp-InputPrompt', { hasText: /\[\d+\]/ }).waitFor();

    await page.locator('.jp-DebuggerBugButton[aria-disabled="false"]').first().click();
    await page.locator('#jp-debugger-sidebar').waitFor();
    await setBreakpoint(page, 1, 4);
    await run(page, 2);
    await stoppedAt(page, 1, 'return result');
    await variable(page, 'n', '20');
    await variable(page, 'result', '40');
    const frames = await page.locator('.jp-DebuggerCallstackFrame').allTextContents();
    assert.match(frames[0], /main\.twice/);
    assert.match(frames[1], /main\.main/);
    await screenshotThemes(page, 'debugger');

    const evaluated = await page.evaluate(async () => {
      const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
      const future = kernel.requestDebug({
        type: 'request', seq: 1000, command: 'evaluate', arguments: { expression: 'result + n', frameId: 1000, context: 'repl' }
      });
      const reply = new Promise(resolve => { future.onReply = message => resolve(message.content.body.result); });
      return reply;
    });
    assert.equal(evaluated, '60');

    await page.locator('jp-button[data-command="debugger:stepOut"]').click();
    await stoppedAt(page, 2, 'y := twice(x)');
    await page.locator('jp-button[data-command="debugger:next"]').click();
    await stoppedAt(page, 2, 'fmt.Println');
    await variable(page, 'y', '40');
    await page.locator('jp-button[data-command="debugger:continue"]').last().click();
    await cell(page, 2).locator('.jp-OutputArea-output', { hasText: '41' }).waitFor();
    await page.locator('.jp-DebuggerEditor-highlight').waitFor({ state: 'detached' });
    await variable(page, 'y', '40'); // what the kernel keeps, while nothing is debugged

    await page.locator('.jp-DebuggerBugButton').first().click();
    await cell(page, 2).locator('.cm-content').click();
    await command(page, 'notebook:clear-cell-output');
    await run(page, 2);
    await cell(page, 2).locator('.jp-OutputArea-output', { hasText: '41' }).waitFor(); // without a stop
  });
});
