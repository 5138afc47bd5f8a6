import type { Kernel } from '@jupyterlab/services';

import { MagicClient } from '../kernel/client';
import { KERNEL_NAME } from '../kernel/session';
import type { Translation } from '../translation';
import { readWeights, UNKNOWN, type Weights } from './weights';

/** Milliseconds that a kernel may take to start and to ask the hub. */
const PATIENCE_MS = 30_000;

/**
 * Ask a kernel where published weights can be had: one that runs, or one that is started for the question and ended after it.
 * Where neither answers, nothing is known.
 */
export async function askWeights(kernels: Kernel.IManager, trans: Translation): Promise<Weights> {
  const running = [...kernels.running()].find(({ name }) => name === KERNEL_NAME);
  let kernel: Kernel.IKernelConnection | null = null;
  try {
    kernel = running ? kernels.connectTo({ model: running }) : await kernels.startNew({ name: KERNEL_NAME });
    return readWeights(await new MagicClient(kernel as never, trans, PATIENCE_MS).ask('model'));
  } catch (error) {
    console.warn('Headstart: it is not known which weights can be had.', error);
    return UNKNOWN;
  } finally {
    if (!running) {
      await kernel?.shutdown().catch(() => undefined); // it has ended already
    }
    kernel?.dispose();
  }
}
