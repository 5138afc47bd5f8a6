// The page of a model server: choose, drop or paste an image, see its classes, and where the model looks.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { options, useBrowser } from '../lab.mjs';

const { HEADSTART_PAGE, HEADSTART_IMAGES, HEADSTART_SCREENSHOTS } = process.env;
const use = useBrowser();
const warm = path.join(HEADSTART_IMAGES, 'warm', 'warm1.png');
const cold = path.join(HEADSTART_IMAGES, 'cold', 'cold1.png');

/** Opens the page, and notes what the browser refuses. */
async function open() {
  const { page } = use;
  page.on('console', message => {
    if (message.type() === 'error' && !message.text().includes('400')) {
      page.faults.push(message.text());
    }
  });
  await page.goto(HEADSTART_PAGE);
  await page.locator('#model option').first().waitFor({ state: 'attached' });
  return page;
}

const first = page => page.locator('#classes li').first();

async function shows(page, name) {
  await page.waitForFunction(text => document.querySelector('#classes li .class')?.textContent === text, name);
}

/** The pixels of the canvas, as a text. */
const pixels = page => page.locator('#canvas').evaluate(canvas => canvas.toDataURL());

async function shoot(page, name) {
  if (HEADSTART_SCREENSHOTS) {
    fs.mkdirSync(HEADSTART_SCREENSHOTS, { recursive: true });
    await page.screenshot({ path: path.join(HEADSTART_SCREENSHOTS, `page-${name}.png`), fullPage: true });
  }
}

test('a chosen image is classified and explained', options, async () => {
  const page = await open();
  await shoot(page, 'empty');
  await page.setInputFiles('#file', warm);
  await shows(page, 'warm');
  assert.match(await first(page).innerText(), /warm\s+\d+\.\d %/);
  const plain = await pixels(page);
  await page.click('#explain');
  await page.locator('#heat', { hasText: 'speaks for warm' }).waitFor();
  assert.notEqual(await pixels(page), plain);
  await shoot(page, 'light');
  await page.emulateMedia({ colorScheme: 'dark' });
  await shoot(page, 'dark');
  assert.match(await page.locator('#curl').innerText(), /curl .*\/user\/someone\/proxy\/8080\/v1\/predict/);
  await page.setViewportSize({ width: 400, height: 800 });
  await shoot(page, 'narrow');
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= 400), 'the page is wider than a phone');
});

/** Gives the page a file by an event, as a drop and a paste do. */
function hand(page, kind, file) {
  const bytes = [...fs.readFileSync(file)];
  return page.evaluate(([kind, bytes]) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], 'x.png', { type: 'image/png' }));
    const event = kind === 'paste'
      ? new ClipboardEvent('paste', { clipboardData: data, bubbles: true })
      : new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true });
    document.body.dispatchEvent(event);
  }, [kind, bytes]);
}

test('an image is dropped, and another pasted', options, async () => {
  const page = await open();
  await hand(page, 'drop', cold);
  await shows(page, 'cold');
  await hand(page, 'paste', warm);
  await shows(page, 'warm');
});

test('a file that is not an image is an error in words', options, async () => {
  const page = await open();
  await page.setInputFiles('#file', { name: 'x.png', mimeType: 'image/png', buffer: Buffer.from('hello') });
  await page.locator('#error', { hasText: 'not an image' }).waitFor();
  await shoot(page, 'error');
});

test('the keyboard chooses a file', options, async () => {
  const page = await open();
  const chooser = page.waitForEvent('filechooser');
  await page.locator('#file').focus();
  await page.keyboard.press('Enter');
  await (await chooser).setFiles(cold);
  await shows(page, 'cold');
});
