import { base64, number, text } from '../json';
import type { IAnswer } from '../predict/data';
import { quoted } from '../run/model';
import type { Translation } from '../translation';
import { UNKNOWN, weightsFor } from '../wizard/weights';

/** A class of the folder, with the images that are used. */
export interface IClassCount {
  name: string;
  images: number;
}

/** An image of the chosen class. */
export interface ICaptured {
  path: string;
  /** JPEG in base64. */
  thumb: string;
}

/** How a folder of captured images stands. */
export interface IState {
  /** Absolute; empty where none was chosen. */
  folder: string;
  /** Folders of the datasets that the kernel has loaded. */
  known: string[];
  classes: IClassCount[];
  /** Edits of the folder's log that can be taken back. */
  edits: number;
  /** The image that the request has added. */
  added: string;
  /** The latest images of the class that was asked for, where the request has added none. */
  latest: ICaptured[];
}

/** Read the answer of the magic `dataset` to a request with `capture`. */
export function readState(answer: unknown): IState {
  const json = (answer ?? {}) as Record<string, unknown>;
  return {
    folder: text(json.folder),
    known: Array.isArray(json.known) ? json.known.map(text).filter(name => name !== '') : [],
    classes: Array.isArray(json.classes) ? json.classes.map(readClass) : [],
    edits: number(json.edits),
    added: text(json.added),
    latest: Array.isArray(json.latest) ? json.latest.map(readCaptured) : []
  };
}

function readClass(json: Record<string, unknown> | null): IClassCount {
  return { name: text(json?.name), images: number(json?.images) };
}

function readCaptured(json: Record<string, unknown> | null): ICaptured {
  return { path: text(json?.path), thumb: base64(json?.thumb) };
}

/** Asks the magic `dataset` about a folder of captured images. */
export type AskCapture = (request: object) => Promise<unknown>;

/** How many images of a class are shown. */
const SHOWN = 24;

/** A folder that images are added to, as the panel shows it. */
export class Capture {
  constructor(
    private readonly _ask: AskCapture,
    private readonly _trans: Translation
  ) {}

  state: IState = readState(null);
  className = '';
  error = '';
  /** The images of the chosen class, the latest first. */
  shown: ICaptured[] = [];

  /** Find the folders of the loaded datasets. */
  async look(): Promise<void> {
    await this._do({ folder: this.state.folder, class: this.className });
  }

  /** Choose a folder, which is made where it should be, and a class of it: the one that is named, else the first. */
  async open(folder: string, create: boolean, className = ''): Promise<void> {
    if (folder.trim() === '') {
      this.error = this._trans.__('Name a folder first.');
      return;
    }
    if (await this._do({ folder: folder.trim(), action: create ? 'create' : '' })) {
      this.shown = [];
      this.className = '';
      const names = this.state.classes.map(({ name }) => name);
      const chosen = names.includes(className) ? className : names[0];
      if (chosen !== undefined) {
        await this.choose(chosen);
      }
    }
  }

  /** Choose the class that images are added to. */
  async choose(name: string): Promise<void> {
    this.className = name;
    this.shown = [];
    await this._do({ class: name });
  }

  async addClass(name: string): Promise<void> {
    if (await this._do({ action: 'class', class: name.trim() })) {
      this.className = name.trim();
      this.shown = [];
    }
  }

  /**
   * Add an image to the chosen class.
   * @param recording when the recording began, in milliseconds since 1970
   * @param frame its number in the recording, from 1 on
   * @returns whether it was added
   */
  async add(image: string, thumb: string, recording: number, frame: number): Promise<boolean> {
    if (this.className === '') {
      this.error = this._trans.__('Choose a class first.');
      return false;
    }
    const name = this.className;
    const added = await this._do({ action: 'add', class: name, image, recording, frame });
    if (added && name === this.className) {
      this.shown = [{ path: this.state.added, thumb }, ...this.shown].slice(0, SHOWN);
    }
    return added;
  }

  /** Do not use an image. The file stays, and the folder's log says it. */
  async exclude(path: string): Promise<void> {
    await this._do({ action: 'exclude', class: this.className, path });
  }

  /** Take back the last edit of the folder's log. */
  async undo(): Promise<void> {
    await this._do({ action: 'undo', class: this.className });
  }

  /** Why a training makes no sense yet; empty where it does. */
  get lacking(): string {
    const usable = this.state.classes.filter(({ images }) => images >= FEWEST);
    return usable.length < 2 ? this._trans.__('A training needs two classes with %1 images each.', FEWEST) : '';
  }

  private async _do(request: { folder?: string; class?: string; action?: string; [field: string]: unknown }): Promise<boolean> {
    try {
      const state = readState(await this._ask({ capture: { folder: this.state.folder, ...request } }));
      this.state = state;
      if (request.action !== 'add' && request.class) {
        this.shown = state.latest;
      }
      this.error = '';
      return true;
    } catch (error) {
      this.error = (error as Error).message;
      return false;
    }
  }
}

/** Images of a class without which nothing can be learned: some are kept for validation. */
export const FEWEST = 4;

/** The cells that train on a folder, after each other. A model that the kernel has already is trained again. */
export function trainCells(folder: string, model: IAnswer | null): string[] {
  const size = model && model.size > 0 && model.size !== 224 ? ` --size ${model.size}` : '';
  return [
    `%dataset load ${quoted(folder)}${size}`,
    ...(model ? [] : [`%model resnet50 --weights ${weightsFor(folder, UNKNOWN)}`]),
    '%train'
  ];
}
