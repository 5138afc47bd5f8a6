import { RUN_MIME } from './data';

/** What a cell shows of a run: the same under several MIME types. */
export interface IOutput {
  data: Record<string, unknown>;
  metadata: Record<string, unknown>;
}

/** Read the answer of the magic `runs` to the action `show`; null when it is not a run. */
export function readOutput(json: unknown): IOutput | null {
  const { data, metadata } = (json ?? {}) as Partial<IOutput>;
  return data && typeof data === 'object' && RUN_MIME in data ? { data, metadata: metadata ?? {} } : null;
}
