import { number, text } from '../json';
import { sizeText } from '../size';
import type { Translation } from '../translation';

/** The answer of the magic `device`. */
export interface IDevice {
  name: string;
  description: string;
  models: number;
  runs: number;
}

/** The memory of a kernel with all that it started. */
export interface IUsage {
  /** Bytes of main memory. */
  memory: number;
  /** By program, the largest first. */
  programs: IProgram[];
}

export interface IProgram {
  name: string;
  memory: number;
  processes: number;
}

/** Read a usage_reply; null where the kernel measures nothing. */
export function readUsage(content: unknown): IUsage | null {
  const reply = content as { kernel_memory?: unknown; processes?: unknown } | null;
  const memory = number(reply?.kernel_memory);
  if (memory <= 0) {
    return null;
  }
  const programs = new Map<string, IProgram>();
  for (const process of Array.isArray(reply?.processes) ? (reply.processes as ({ name?: unknown; memory?: unknown } | null)[]) : []) {
    const name = text(process?.name);
    const found = programs.get(name) ?? { name, memory: 0, processes: 0 };
    programs.set(name, { name, memory: found.memory + number(process?.memory), processes: found.processes + 1 });
  }
  return { memory, programs: [...programs.values()].filter(({ name }) => name !== '').sort((a, b) => b.memory - a.memory) };
}

/** The short text of the status bar. */
export function statusText(device: IDevice | null, usage: IUsage | null, trans: Translation): string {
  const parts = [device ? device.name || trans.__('no device open') : 'Headstart'];
  if (usage) {
    parts.push(sizeText(usage.memory));
  }
  if (device && device.models > 0) {
    parts.push(warm(device, trans));
  }
  if (device && device.runs > 0) {
    parts.push(trans._n('%1 run', '%1 runs', device.runs));
  }
  return parts.join(' · ');
}

/** How many programs the tooltip lists. */
const MOST_PROGRAMS = 6;

/** The tooltip, which screen readers read as well. */
export function statusTitle(device: IDevice | null, usage: IUsage | null, error: string, trans: Translation): string {
  const sentences: string[] = [];
  if (device) {
    sentences.push(device.description || trans.__('The device opens with the first model.'));
    const running = trans._n('%1 run in progress', '%1 runs in progress', device.runs);
    sentences.push(trans.__('%1, %2.', warm(device, trans), running));
  } else {
    sentences.push(error || trans.__('The device is not known yet.'));
  }
  if (usage) {
    const programs = usage.programs.slice(0, MOST_PROGRAMS).map(program => programText(program, trans));
    sentences.push(
      programs.length > 0
        ? trans.__('Memory %1: %2.', sizeText(usage.memory), programs.join(', '))
        : trans.__('Memory %1.', sizeText(usage.memory))
    );
  }
  sentences.push(trans.__('Click to run %doctor.'));
  return sentences.join(' ');
}

function programText({ name, memory, processes }: IProgram, trans: Translation): string {
  const size = sizeText(memory);
  return processes > 1 ? trans.__('%1 (%2 processes) %3', name, processes, size) : trans.__('%1 %2', name, size);
}

function warm(device: IDevice, trans: Translation): string {
  return trans._n('%1 warm model', '%1 warm models', device.models);
}
