import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { KernelMessage, type Kernel } from '@jupyterlab/services';
import { Signal, type ISignal } from '@lumino/signaling';

import type { Translation } from '../translation';
import { RunFeed } from '../runs/feed';
import { Activity } from './activity';
import { MAGIC_TARGET, MagicClient } from './client';
import { Restart } from './restart';

/** The name of the kernelspec. */
export const KERNEL_NAME = 'headstart';

/** A cell that calls one of the plugin's magics, and so starts it. */
const STARTS_PLUGIN =
  /^%(dataset|model|train|evaluate|predict|explain|tune|runs|attach|verify|clean|save|load|export|device|teach|serve|check)\b/m;

/** Milliseconds to wait for what the kernel takes; it answers also while a cell runs. */
const USAGE_PATIENCE_MS = 10_000;

/** What the panels have in common about one kernel. */
export class KernelSession {
  constructor(
    readonly kernel: Kernel.IKernelConnection,
    pollMS: () => number,
    private readonly _trans: Translation
  ) {
    this.client = new MagicClient(kernel as never, _trans);
    const activity = new Activity(this);
    this.feed = new RunFeed(
      request => this.client.ask('runs', request),
      pollMS,
      () => activity.news,
      watcher => this.client.watch('runs', watcher)
    );
    kernel.connectionStatusChanged.connect(this._onConnection, this);
    kernel.statusChanged.connect(this._onStatus, this);
    kernel.iopubMessage.connect(this._onOutput, this);
  }

  readonly client: MagicClient;
  readonly feed: RunFeed;

  /** Whether the magics' plugin is known to run, so that asking it starts nothing. */
  get warm(): boolean {
    return this._started || this.client.answered;
  }

  /** Whether the kernel runs a cell, as far as its last status tells. */
  get busy(): boolean {
    return this.kernel.status === 'busy';
  }

  /** Whether a page has asked this kernel's magics, so that asking again starts nothing: its comm is still open then. */
  async hasBeenAsked(): Promise<boolean> {
    if (this.warm) {
      return true;
    }
    const { content } = await this.kernel.requestCommInfo({ target_name: MAGIC_TARGET });
    return Object.keys((content as { comms?: object }).comms ?? {}).length > 0;
  }

  /** Measure the kernel and all that it started; the content of the answer. It starts nothing. */
  async usage(): Promise<unknown> {
    const message = KernelMessage.createMessage({
      channel: 'control',
      msgType: 'usage_request', // ipykernel's; the types of JupyterLab do not know it
      session: this.kernel.clientId,
      username: this.kernel.username,
      content: {}
    } as never) as unknown as KernelMessage.IControlMessage;
    const future = this.kernel.sendControlMessage(message, true);
    const timer = setTimeout(() => future.dispose(), USAGE_PATIENCE_MS); // which fails the promise
    try {
      return (await future.done)?.content ?? null;
    } finally {
      clearTimeout(timer);
    }
  }

  /** How many cells have begun since the page knows the kernel. */
  get begun(): number {
    return this._begun;
  }

  /** How many times the kernel has answered again after a restart. */
  get restarts(): number {
    return this._restarts;
  }

  /** Emitted when the kernel answers again after a restart: it has lost what it had loaded. */
  get restarted(): ISignal<this, void> {
    return this._restarted;
  }

  private _onStatus(_: unknown, status: Kernel.Status): void {
    switch (this._restart.hear(status)) {
      case 'ended':
        this._started = false;
        this.client.reset(this._trans.__('The kernel was restarted.'));
        break;
      case 'again':
        this._restarts++;
        this._restarted.emit();
    }
  }

  private _onConnection(_: unknown, status: Kernel.ConnectionStatus): void {
    if (status === 'connected') {
      if (this._lost) {
        this.client.renew();
      }
      this._restart.connected();
    }
    this._lost = status !== 'connected';
  }

  private _onOutput(_: unknown, message: KernelMessage.IIOPubMessage): void {
    if (message.header.msg_type !== 'execute_input') {
      return;
    }
    this._begun++;
    const { code } = message.content as { code?: string };
    if (STARTS_PLUGIN.test(code ?? '')) {
      this._started = true;
    }
  }

  private _started = false;
  private readonly _restart = new Restart();
  private _lost = false;
  private _begun = 0;
  private _restarts = 0;
  private readonly _restarted = new Signal<this, void>(this);
}

/**
 * Knows the Headstart kernel of the notebook that is in front.
 */
export class KernelSessions {
  constructor(
    private readonly _tracker: INotebookTracker,
    private readonly _pollMS: () => number,
    private readonly _trans: Translation
  ) {
    _tracker.currentChanged.connect(this._follow, this);
    this._follow();
  }

  /** Emitted when another kernel is in front, or none. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The kernel in front; null where there is none, or it is another language's. */
  get current(): KernelSession | null {
    return this.of(this._tracker.currentWidget);
  }

  /** The kernel of a notebook. */
  of(notebook: NotebookPanel | null): KernelSession | null {
    const kernel = notebook?.sessionContext.session?.kernel;
    if (!kernel || kernel.name !== KERNEL_NAME) {
      return null;
    }
    let session = this._sessions.get(kernel);
    if (!session) {
      session = new KernelSession(kernel, this._pollMS, this._trans);
      this._sessions.set(kernel, session);
    }
    return session;
  }

  private _follow(): void {
    const front = this._tracker.currentWidget;
    if (front && !this._followed.has(front)) {
      this._followed.add(front);
      front.sessionContext.kernelChanged.connect(() => this._changed.emit());
      front.sessionContext.connectionStatusChanged.connect(() => this._changed.emit());
    }
    this._changed.emit();
  }

  private readonly _sessions = new WeakMap<Kernel.IKernelConnection, KernelSession>();
  private readonly _followed = new WeakSet<NotebookPanel>();
  private readonly _changed = new Signal<this, void>(this);
}
