import { expect, it } from 'vitest';

import { translation } from '../translation';
import { statusText, statusTitle } from './model';

const trans = translation(null);
const device = { name: 'xla:cpu', description: '2 cores.', heap_mib: 84, models: 1, runs: 2 };

it('the status is short', () => {
  expect(statusText(null, trans)).toBe('Headstart');
  expect(statusText(device, trans)).toBe('xla:cpu · 84 MiB · 1 warm model · 2 runs');
  expect(statusText({ ...device, name: '', models: 0, runs: 0 }, trans)).toBe('no device open · 84 MiB');
});

it('the title says the rest', () => {
  expect(statusTitle(device, '', trans)).toBe('2 cores. Go heap 84 MiB, 1 warm model, 2 runs in progress. Click to run %doctor.');
  expect(statusTitle(null, 'the plugin died', trans)).toContain('the plugin died');
});
