import { base64, text } from '../json';

/** The MIME type of doubtful images in a notebook's outputs. */
export const CLEAN_MIME = 'application/vnd.headstart.clean+json';

/** An image that the model doubts, with what it proposes. */
export interface IDoubt {
  path: string;
  label: string;
  reason: string;
  /** keep, delete or relabel. */
  propose: string;
  to: string;
  /** JPEG in base64. */
  thumb: string;
}

/** The doubts about a dataset. */
export interface IClean {
  dataset: string;
  classes: string[];
  doubts: IDoubt[];
  note: string;
}

type Decision = 'keep' | 'delete' | 'relabel';

/** Read the doubts from JSON that may come from a stranger's notebook. Null when it holds none. */
export function readClean(json: unknown): IClean | null {
  const object = json as Partial<Record<keyof IClean, unknown>> | null | undefined;
  if (typeof object?.dataset !== 'string' || !Array.isArray(object.doubts)) {
    return null;
  }
  return {
    dataset: object.dataset,
    classes: Array.isArray(object.classes) ? object.classes.map(String) : [],
    doubts: object.doubts.map(readDoubt),
    note: text(object.note)
  };
}

function readDoubt(json: Record<string, unknown> | null): IDoubt {
  return {
    path: text(json?.path),
    label: text(json?.label),
    reason: text(json?.reason),
    propose: text(json?.propose),
    to: text(json?.to),
    thumb: base64(json?.thumb)
  };
}

/** The request to the magic `dataset` that writes a decision to the dataset's log. */
export function decide(dataset: string, doubt: IDoubt, action: Decision, to = ''): object {
  return { dataset, action, paths: [doubt.path], to, limit: 1 };
}

/** What stands on an image once it is decided. */
export function verdict(action: Decision, to: string): string {
  return { keep: 'kept', delete: 'skipped', relabel: `relabelled as ${to}` }[action];
}

/** The model's proposal in words. */
export function proposal(doubt: IDoubt): string {
  return doubt.to ? `${doubt.propose} as ${doubt.to}` : doubt.propose;
}
