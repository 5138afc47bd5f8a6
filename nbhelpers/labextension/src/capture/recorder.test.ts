import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { Recorder } from './recorder';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('numbers the frames of a recording, and takes none after its end', async () => {
  const add = vi.fn(async (_recording: number, _frame: number) => true);
  const recorder = new Recorder(add, () => {});
  recorder.start();
  recorder.start();
  await vi.advanceTimersByTimeAsync(250);
  recorder.stop();
  await vi.advanceTimersByTimeAsync(5000);
  expect(add.mock.calls.map(([, frame]) => frame)).toEqual([1, 2, 3]);
  expect(new Set(add.mock.calls.map(([recording]) => recording)).size).toBe(1);
});

it('waits until a frame was added', async () => {
  const add = vi.fn(() => new Promise<boolean>(() => {}));
  new Recorder(add, () => {}).start();
  await vi.advanceTimersByTimeAsync(5000);
  expect(add).toHaveBeenCalledTimes(1);
});

it('ends where a frame cannot be added', async () => {
  for (const add of [async () => false, async () => Promise.reject(new Error('x'))]) {
    const changed = vi.fn();
    const recorder = new Recorder(add, changed);
    recorder.start();
    await vi.advanceTimersByTimeAsync(10);
    expect(recorder.recording).toBe(false);
    expect(changed).toHaveBeenCalledTimes(2);
  }
});
