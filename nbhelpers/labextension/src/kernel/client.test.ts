import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { translation } from '../translation';
import { MAGIC_TARGET, MagicClient, type IComm } from './client';

const trans = translation(null);

/** A comm that records what it sends. */
function fakeComm() {
  const sent: { id: string; token: string; magic: string; request?: object }[] = [];
  const onMsg: IComm['onMsg'] = () => {};
  const onClose: IComm['onClose'] = () => {};
  return { sent, isDisposed: false, onMsg, onClose, open: vi.fn(), send: (m: never) => sent.push(m) };
}

/** What was sent, without the token, which is random. */
function plain(comm: { sent: object[] }): object[] {
  return comm.sent.map(message => ({ ...message, token: undefined }));
}

/** A kernel that records what it is sent and answers when told to. */
class FakeKernel {
  comms: ReturnType<typeof fakeComm>[] = [];

  createComm(target: string) {
    expect(target).toBe(MAGIC_TARGET);
    const comm = fakeComm();
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
    expect(plain(kernel.comms[0])).toEqual([
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

  it('sends again what may be lost with a connection, under the same token', async () => {
    const kernel = new FakeKernel();
    const client = new MagicClient(kernel, trans);
    const answered = client.ask('device');
    const waiting = client.ask('runs');
    kernel.answer({ id: '1', answer: 'cpu' });
    await answered;
    client.renew();
    const [comm] = kernel.comms;
    expect(comm.open).toHaveBeenCalledTimes(2); // which may be lost too
    expect(comm.sent.map(({ magic }) => magic)).toEqual(['device', 'runs', 'runs']);
    expect(comm.sent[2]).toEqual(comm.sent[1]);
    expect(comm.sent[0].token).not.toBe(comm.sent[1].token);
    kernel.answer({ id: '2', answer: 7 });
    kernel.answer({ id: '2', answer: 7 });
    expect(await waiting).toBe(7);
    client.renew();
    expect(comm.sent).toHaveLength(3);
  });

  it('opens another comm where JupyterLab has dropped its own', async () => {
    const kernel = new FakeKernel();
    const client = new MagicClient(kernel, trans);
    const waiting = client.ask('runs');
    kernel.comms[0].isDisposed = true;
    client.renew();
    expect(kernel.comms).toHaveLength(2);
    expect(kernel.comms[1].sent).toEqual(kernel.comms[0].sent);
    kernel.answer({ id: '1', answer: 7 });
    expect(await waiting).toBe(7);
  });

  it('asks over another comm once JupyterLab has dropped its own', async () => {
    const kernel = new FakeKernel();
    const client = new MagicClient(kernel, trans);
    void client.ask('runs').catch(() => {});
    kernel.comms[0].isDisposed = true;
    const asked = client.ask('device');
    kernel.answer({ id: '2', answer: 'cpu' });
    expect(await asked).toBe('cpu');
    expect(kernel.comms).toHaveLength(2);
  });

  it('takes no token of another page', () => {
    const kernel = new FakeKernel();
    void new MagicClient(kernel, trans).ask('runs').catch(() => {});
    void new MagicClient(kernel, trans).ask('runs').catch(() => {});
    expect(kernel.comms[0].sent[0].token).not.toBe(kernel.comms[1].sent[0].token);
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

  it('hears what is watched without another request, over the same comm', async () => {
    const kernel = new FakeKernel();
    const client = new MagicClient(kernel, trans);
    const news = vi.fn();
    const ended = vi.fn();
    client.watch('runs', { news, ended });
    kernel.answer({ id: '1', answer: { watching: true, seconds: 600 } });
    for (let n = 0; n < 10; n++) {
      await vi.advanceTimersByTimeAsync(1000);
      kernel.answer({ magic: 'runs', news: { n } });
    }
    expect(news).toHaveBeenCalledTimes(10);
    expect(kernel.comms).toHaveLength(1);
    expect(plain(kernel.comms[0])).toEqual([{ id: '1', magic: 'runs', watch: true }]);
    client.renew();
    expect(kernel.comms[0].sent).toHaveLength(2);
    client.reset('the kernel was restarted');
    expect(ended).toHaveBeenCalledWith('the kernel was restarted', false);
  });
});
