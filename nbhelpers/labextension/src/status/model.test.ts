import { expect, it } from 'vitest';

import { translation } from '../translation';
import { readUsage, statusText, statusTitle } from './model';

const trans = translation(null);
const device = { name: 'xla:cpu', description: '2 cores.', models: 1, runs: 2 };
const usage = readUsage({
  kernel_memory: 1_240_000_000,
  processes: [
    { pid: 3, name: 'headstart-transfer', memory: 1_100_000_000 },
    { pid: 1, name: 'headstart', memory: 50_000_000 },
    { pid: 5, name: 'compile', memory: 40_000_000 },
    { pid: 6, name: 'compile', memory: 45_000_000 },
    { pid: 9, name: '', memory: 5_000_000 }
  ]
});

it('the status is short', () => {
  expect(statusText(null, null, trans)).toBe('Headstart');
  expect(statusText(null, usage, trans)).toBe('Headstart · 1.2 GB');
  expect(statusText(device, usage, trans)).toBe('xla:cpu · 1.2 GB · 1 warm model · 2 runs');
  expect(statusText({ ...device, name: '', models: 0, runs: 0 }, null, trans)).toBe('no device open');
});

it('the title says the rest, with the memory of each program', () => {
  expect(statusTitle(device, usage, '', trans)).toBe(
    '2 cores. 1 warm model, 2 runs in progress. ' +
      'Memory 1.2 GB: headstart-transfer 1.1 GB, compile (2 processes) 85.0 MB, headstart 50.0 MB. Click to run %doctor.'
  );
  expect(statusTitle(null, null, 'the plugin died', trans)).toBe('the plugin died Click to run %doctor.');
});

it('a kernel that measures nothing, or another answer, has no usage', () => {
  for (const content of [null, {}, 3, { status: 'error' }, { kernel_memory: 'x' }, { kernel_memory: 0 }]) {
    expect(readUsage(content)).toBeNull();
  }
  expect(readUsage({ kernel_memory: 5, processes: 'x' })).toEqual({ memory: 5, programs: [] });
  expect(readUsage({ kernel_memory: 5, processes: [null, 3, { name: 4 }] })).toEqual({ memory: 5, programs: [] });
});
