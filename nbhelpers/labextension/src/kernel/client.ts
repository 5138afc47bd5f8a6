import { UUID } from '@lumino/coreutils';

import type { Translation } from '../translation';
import { Watches, type IWatcher } from './watches';

/** The comm target under which the kernel's magics answer. */
export const MAGIC_TARGET = 'headstart.magic';

/** What a client uses of a comm. */
export interface IComm {
  readonly isDisposed: boolean;
  onMsg: (message: { content: { data: unknown } }) => void;
  onClose: (message: never) => void;
  open(): unknown;
  send(data: never): unknown;
}

/** What a client uses of a kernel connection. */
export interface IKernel {
  createComm(target: string): IComm;
}

/** What is watched in the place of a magic for the memory of the kernel. */
export const USAGE_SUBJECT = 'kernel/usage';

/** What the kernel itself answers: that does not say that the plugin runs. */
const OF_THE_KERNEL = ['vars', USAGE_SUBJECT];

interface IWaiting {
  magic: string;
  message: object;
  resolve(answer: unknown): void;
  reject(error: Error): void;
  timer: ReturnType<typeof setTimeout>;
}

interface IAnswer {
  id?: unknown;
  answer?: unknown;
  error?: string;
}

/**
 * Asks the magics of one kernel, also while a cell runs.
 */
export class MagicClient {
  /**
   * @param kernel where the magics are
   * @param trans the language of the errors
   * @param timeoutMS how long an answer may take; the first request starts the plugin
   */
  constructor(
    private readonly kernel: IKernel,
    private readonly _trans: Translation,
    private readonly timeoutMS = 60_000
  ) {}

  /** Whether the plugin has answered before, so that asking it again starts nothing. */
  get answered(): boolean {
    return this._answered;
  }

  /** Ask a magic. The promise fails with the magic's own error. */
  ask<T>(magic: string, request: object = {}): Promise<T> {
    return this._send<T>(magic, { request });
  }

  /** Hear what a magic tells without being asked, until the returned function is called. A kernel of an earlier version tells nothing. */
  watch(magic: string, watcher: IWatcher): () => void {
    return this._watches.start(magic, watcher);
  }

  /**
   * Send again what has no answer, and ask again for all that is watched, as after a connection that was lost: the request or its answer
   * may be lost too. The kernel answers each token once, so that nothing is done twice.
   */
  renew(): void {
    try {
      this._live()?.open(); // its opening may be what was lost
      for (const { message } of [...this._waiting.values()]) {
        this._transmit(message);
      }
    } catch (error) {
      this.reset((error as Error).message);
    }
    this._watches.renew();
  }

  private _send<T>(magic: string, what: object): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const id = String(++this._last);
      const message = { id, token: `${this._name}-${id}`, magic, ...what };
      const timer = setTimeout(() => {
        this._waiting.delete(id);
        reject(new Error(this._trans.__('%1 did not answer within %2 seconds', `%${magic}`, this.timeoutMS / 1000)));
      }, this.timeoutMS);
      this._waiting.set(id, { magic, message, resolve, reject, timer });
      try {
        this._transmit(message);
      } catch (error) {
        this._settle(id)?.reject(error as Error);
      }
    });
  }

  private _transmit(message: object): void {
    this._comm = this._live() ?? this._open();
    this._comm.send(message as never);
  }

  /** The comm, unless JupyterLab has dropped it, as it does with those of a kernel that it restarts. */
  private _live(): IComm | null {
    return this._comm?.isDisposed ? null : this._comm;
  }

  /** Forget the comm, as after a restart of the kernel; the next request opens another. */
  reset(reason: string): void {
    this._comm = null;
    this._answered = false;
    for (const id of [...this._waiting.keys()]) {
      this._settle(id)?.reject(new Error(reason));
    }
    this._watches.reset(reason);
  }

  private _open(): IComm {
    const comm = this.kernel.createComm(MAGIC_TARGET);
    comm.onMsg = message => this._hear(message.content.data as IAnswer);
    comm.onClose = () => {
      if (this._comm === comm) {
        this.reset(this._trans.__('The kernel closed the connection to its magics.'));
      }
    };
    comm.open();
    return comm;
  }

  private _hear(data: IAnswer): void {
    if (this._watches.hear(data)) {
      return;
    }
    const waiting = this._settle(String(data.id));
    if (data.error !== undefined) {
      waiting?.reject(new Error(data.error));
      return;
    }
    this._answered ||= waiting !== undefined && !OF_THE_KERNEL.includes(waiting.magic);
    waiting?.resolve(data.answer);
  }

  private _settle(id: string): IWaiting | undefined {
    const waiting = this._waiting.get(id);
    if (waiting) {
      clearTimeout(waiting.timer);
      this._waiting.delete(id);
    }
    return waiting;
  }

  private _comm: IComm | null = null;
  private _answered = false;
  private _last = 0;
  /** Tells this page's tokens from those of others. */
  private readonly _name = UUID.uuid4();
  private readonly _waiting = new Map<string, IWaiting>();
  private readonly _watches = new Watches((magic, watch) => this._send(magic, { watch }));
}
