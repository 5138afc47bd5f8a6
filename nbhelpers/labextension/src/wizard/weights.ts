import { number, text } from '../json';
import { sizeText } from '../size';
import type { Translation } from '../translation';

/** Where published weights can be had: in the cache, from the hub, or nowhere. */
export type Presence = 'cached' | 'hub' | 'none';

/** Published weights by their names. */
export type Weights = ReadonlyMap<string, { presence: Presence; bytes: number }>;

/** Nothing is known of them yet. */
export const UNKNOWN: Weights = new Map();

const PRESENCES: readonly string[] = ['cached', 'hub', 'none'];

/** Read the answer of the magic `model`; what has another form is left out. */
export function readWeights(answer: unknown): Weights {
  const list = (answer as { weights?: unknown } | null)?.weights;
  const found = new Map<string, { presence: Presence; bytes: number }>();
  for (const entry of Array.isArray(list) ? (list as (Record<string, unknown> | null)[]) : []) {
    const name = text(entry?.name);
    const presence = text(entry?.presence);
    if (name && PRESENCES.includes(presence)) {
      found.set(name, { presence: presence as Presence, bytes: number(entry?.bytes) });
    }
  }
  return found;
}

/** The weights that are proposed for a folder of images; the sample images have weights of their own. */
export function weightsFor(folder: string, weights: Weights): string {
  return folder === '' || weights.get('imagenet')?.presence === 'none' ? 'sample' : 'imagenet';
}

/** The names that are offered, with what they are, the best of those that can be had first. */
export function offers(weights: Weights, trans: Translation): [name: string, meaning: string][] {
  const imagenet = weights.get('imagenet');
  const size = sizeText(imagenet?.bytes || IMAGENET_BYTES);
  const photos: [string, string] = ['imagenet', trans.__('for photos, %1, fetched once', size)];
  const drawings: [string, string] = ['sample', trans.__('for drawings, without a network')];
  const random: [string, string] = ['random', trans.__('untrained')];
  switch (imagenet?.presence) {
    case 'cached':
      return [['imagenet', trans.__('for photos, on this machine already')], drawings, random];
    case 'none':
      return [drawings, ['imagenet', trans.__('for photos, %1; neither on this machine nor can the hub be reached', size)], random];
    default:
      return [photos, drawings, random];
  }
}

/** The size of the file, where the kernel has not said it yet. */
const IMAGENET_BYTES = 102_469_840;
