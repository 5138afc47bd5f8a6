// A video for the browser's fake camera.
import fs from 'node:fs';

const [WIDTH, HEIGHT, RATE] = [160, 120, 10];

/** The colors of the parts, as U and V of YUV. */
export const PARTS = { red: [90, 240], blue: [240, 100] };

/** Seconds of a part. */
const SECONDS = 2.5;

/**
 * Write a video that shows a color after the other, again and again, in blocks whose brightness differs in each frame: images
 * that were nearly the same would count as copies.
 */
export function writeVideo(file) {
  const parts = [Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F${RATE}:1 Ip A1:1 C420jpeg\n`)];
  let seed = 1;
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  for (const [u, v] of Object.values(PARTS)) {
    for (let frame = 0; frame < SECONDS * RATE; frame++) {
      const bright = Buffer.alloc(WIDTH * HEIGHT);
      for (let y = 0; y < HEIGHT; y += 10) {
        for (let x = 0; x < WIDTH; x += 10) {
          const value = 50 + Math.floor(150 * random());
          for (let row = 0; row < 10; row++) {
            bright.fill(value, (y + row) * WIDTH + x, (y + row) * WIDTH + x + 10);
          }
        }
      }
      const quarter = (WIDTH / 2) * (HEIGHT / 2);
      parts.push(Buffer.from('FRAME\n'), bright, Buffer.alloc(quarter, u), Buffer.alloc(quarter, v));
    }
  }
  fs.writeFileSync(file, Buffer.concat(parts));
}
