import { number, text } from '../json';
import { percent } from '../run/model';

/** The MIME type of a confusion matrix in a notebook's outputs. */
export const CONFUSION_MIME = 'application/vnd.headstart.confusion+json';

/** Images and classes that are read of an output, whatever it holds. */
const MOST_IMAGES = 500;
const MOST_CLASSES = 200;

/** An image behind a cell of the matrix. */
export interface IJudged {
  actual: string;
  predicted: string;
  /** Relative to the dataset's folder. */
  path: string;
  probability: number;
}

/** A confusion matrix: a row for each actual class, a column for each predicted one. */
export interface IConfusion {
  title: string;
  /** Name of the dataset that the images belong to; empty for the current one. */
  dataset: string;
  classes: string[];
  counts: number[][];
  /** Images of each actual class, also those that were predicted as a class which is not shown. */
  totals: number[];
  /** Classes of the model, of which `classes` may be some. */
  of: number;
  images: IJudged[];
  /** Images that are not in the list. */
  leftOut: number;
}

/** Read a confusion matrix from JSON that may come from an untrusted notebook. Null when the JSON is something else. */
export function readConfusion(json: unknown): IConfusion | null {
  const object = json as Record<string, unknown> | null | undefined;
  if (!object || !Array.isArray(object.classes) || !Array.isArray(object.counts) || object.classes.length > MOST_CLASSES) {
    return null;
  }
  const classes = object.classes.map(text);
  const counts = object.counts as unknown[];
  const matrix = classes.map((_, actual) => classes.map((_, predicted) => number((counts[actual] as unknown[] | null)?.[predicted])));
  const totals = Array.isArray(object.totals) ? object.totals.map(number) : [];
  return {
    title: text(object.title),
    dataset: text(object.dataset),
    classes,
    counts: matrix,
    totals: matrix.map((row, actual) => Math.max(totals[actual] ?? 0, row.reduce((sum, n) => sum + n, 0))),
    of: Math.max(number(object.of), classes.length),
    images: Array.isArray(object.images) ? object.images.slice(0, MOST_IMAGES).map(readJudged) : [],
    leftOut: number(object.left_out)
  };
}

function readJudged(json: Record<string, unknown> | null): IJudged {
  return { actual: text(json?.actual), predicted: text(json?.predicted), path: text(json?.path), probability: number(json?.probability) };
}

/** The images of a cell, in the order of the output: the highest loss first. */
export function imagesOf(confusion: IConfusion, actual: number, predicted: number): IJudged[] {
  const { classes, images } = confusion;
  return images.filter(image => image.actual === classes[actual] && image.predicted === classes[predicted]);
}

/** What fraction of the actual class a cell is. */
export function fractionOf({ counts, totals }: IConfusion, actual: number, predicted: number): number {
  return totals[actual] > 0 ? counts[actual][predicted] / totals[actual] : 0;
}

/** The text of a cell: its count, or the fraction of its row. */
export function cellText(confusion: IConfusion, actual: number, predicted: number, normalized: boolean): string {
  return normalized ? percent(fractionOf(confusion, actual, predicted)) : String(confusion.counts[actual][predicted]);
}
