import { quoted } from '../run/model';

/** What the wizard asks. */
export interface IChoices {
  /** The folder of images, from the notebook's own; empty for the sample images. */
  folder: string;
  weights: string;
  head: string;
  epochs: number;
}

/** What a new wizard proposes. */
export const PROPOSAL: IChoices = { folder: '', weights: 'imagenet', head: 'dense:256:relu', epochs: 10 };

/** A cell of the notebook. */
interface ICell {
  kind: 'markdown' | 'code';
  source: string;
}

/** The cells that the choices stand for. */
export function cells(choices: IChoices): ICell[] {
  const { folder, weights, head, epochs } = choices;
  const dataset = folder ? `%dataset load ${quoted(folder)}` : '%dataset sample';
  return [
    markdown(`# Transfer learning${folder ? ` on ${folder.split('/').at(-1)}` : ''}\n\nRun the cells from top to bottom.`),
    code(dataset),
    code(`%model resnet50 --weights ${quoted(weights)}${head ? ` --head "${head.replace(/[\\"]/g, '\\$&')}"` : ''}`),
    code(`%train --epochs ${epochs}`),
    code('%evaluate'),
    code('%predict @val --limit 8')
  ];
}

function markdown(source: string): ICell {
  return { kind: 'markdown', source };
}

function code(source: string): ICell {
  return { kind: 'code', source };
}

/** The notebook, whole, so that it opens the same on a machine without this extension. */
export function notebook(choices: IChoices): object {
  return {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {
      kernelspec: { name: 'headstart', display_name: 'Go (Headstart)', language: 'go' },
      language_info: { name: 'go', mimetype: 'text/x-go', file_extension: '.go', pygments_lexer: 'go', codemirror_mode: 'go' }
    },
    cells: cells(choices).map(({ kind, source }, i) => ({
      id: `cell-${i + 1}`,
      cell_type: kind,
      metadata: {},
      source,
      ...(kind === 'code' ? { execution_count: null, outputs: [] } : {})
    }))
  };
}

/** The classes of a folder: its subfolders, without hidden ones, as the kernel finds them. */
export function classesOf(entries: readonly { name: string; type: string }[]): string[] {
  return entries
    .filter(entry => entry.type === 'directory' && !entry.name.startsWith('.'))
    .map(entry => entry.name)
    .sort();
}

/** What the wizard says about the folder as it stands. */
export function folderText(folder: string, classes: readonly string[] | null): string {
  if (folder === '') {
    return 'Images drawn by the kernel itself, for a first try.';
  }
  if (classes === null) {
    return 'This folder cannot be seen from here; the kernel may still find it.';
  }
  if (classes.length < 2) {
    return 'There should be one subfolder for each class, and at least two.';
  }
  const shown = classes.slice(0, 8).join(', ');
  return `${classes.length} classes: ${shown}${classes.length > 8 ? ' and others' : ''}`;
}

/** The first name of the form name.ipynb, name-1.ipynb that is not taken. */
export function freeName(stem: string, taken: readonly string[]): string {
  for (let n = 0; ; n++) {
    const name = n === 0 ? `${stem}.ipynb` : `${stem}-${n}.ipynb`;
    if (!taken.includes(name)) {
      return name;
    }
  }
}
