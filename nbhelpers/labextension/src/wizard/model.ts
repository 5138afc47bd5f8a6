import { noFlag, quoted } from '../run/model';
import type { Translation } from '../translation';

/** How the classifier is made. */
export type Recipe = 'auto' | 'classic';

/** What the wizard asks. */
export interface IChoices {
  /** The folder of images, from the notebook's own; empty for the sample images. */
  folder: string;
  weights: string;
  recipe: Recipe;
  /** Of the recipe classic; empty for a linear one. */
  head: string;
  epochs: number;
}

/** What a new wizard proposes. */
export const PROPOSAL: IChoices = { folder: '', weights: 'sample', recipe: 'auto', head: 'dense:256:relu,dropout:0.2', epochs: 10 };

/** Heads that are worth a try, with what they are. */
export function heads(trans: Translation): [head: string, meaning: string][] {
  return [
    ['dense:256:relu,dropout:0.2', trans.__('256 units, with dropout')],
    ['batchnorm', trans.__('linear, on normalized features')],
    ['none', trans.__('linear')]
  ];
}

/** A cell of the notebook. */
interface ICell {
  kind: 'markdown' | 'code';
  source: string;
}

/** The cells of the notebook for some choices. */
export function cells(choices: IChoices, trans: Translation): ICell[] {
  const { folder, recipe, epochs } = choices;
  const title = folder ? trans.__('Transfer learning on %1', folder.split('/').at(-1)) : trans.__('Transfer learning');
  return [
    markdown(
      `# ${title}`,
      trans.__('A backbone that was trained on other images turns each image into features; a classifier learns your classes from them. Run the cells from top to bottom with Shift-Enter.')
    ),
    markdown(`## ${trans.__('The images')}`, trans.__('Every file is opened and checked. A fifth of the images is kept for validation.')),
    code(folder ? `%dataset load ${noFlag(folder)}` : '%dataset sample --size 128'),
    markdown(`## ${trans.__('The model')}`, trans.__('The backbone is frozen: its weights do not change.')),
    code(modelLine(choices)),
    markdown(
      `## ${trans.__('The training')}`,
      recipe === 'auto'
        ? trans.__('Cross-validation on the training images chooses the classifier. The validation images measure it once.')
        : trans.__('The curves show each epoch. The weights with the lowest validation loss are kept.')
    ),
    code(recipe === 'auto' ? '%train' : `%train --epochs ${epochs}`),
    markdown(`## ${trans.__('The result')}`, trans.__('Which classes are confused, and which images are the worst mistakes?')),
    code('%evaluate'),
    code('%predict @val --limit 8'),
    markdown(`## ${trans.__('Next')}`, trans.__('Predict a file of yours with %predict FILE, and keep the model with %save FOLDER.'))
  ];
}

function modelLine({ weights, recipe, head }: IChoices): string {
  const line = `%model resnet50 --weights ${quoted(weights)}`;
  return recipe === 'classic' ? `${line} --head ${head ? `"${head.replace(/[\\"]/g, '\\$&')}"` : 'none'}` : line;
}

function markdown(...parts: string[]): ICell {
  return { kind: 'markdown', source: parts.join('\n\n') };
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

/** The first name of the form name.ipynb, name-1.ipynb that is not taken. */
export function freeName(stem: string, taken: readonly string[]): string {
  for (let n = 0; ; n++) {
    const name = n === 0 ? `${stem}.ipynb` : `${stem}-${n}.ipynb`;
    if (!taken.includes(name)) {
      return name;
    }
  }
}
