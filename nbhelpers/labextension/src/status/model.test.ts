import { expect, it } from 'vitest';

import { statusText, statusTitle } from './model';

const device = { name: 'xla:cpu', description: '2 cores.', heap_mib: 84, models: 1, runs: 2 };

it('the status is short', () => {
  expect(statusText(null)).toBe('Headstart');
  expect(statusText(device)).toBe('xla:cpu · 84 MiB · 1 warm model · 2 runs');
  expect(statusText({ ...device, name: '', models: 0, runs: 0 })).toBe('no device open · 84 MiB');
});

it('the title says the rest', () => {
  expect(statusTitle(device, '')).toContain('2 cores.');
  expect(statusTitle(null, 'the plugin died')).toContain('the plugin died');
});
