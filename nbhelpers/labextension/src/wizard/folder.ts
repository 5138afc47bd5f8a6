import type { Translation } from '../translation';

/** An entry of a folder, as the server lists it. */
export interface IEntry {
  name: string;
  type: string;
}

/** What a folder of images looks like from outside. */
export interface ILayout {
  classes: string[];
  /** The folders that divide the images for training, validation and testing; empty where the classes stand in the folder itself. */
  splits: string[];
}

const VALIDATION = ['val', 'validation', 'valid', 'test', 'dev'];

/** Folders that programs leave behind; the kernel ignores them too. */
const LEFT_BEHIND = ['lost+found', '__pycache__', '__MACOSX', '$RECYCLE.BIN', '@eaDir', 'System Volume Information'];

/** The folder that a text names: completion and file managers end one with a slash. */
export function folderNamed(text: string): string {
  return text.trim().replace(/(?<=.)\/+$/, '');
}

/** The subfolders that may be classes, sorted. */
export function foldersOf(entries: readonly IEntry[]): string[] {
  return entries
    .filter(({ name, type }) => type === 'directory' && !name.startsWith('.') && !LEFT_BEHIND.includes(name))
    .map(entry => entry.name)
    .sort();
}

/** The files of weights in a folder. */
export function weightsOf(entries: readonly IEntry[]): string[] {
  return entries.filter(({ name, type }) => type !== 'directory' && /\.(safetensors|pth|pt)$/.test(name)).map(entry => entry.name);
}

/** The folders of a split dataset: one for training, and at least one other. Empty where the names are those of classes. */
export function splitsOf(folders: readonly string[]): string[] {
  const others = folders.filter(name => VALIDATION.includes(name.toLowerCase()));
  const train = folders.filter(name => name.toLowerCase() === 'train');
  return train.length === 1 && others.length > 0 ? [...train, ...others] : [];
}

/**
 * Find the classes of a folder of images, as the kernel does.
 *
 * @param list lists a folder below the notebook's own; null where it cannot
 */
export async function findLayout(folder: string, list: (folder: string) => Promise<IEntry[] | null>): Promise<ILayout | null> {
  const entries = await list(folder);
  if (entries === null) {
    return null;
  }
  const folders = foldersOf(entries);
  const splits = splitsOf(folders);
  if (splits.length === 0) {
    return { classes: folders, splits };
  }
  const inside = await list(`${folder}/${splits[0]}`);
  return { classes: inside === null ? [] : foldersOf(inside), splits };
}

/** What the wizard says about the folder. */
export function folderText(folder: string, layout: ILayout | null, trans: Translation): string {
  if (folder === '') {
    return trans.__('Images of ten shapes and patterns are drawn, so that everything can be tried without data.');
  }
  if (layout === null) {
    return trans.__('The server cannot list this folder; the kernel may still find it.');
  }
  const { classes, splits } = layout;
  if (classes.length < 2) {
    return trans.__('The folder needs at least two subfolders, one for each class.');
  }
  const shown = classes.slice(0, 8).join(', ');
  const counted =
    classes.length > 8 ? trans.__('%1 classes: %2 and others', classes.length, shown) : trans.__('%1 classes: %2', classes.length, shown);
  return splits.length > 0 ? trans.__('%1 (in the folders %2)', counted, splits.join(', ')) : counted;
}
