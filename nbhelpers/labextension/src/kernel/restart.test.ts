import { describe, expect, it } from 'vitest';

import { Restart } from './restart';

describe('Restart', () => {
  it('hears nothing of a kernel that works', () => {
    const restart = new Restart();
    restart.connected();
    expect((['starting', 'busy', 'idle', 'unknown'] as const).map(status => restart.hear(status))).toEqual([null, null, null, null]);
  });

  it('does not take the last word of the old kernel for the first one of the new', () => {
    const restart = new Restart();
    expect(restart.hear('restarting')).toBe('ended');
    expect(restart.hear('busy')).toBe(null);
    expect(restart.hear('idle')).toBe(null);
    expect(restart.hear('unknown')).toBe(null);
    restart.connected();
    expect(restart.hear('busy')).toBe('again');
    expect(restart.hear('idle')).toBe(null);
  });

  it('follows one restart after another, and one of its own accord', () => {
    const restart = new Restart();
    for (const status of ['autorestarting', 'dead', 'restarting'] as const) {
      expect(restart.hear(status)).toBe('ended');
      restart.connected();
    }
    expect(restart.hear('idle')).toBe('again');
    restart.connected();
    expect(restart.hear('idle')).toBe(null);
  });
});
