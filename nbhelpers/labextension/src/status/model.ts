/** What the magic `device` answers. */
export interface IDevice {
  name: string;
  description: string;
  heap_mib: number;
  models: number;
  runs: number;
}

/** The short text of the status bar. */
export function statusText(device: IDevice | null): string {
  if (!device) {
    return 'Headstart';
  }
  const parts = [device.name || 'no device open', `${device.heap_mib} MiB`];
  if (device.models > 0) {
    parts.push(plural(device.models, 'warm model'));
  }
  if (device.runs > 0) {
    parts.push(plural(device.runs, 'run'));
  }
  return parts.join(' · ');
}

/** What the pointer and a screen reader are told. */
export function statusTitle(device: IDevice | null, error: string): string {
  const facts = device
    ? `${device.description || 'The device opens with the first model.'} Go heap ${device.heap_mib} MiB, ` +
      `${plural(device.models, 'warm model')}, ${plural(device.runs, 'run')} under way.`
    : error || 'Nothing has been asked of the device yet.';
  return `${facts} Click to run %doctor.`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
