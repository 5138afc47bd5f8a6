// Comparing what a part of a page looks like with an image in golden/.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';

import { HEADSTART_SCREENSHOTS } from './lab.mjs';

/** Pixels of a block's side. Blocks are compared by their mean color, so that the edges of a line may be drawn otherwise. */
const BLOCK = 4;

/** A block differs where a channel's mean differs by more, of 255. */
const TOLERANCE = 24;

/** The fraction of the blocks that may differ: a curve or a bar that is missing is more. */
const MOST = 0.002;

/** Pixels by which the sizes may differ. */
const SLACK = 2;

/** Letters differ with a machine's fonts: they are laid out and not drawn. What blinks or fades stands still. */
const STILL = `
  .hs-golden, .hs-golden * { -webkit-text-fill-color: transparent !important; caret-color: transparent !important;
    transition: none !important; animation: none !important; text-shadow: none !important; }
  .hs-golden text { fill: transparent !important; }
  .hs-golden ::-webkit-scrollbar { display: none; }`;

/**
 * Compare a part of the page with golden/NAME.png. `go test ./tests/browser -update` writes the images instead: look at them
 * before you commit them.
 */
export async function looksAs(page, part, name) {
  const golden = path.join('golden', `${name}.png`);
  await page.addStyleTag({ content: STILL });
  await part.evaluate(node => node.classList.add('hs-golden'));
  const now = await part.screenshot({ animations: 'disabled' });
  await part.evaluate(node => node.classList.remove('hs-golden'));
  if (process.env.HEADSTART_UPDATE) {
    fs.mkdirSync('golden', { recursive: true });
    fs.writeFileSync(golden, now);
    return;
  }
  const { differing, sizes } = await page.evaluate(compare, [fs.readFileSync(golden).toString('base64'), now.toString('base64'), BLOCK, TOLERANCE]);
  const [[width, height], [nowWidth, nowHeight]] = sizes;
  const same = Math.abs(width - nowWidth) <= SLACK && Math.abs(height - nowHeight) <= SLACK && differing <= MOST;
  if (!same && HEADSTART_SCREENSHOTS) {
    fs.writeFileSync(path.join(HEADSTART_SCREENSHOTS, `${name}-differs.png`), now);
  }
  assert.ok(same, `${name} is ${nowWidth} x ${nowHeight} pixels and not ${width} x ${height}, or ${(100 * differing).toFixed(2)} % of it differ from ` +
    `${golden}; go test ./tests/browser -update writes it again`);
}

/** Runs in the page: the fraction of the blocks of two PNG images that differ, and their sizes. */
async function compare([golden, now, block, tolerance]) {
  const read = async base64 => {
    const bytes = Uint8Array.from(atob(base64), c => c.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
    const canvas = Object.assign(document.createElement('canvas'), { width: image.width, height: image.height });
    const context = canvas.getContext('2d');
    context.drawImage(image, 0, 0);
    return context.getImageData(0, 0, image.width, image.height);
  };
  const mean = ({ data, width }, x, y, channel) => {
    let sum = 0;
    for (let row = 0; row < block; row++) {
      for (let column = 0; column < block; column++) {
        sum += data[4 * ((y + row) * width + x + column) + channel];
      }
    }
    return sum / (block * block);
  };
  const [a, b] = await Promise.all([read(golden), read(now)]);
  let [all, differing] = [0, 0];
  for (let y = 0; y + block <= Math.min(a.height, b.height); y += block) {
    for (let x = 0; x + block <= Math.min(a.width, b.width); x += block) {
      all++;
      differing += [0, 1, 2].some(channel => Math.abs(mean(a, x, y, channel) - mean(b, x, y, channel)) > tolerance) ? 1 : 0;
    }
  }
  return { differing: differing / all, sizes: [[a.width, a.height], [b.width, b.height]] };
}
