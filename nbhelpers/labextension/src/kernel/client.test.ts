import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { translation } from '../translation';
import { MAGIC_TARGET, MagicClient, type IComm } from './client';

const trans = translation(null);

/** A kernel that records what it is sent and answers when told to. */
class FakeKernel {
  comms: (IComm & { sent: { id: string; magic: string; request: object }[] })[] = [];

  createComm(target: string) {
    expect(target).toBe(MAGIC_TARGET);
    const sent: { id: string; magic: string; request: object }[] = [];
    const comm = { sent, onMsg: () => {}, onClose: () => {}, open: () => {}, send: (m: never) => sent.push(m) };
    this.comms.push(comm);
    return comm;
  }

  answer(data: object): void {
    this.comms.at(-1)!.onMsg({ content: { data } });
  }
}

describe('MagicClient', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('matches answers to requests, in whatever order they come', async () => {
    const kernel = new FakeKernel();
    const client = new MagicClient(kernel, trans);
    const runs = client.ask('runs');
    const device = client.ask('device', { a: 1 });
    expect(client.answered).toBe(false);
    kernel.answer({ id: '2', answer: 'cpu' });
    kernel.answer({ id: '1', answer: [] });
    expect(await device).toBe('cpu');
    expect(await runs).toEqual([]);
    expect(client.answered).toBe(true);
    expect(kernel.comms).toHaveLength(1);
    expect(kernel.comms[0].sent).toEqual([
      { id: '1', magic: 'runs', request: {} },
      { id: '2', magic: 'device', request: { a: 1 } }
    ]);
  });

  it('does not take an answer of the kernel itself for one of the plugin', async () => {
    const kernel = new FakeKernel();
    const client = new MagicClient(kernel, trans);
    const variables = client.ask('vars');
    kernel.answer({ id: '1', answer: {} });
    await variables;
    expect(client.answered).toBe(false);
  });

  it("fails with the magic's own error", async () => {
    const kernel = new FakeKernel();
    const asked = new MagicClient(kernel, trans).ask('runs');
    kernel.answer({ id: '1', error: 'there is no run yet' });
    await expect(asked).rejects.toThrow('there is no run yet');
  });

  it('gives up after a time', async () => {
    const asked = new MagicClient(new FakeKernel(), trans, 2000).ask('runs');
    const failed = expect(asked).rejects.toThrow('%runs did not answer within 2 seconds');
    await vi.advanceTimersByTimeAsync(2000);
    await failed;
  });

  it('fails what waits at a restart and opens another comm', async () => {
    const kernel = new FakeKernel();
    const client = new MagicClient(kernel, trans);
    const first = client.ask('runs');
    client.reset('the kernel was restarted');
    await expect(first).rejects.toThrow('restarted');
    const second = client.ask('runs');
    expect(kernel.comms).toHaveLength(2);
    kernel.answer({ id: '2', answer: 7 });
    expect(await second).toBe(7);
  });

  it('fails when the kernel closes the comm or cannot open one', async () => {
    const kernel = new FakeKernel();
    const asked = new MagicClient(kernel, trans).ask('runs');
    kernel.comms[0].onClose({} as never);
    await expect(asked).rejects.toThrow('closed');
    const deaf = { createComm: () => { throw new Error('Comms are disabled'); } };
    await expect(new MagicClient(deaf, trans).ask('runs')).rejects.toThrow('disabled');
  });

  it('ignores an answer that no request waits for', () => {
    const kernel = new FakeKernel();
    void new MagicClient(kernel, trans).ask('runs').catch(() => {});
    expect(() => kernel.answer({ id: '9', answer: 1 })).not.toThrow();
  });
});
