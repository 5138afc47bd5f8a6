import type { IAnswer } from './data';

/** Milliseconds from an answer to the next frame, and from a failure to the next attempt. */
const PAUSE_MS = 150;
const RETRY_MS = 3000;

/** What a live prediction is made of. */
export interface ILiveParts {
  /** The camera's image now, in base64; null while there is none. */
  frame(): Promise<string | null>;
  ask(image: string): Promise<IAnswer>;
  show(answer: IAnswer): void;
  fail(error: Error): void;
}

/** Predicts the frames of a camera sequentially: a frame is taken when the answer to the last one has come. */
export class Live {
  constructor(private readonly _parts: ILiveParts) {}

  get running(): boolean {
    return this._turn !== null;
  }

  start(): void {
    if (this._turn === null) {
      const turn = {};
      this._turn = turn;
      void this._next(turn);
    }
  }

  stop(): void {
    this._turn = null;
    clearTimeout(this._timer);
  }

  private async _next(turn: object): Promise<void> {
    let pause = PAUSE_MS;
    try {
      const image = await this._parts.frame();
      if (image !== null && turn === this._turn) {
        const answer = await this._parts.ask(image);
        if (turn === this._turn) {
          this._parts.show(answer);
        }
      }
    } catch (error) {
      pause = RETRY_MS;
      if (turn === this._turn) {
        this._parts.fail(error as Error);
      }
    }
    if (turn === this._turn) {
      this._timer = setTimeout(() => void this._next(turn), pause);
    }
  }

  private _turn: object | null = null;
  private _timer: ReturnType<typeof setTimeout> | undefined;
}
