import { base64, text } from '../json';
import type { Translation } from '../translation';

/** The MIME type of doubtful images in a notebook's outputs. */
export const CLEAN_MIME = 'application/vnd.headstart.clean+json';

/** An image whose label the model disagrees with, and the proposed edit. */
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

/** The doubtful labels of a dataset. */
export interface IClean {
  dataset: string;
  classes: string[];
  doubts: IDoubt[];
  note: string;
}

type Decision = 'keep' | 'delete' | 'relabel';

/** Read doubts from JSON that may come from an untrusted notebook. Null when the JSON is something else. */
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

/** The text on an image after the decision. */
export function verdict(action: Decision, to: string, trans: Translation): string {
  return { keep: trans.__('kept'), delete: trans.__('skipped'), relabel: trans.__('relabeled as %1', to) }[action];
}

/** The proposed edit in words. */
export function proposal(doubt: IDoubt, trans: Translation): string {
  switch (doubt.propose) {
    case 'relabel':
      return trans.__('relabel as %1', doubt.to);
    case 'delete':
      return trans.__('skip');
    default:
      return trans.__('keep');
  }
}
