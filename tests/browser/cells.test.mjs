import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { complete, openLab, options, saveNotebook, useBrowser, writeNotebook } from './lab.mjs';

const use = useBrowser({ samePage: true });

describe('cells', () => {
  it('tell magics, flags and shell lines apart, complete a flag and show help', options, async () => {
    const { page } = use;
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

    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Shift+Tab');
    await page.locator('.jp-Tooltip', { hasText: /Trains the current model/ }).waitFor();
  });

  it('indent with a tab, as gofmt does', options, async () => {
    const { page } = use;
    writeNotebook('tabs.ipynb', [{ source: '%runs\n' }]);
    await openLab(page, 'tabs.ipynb');
    await page.locator('.cm-content').first().click();
    await page.keyboard.press('Control+End');
    await page.keyboard.type('if true {\nreturn');
    const saved = await saveNotebook(page, 'tabs.ipynb');
    assert.match([saved.cells[0].source].flat().join(''), /\{\n\treturn/);
  });
});
