import { text } from '../json';
import { readAnswer, type IAnswer } from '../predict/data';

/** Asks the magic `teach`. */
export type AskTeach = (request: object) => Promise<unknown>;

/** Read what the magic `teach` predicts; null before it can. */
export function readTaught(answer: unknown): IAnswer | null {
  const { taught, prediction } = (answer ?? {}) as Record<string, Record<string, unknown> | null | undefined>;
  if (!prediction || !Array.isArray(prediction.top)) {
    return null;
  }
  const classes = Array.isArray(taught?.classes) ? taught.classes.map((known: { name?: unknown } | null) => known?.name) : [];
  return readAnswer({ model: text(taught?.model), trained: true, classes, top: prediction.top });
}

/** How many classes a prediction has at the most. */
const TOP = 12;

/** A model that learns from each image of a folder at once: the nearest centroid, without a training. */
export class Teaching {
  /**
   * @param fail is told why an image could not be learned from; nothing is learned after that
   */
  constructor(
    private readonly _ask: AskTeach,
    private readonly _fail: (error: Error) => void
  ) {}

  /** Whether images that are added are learned from. */
  on = false;

  /** Learn from the images that the folder has, and from no others. */
  follow(folder: string): void {
    if (folder !== '') {
      this._later({ action: 'folder', folder });
    }
  }

  /** Learn from an image that was added to a class. A recording does not wait for it. */
  add(name: string, image: string): void {
    this._later({ action: 'add', class: name, image });
  }

  /** Forget all: the kernel's current model is the one again that gave the features. */
  async stop(): Promise<void> {
    if (this.on) {
      this._done = this._done.then(async () => {
        await this._ask({ action: 'reset' }).catch(() => undefined); // nothing was learned yet
        this.on = false;
      });
    }
    await this._done;
  }

  /** What it predicts of an image; null before two classes have images. */
  async predict(image: string): Promise<IAnswer | null> {
    return readTaught(await this._ask({ action: 'predict', image, top: TOP }));
  }

  /** Ask in the order in which it was called, as long as it is on. */
  private _later(request: object): void {
    if (!this.on) {
      return;
    }
    this._done = this._done.then(async () => {
      try {
        if (this.on) {
          await this._ask(request);
        }
      } catch (error) {
        this.on = false;
        this._fail(error as Error);
      }
    });
  }

  private _done: Promise<void> = Promise.resolve();
}
