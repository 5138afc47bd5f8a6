import type { Translation } from '../translation';

/** The answer of the magic `device`. */
export interface IDevice {
  name: string;
  description: string;
  heap_mib: number;
  models: number;
  runs: number;
}

/** The short text of the status bar. */
export function statusText(device: IDevice | null, trans: Translation): string {
  if (!device) {
    return 'Headstart';
  }
  const parts = [device.name || trans.__('no device open'), trans.__('%1 MiB', device.heap_mib)];
  if (device.models > 0) {
    parts.push(warm(device, trans));
  }
  if (device.runs > 0) {
    parts.push(trans._n('%1 run', '%1 runs', device.runs));
  }
  return parts.join(' · ');
}

/** The tooltip, which screen readers read as well. */
export function statusTitle(device: IDevice | null, error: string, trans: Translation): string {
  const click = trans.__('Click to run %doctor.');
  if (!device) {
    return `${error || trans.__('The device is not known yet.')} ${click}`;
  }
  const description = device.description || trans.__('The device opens with the first model.');
  const running = trans._n('%1 run in progress', '%1 runs in progress', device.runs);
  const facts = trans.__('Go heap %1 MiB, %2, %3.', device.heap_mib, warm(device, trans), running);
  return `${description} ${facts} ${click}`;
}

function warm(device: IDevice, trans: Translation): string {
  return trans._n('%1 warm model', '%1 warm models', device.models);
}
