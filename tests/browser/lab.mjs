// What the browser's tests share: a browser, pages that watch what they load, and notebooks.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { after, afterEach, before, beforeEach } from 'node:test';

const { HEADSTART_CHROMIUM, HEADSTART_PACKAGES, HEADSTART_LAB, HEADSTART_NOTEBOOKS } = process.env;

/** Where images of pages are kept; unset: nowhere. */
export const { HEADSTART_SCREENSHOTS } = process.env;
const { chromium } = createRequire(path.join(HEADSTART_PACKAGES, 'package.json'))('playwright-core');

/** How long anything may take on a machine that is busy. */
export const PATIENCE_MS = 90_000;

/** The options of a test. */
export const options = { timeout: 2 * PATIENCE_MS };

/** A model that is quick to compute, and its images. */
export const IMAGES = '%dataset load images --size 64';
export const SMALL_MODEL = '%model resnet50 --weights random --cut conv1 --head ""';

/** Arguments for a camera that the user allows. */
const CAMERA = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];

/**
 * The browser of a file of tests, and the page of the test that runs. A video, a file of type y4m, is what its camera shows. With
 * samePage the tests share a page, in which openLab closes what the one before left: JupyterLab takes seconds to load.
 */
export function useBrowser({ video, samePage = false } = {}) {
  const use = { browser: null, page: null };
  before(async () => {
    use.browser = await launch(video ? [...CAMERA, `--use-file-for-fake-video-capture=${video}`] : []);
  });
  after(() => use.browser?.close());
  beforeEach(async () => {
    if (!samePage || !use.page || use.page.isClosed()) {
      use.page = await openPage(use.browser);
    }
  });
  afterEach(async context => {
    await screenshot(use.page, context.name.replaceAll(/\W+/g, '-'));
    if (samePage) {
      checkPage(use.page);
    } else {
      await closePage(use.page);
    }
  });
  return use;
}

/** The browser, without what would look for a network. */
function launch(more) {
  return chromium.launch({
    executablePath: HEADSTART_CHROMIUM,
    args: [...more, '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync']
  });
}

/** A page that records what it loads from elsewhere, and the errors of our scripts. */
export async function openPage(browser) {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 }, ignoreHTTPSErrors: true });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  page.faults = [];
  page.on('request', request => {
    const url = new URL(request.url());
    if (/^(http|ws)/.test(url.protocol) && url.host !== new URL(HEADSTART_LAB).host) {
      page.faults.push(`loads ${url}`);
    }
  });
  page.on('pageerror', error => {
    if (error.stack?.includes('@headstart-nb')) { // Notebook 7 has errors of its own
      page.faults.push(`fails: ${error.stack}`);
    }
  });
  return page;
}

/** Close a tab, which should have loaded nothing from elsewhere and had no errors. */
export async function closePage(page) {
  await page.context().close();
  checkPage(page);
}

/** A page should have loaded nothing from elsewhere, and our scripts should have had no errors. */
function checkPage(page) {
  assert.deepEqual(page.faults.splice(0), []);
}

/** An address of the server. */
export function address(relative) {
  return new URL(relative, HEADSTART_LAB).href;
}

/** Write a notebook of code cells; outputs may be given with a cell. */
export function writeNotebook(name, cells) {
  const notebook = {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {
      kernelspec: { name: 'headstart', display_name: 'Go (Headstart)', language: 'go' },
      language_info: { name: 'go', mimetype: 'text/x-go', file_extension: '.go' }
    },
    cells: cells.map(({ source, outputs = [] }, i) => ({
      id: `cell${i}`, cell_type: 'code', metadata: {}, execution_count: null, source, outputs
    }))
  };
  fs.writeFileSync(path.join(HEADSTART_NOTEBOOKS, name), JSON.stringify(notebook));
}

/** The bytes of an image below the notebooks. */
export function readImage(name) {
  return fs.readFileSync(path.join(HEADSTART_NOTEBOOKS, name));
}

/** Read a notebook as the server saved it. */
export function readNotebook(name) {
  return JSON.parse(fs.readFileSync(path.join(HEADSTART_NOTEBOOKS, name), 'utf8'));
}

/** Save the notebook in front, and read it. */
export async function saveNotebook(page, name) {
  await command(page, 'docmanager:save');
  return readNotebook(name);
}

/** Open a notebook in JupyterLab and wait for its kernel. */
export async function openLab(page, name) {
  if (!(await openBeside(page, name).catch(() => false))) { // a test that failed may have left anything
    await page.goto(address(`lab/tree/${name}?reset`));
  }
  await page.waitForSelector('.jp-Notebook .hs-code-magic');
  await waitForKernel(page);
}

/** Open a notebook in the JupyterLab that the page shows, as alone as in a new one; false where it shows none. */
async function openBeside(page, name) {
  if (!page.url().startsWith(address('lab'))) {
    return false;
  }
  await page.locator('.jp-Dialog').waitFor({ state: 'detached', timeout: 1000 });
  return page.evaluate(async path => {
    const { commands, shell } = window.jupyterapp;
    const left = [...shell.widgets('main')];
    shell.collapseRight();
    shell.activateById('filebrowser');
    await commands.execute('filebrowser:go-to-path', { path: '' });
    const opened = await commands.execute('docmanager:open', { path, factory: 'Notebook' });
    for (const widget of left.filter(other => other !== opened)) { // last: an empty JupyterLab opens its launcher
      if (widget.context) {
        widget.context.model.dirty = false; // else it asks
      }
      widget.close();
    }
    shell.activateById(opened.id); // the last that closes may have taken the focus along
    return true;
  }, name);
}

/** Open a notebook in Notebook 7 and wait for its kernel. */
export async function openNotebook(page, name) {
  await page.goto(address(`notebooks/${name}`));
  await page.waitForSelector('.jp-Notebook .hs-code-magic');
  await waitForKernel(page);
}

/**
 * Wait until the notebook has a kernel that answers. The indicator does not tell: it shows "idle" before there is one, and
 * JupyterLab runs no cell then.
 */
export async function waitForKernel(page) {
  const answers = page.waitForFunction(() => {
    const kernel = window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel;
    return kernel?.connectionStatus === 'connected' && ['idle', 'busy'].includes(kernel.status);
  });
  await answers.catch(async error => { throw await told(page, error); });
}

/** Execute a command of the application. */
export function command(page, id, args = {}) {
  return page.evaluate(([id, args]) => window.jupyterapp.commands.execute(id, args).then(() => undefined), [id, args]);
}

/** Press Tab until a completion is proposed: JupyterLab drops an answer that takes a second, as the plugin's first may. */
export async function complete(page, wanted) {
  const item = page.locator('.jp-Completer-item', { hasText: wanted });
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; ) {
    await page.keyboard.press('Tab');
    try {
      return await item.waitFor({ timeout: 3000 });
    } catch {
      // the next Tab asks again
    }
  }
  throw new Error(`${wanted} was never proposed`);
}

/** Run all cells of the notebook in front. A menu closes when the page moves the focus, as a notebook does that opens; it is opened again. */
export async function runAll(page) {
  const item = page.locator('.lm-Menu-itemLabel', { hasText: /^Run All Cells$/ });
  for (const deadline = Date.now() + PATIENCE_MS; ; ) {
    try {
      await page.locator('.jp-CodeCell .cm-content').first().click();
      await page.locator('.lm-MenuBar-itemLabel', { hasText: /^Run$/ }).click();
      return await item.click({ timeout: 10_000 });
    } catch (error) {
      if (Date.now() > deadline) {
        throw await told(page, error);
      }
      await page.keyboard.press('Escape');
    }
  }
}

/** An error with what the page shows. */
async function told(page, error) {
  const shown = await page.evaluate(() => {
    const widget = window.jupyterapp?.shell.currentWidget;
    const kernel = widget?.sessionContext?.session?.kernel;
    return [widget?.title.label, kernel?.connectionStatus, kernel?.status, document.activeElement?.className, document.querySelector('.jp-Dialog')?.textContent];
  }).catch(String);
  return new Error(`${error.message.split('\n')[0]}; widget, connection, kernel, focus, dialog: ${JSON.stringify(shown)}`, { cause: error });
}

/** Act on a part of the page that is drawn again now and then, such as a card: Playwright ends some actions where their element is replaced. */
export async function retried(action) {
  for (const deadline = Date.now() + PATIENCE_MS; ; ) {
    try {
      return await action();
    } catch (error) {
      if (!/not attached|detached/.test(error.message) || Date.now() > deadline) {
        throw error;
      }
    }
  }
}

/** Scroll until a part of the page is seen. */
export function scrollTo(part) {
  return retried(() => part.scrollIntoViewIfNeeded());
}

/** Keep what the page looks like. */
export async function screenshot(page, name) {
  if (HEADSTART_SCREENSHOTS) {
    await page.screenshot({ path: path.join(HEADSTART_SCREENSHOTS, `${name}.png`) });
  }
}

/** Bring a cell into view and wait until its charts are drawn, which happens then: nothing below it has changed for a moment. */
export async function showCell(page, i) {
  await page.evaluate(async i => {
    const notebook = window.jupyterapp.shell.currentWidget.content;
    await notebook.scrollToItem(i, 'start');
    const { node } = notebook.widgets[i];
    const pending = () => node.querySelector('[class*="jp-RenderedVega"]:not(:has(canvas, svg))')
      || [...node.querySelectorAll('img')].some(img => !img.complete);
    await new Promise(done => {
      let quiet;
      const finish = () => {
        clearTimeout(quiet);
        watch.disconnect();
        done();
      };
      const again = () => {
        clearTimeout(quiet);
        quiet = setTimeout(() => (pending() ? again() : finish()), 150);
      };
      setTimeout(finish, 3000); // a card of a training changes all the time
      const watch = new MutationObserver(again);
      watch.observe(node, { childList: true, subtree: true, attributes: true });
      again();
    });
  }, i);
}

/** The themes; the last is the one of a new page. */
export const THEMES = ['Dark', 'Light'];

export async function changeTheme(page, theme) {
  await page.addStyleTag({ content: '*, *::before, *::after { transition: none !important; }' }); // the new colors fade in
  await command(page, 'apputils:change-theme', { theme: `JupyterLab ${theme}` });
  await page.waitForFunction(
    light => document.body.dataset.jpThemeLight === light, String(theme === 'Light'));
  await page.locator('#jupyterlab-splash').waitFor({ state: 'detached' }); // covers the page meanwhile
  await page.evaluate(() => new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn))));
}

/**
 * Keep what the page looks like in the light and the dark theme. JupyterLab hides its panels for a moment while the theme
 * changes, which turns a camera off: `prepare` turns it on again.
 */
export async function screenshotThemes(page, name, prepare = () => {}) {
  if (!HEADSTART_SCREENSHOTS) {
    return;
  }
  for (const theme of THEMES) {
    await changeTheme(page, theme);
    await prepare();
    await screenshot(page, `${name}-${theme.toLowerCase()}`);
  }
}

/** Drop or paste a file on a panel, as a browser does it. */
export function give(page, panel, kind, bytes, name, type) {
  return page.evaluate(([panel, kind, base64, name, type]) => {
    const transfer = new DataTransfer();
    const bytes = Uint8Array.from(atob(base64), c => c.charCodeAt(0));
    transfer.items.add(new File([bytes], name, { type }));
    const given = kind === 'drop'
      ? new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true })
      : new ClipboardEvent('paste', { clipboardData: transfer, bubbles: true, cancelable: true });
    document.querySelector(`${panel} .hs-drop`).dispatchEvent(given);
  }, [panel, kind, bytes.toString('base64'), name, type]);
}
