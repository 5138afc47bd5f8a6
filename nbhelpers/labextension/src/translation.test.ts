import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { translation } from './translation';

it('is English without a translator', () => {
  const trans = translation(null);
  expect(trans.__('epoch %1 of %2', 3, 10)).toBe('epoch 3 of 10');
  expect(trans.__('Insert %verify, which repeats %1', 'a')).toBe('Insert %verify, which repeats a');
  expect([1, 2].map(n => trans._n('%1 run', '%1 runs', n))).toEqual(['1 run', '2 runs']);
});

/** Places of strings that people read. */
const SHOWN = [
  /'aria-label': ['`]/, /\btitle: ['`](?!\$)/, /\blabel: ['`]/, /\bcaption: ['`]/, /button\(\s*'[A-Z]/, /new Error\(['`]/,
  /textContent = ['`][^'`]/, /_say\(['`]/, /setAttribute\('aria-label', ['`][A-Z]/
];

it('every shown string goes through the translator', () => {
  const sources = readdirSync('src', { recursive: true }) as string[];
  const found: string[] = [];
  for (const file of sources.filter(name => name.endsWith('.ts') && !name.endsWith('.test.ts'))) {
    readFileSync(join('src', file), 'utf8').split('\n').forEach((line, i) => {
      if (SHOWN.some(pattern => pattern.test(line))) {
        found.push(`${file}:${i + 1}: ${line.trim()}`);
      }
    });
  }
  expect(found).toEqual([]);
});
