import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { readAnswer } from './data';
import { Live } from './live';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const parts = (more: object = {}) => ({
  frame: vi.fn(async (): Promise<string | null> => 'aGk='),
  ask: vi.fn(async () => readAnswer({ model: 'm' })),
  show: vi.fn(),
  fail: vi.fn(),
  ...more
});

it('asks for a frame only when the one before is answered', async () => {
  let answer = (_: unknown) => {};
  const waiting = parts({ ask: vi.fn(() => new Promise(resolve => (answer = resolve))) });
  const live = new Live(waiting);
  live.start();
  live.start();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(waiting.ask).toHaveBeenCalledTimes(1);
  answer(readAnswer({}));
  await vi.advanceTimersByTimeAsync(200);
  expect(waiting.show).toHaveBeenCalledTimes(1);
  expect(waiting.ask).toHaveBeenCalledTimes(2);
});

it('shows nothing after it was stopped', async () => {
  const stopped = parts();
  const live = new Live(stopped);
  live.start();
  live.stop();
  await vi.advanceTimersByTimeAsync(5000);
  expect(live.running).toBe(false);
  expect(stopped.show).not.toHaveBeenCalled();
  expect(stopped.frame).toHaveBeenCalledTimes(1);
});

it('goes on after a failure, less often, and sends nothing while there is no frame', async () => {
  const failing = parts({ ask: vi.fn(async () => { throw new Error('there is no model yet'); }) });
  const live = new Live(failing);
  live.start();
  await vi.advanceTimersByTimeAsync(2900);
  expect(failing.fail).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(200);
  expect(failing.fail).toHaveBeenCalledTimes(2);
  live.stop();

  const dark = parts({ frame: vi.fn(async () => null) });
  new Live(dark).start();
  await vi.advanceTimersByTimeAsync(1000);
  expect(dark.ask).not.toHaveBeenCalled();
});
