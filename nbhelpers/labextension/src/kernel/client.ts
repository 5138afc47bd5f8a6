import type { Translation } from '../translation';

/** The comm target under which the kernel's magics answer. */
export const MAGIC_TARGET = 'headstart.magic';

/** What a client uses of a comm. */
export interface IComm {
  onMsg: (message: { content: { data: unknown } }) => void;
  onClose: (message: never) => void;
  open(): unknown;
  send(data: never): unknown;
}

/** What a client uses of a kernel connection. */
export interface IKernel {
  createComm(target: string): IComm;
}

/** Magics that the kernel itself answers: their answers do not say that the plugin runs. */
const OF_THE_KERNEL = ['vars'];

interface IWaiting {
  magic: string;
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
    return new Promise<T>((resolve, reject) => {
      const id = String(++this._last);
      const timer = setTimeout(() => {
        this._waiting.delete(id);
        reject(new Error(this._trans.__('%1 did not answer within %2 seconds', `%${magic}`, this.timeoutMS / 1000)));
      }, this.timeoutMS);
      this._waiting.set(id, { magic, resolve, reject, timer });
      try {
        this._comm ??= this._open();
        this._comm.send({ id, magic, request } as never);
      } catch (error) {
        this._settle(id)?.reject(error as Error);
      }
    });
  }

  /** Forget the comm, as after a restart of the kernel; the next request opens another. */
  reset(reason: string): void {
    this._comm = null;
    this._answered = false;
    for (const id of [...this._waiting.keys()]) {
      this._settle(id)?.reject(new Error(reason));
    }
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
  private readonly _waiting = new Map<string, IWaiting>();
}
