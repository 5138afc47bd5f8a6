import { quoted } from '../run/model';
import type { Translation } from '../translation';

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

/** The cells of the notebook for some choices. */
export function cells(choices: IChoices, trans: Translation): ICell[] {
  const { folder, weights, head, epochs } = choices;
  const dataset = folder ? `%dataset load ${quoted(folder)}` : '%dataset sample';
  const title = folder ? trans.__('Transfer learning on %1', folder.split('/').at(-1)) : trans.__('Transfer learning');
  return [
    markdown(`# ${title}\n\n${trans.__('Run the cells from top to bottom.')}`),
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

/** The complete notebook, so that it opens the same on a machine without this extension. */
export function notebook(choices: IChoices, trans: Translation): object {
  return {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {
      kernelspec: { name: 'headstart', display_name: 'Go (Headstart)', language: 'go' },
      language_info: { name: 'go', mimetype: 'text/x-go', file_extension: '.go', pygments_lexer: 'go', codemirror_mode: 'go' }
    },
    cells: cells(choices, trans).map(({ kind, source }, i) => ({
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

/** What the wizard says about the folder. */
export function folderText(folder: string, classes: readonly string[] | null, trans: Translation): string {
  if (folder === '') {
    return trans.__('The built-in sample images.');
  }
  if (classes === null) {
    return trans.__('The server cannot list this folder; the kernel may still find it.');
  }
  if (classes.length < 2) {
    return trans.__('The folder needs at least two subfolders, one for each class.');
  }
  const shown = classes.slice(0, 8).join(', ');
  return classes.length > 8
    ? trans.__('%1 classes: %2 and others', classes.length, shown)
    : trans.__('%1 classes: %2', classes.length, shown);
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
