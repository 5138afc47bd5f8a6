import type { Kernel } from '@jupyterlab/services';

/**
 * Tells when a kernel that is restarted answers again. The old one may still say that it is idle until JupyterLab has connected anew.
 */
export class Restart {
  /** Hear a status of the kernel. */
  hear(status: Kernel.Status): 'ended' | 'again' | null {
    switch (status) {
      case 'restarting':
      case 'autorestarting':
      case 'dead':
        this._waits = 'connection';
        return 'ended';
      case 'idle':
      case 'busy':
        if (this._waits === 'status') {
          this._waits = null;
          return 'again';
        }
    }
    return null;
  }

  /** JupyterLab has connected to the kernel. */
  connected(): void {
    if (this._waits === 'connection') {
      this._waits = 'status';
    }
  }

  /** What is yet to come after a restart. */
  private _waits: 'connection' | 'status' | null = null;
}
