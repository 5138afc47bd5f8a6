/** What following a run needs to know of its kernel. */
export interface IAsked {
  /** Whether the magics' plugin is known to run. */
  readonly warm: boolean;
  /** Whether a page has asked the kernel before. */
  hasBeenAsked(): Promise<boolean>;
}

/**
 * Decides when a card may ask the kernel about its run. The output may be older than the page, and the notebook a stranger's:
 * asking a kernel that nobody has asked would start a program, so that it waits for a click of the user.
 */
export class Permission {
  /** @param _changed is called when the answer has become known */
  constructor(private readonly _changed: () => void) {}

  /** Whether the kernel may be asked now. */
  given(kernel: IAsked): boolean {
    if (this._clicked || kernel.warm || this._asked.has(kernel)) {
      return true;
    }
    if (!this._looked.has(kernel)) {
      this._looked.add(kernel);
      void this._look(kernel);
    }
    return false;
  }

  /** The user asks to follow the run. */
  click(): void {
    this._clicked = true;
    this._changed();
  }

  private async _look(kernel: IAsked): Promise<void> {
    if (await kernel.hasBeenAsked().catch(() => false)) {
      this._asked.add(kernel);
      this._changed();
    }
  }

  private _clicked = false;
  private readonly _looked = new WeakSet<IAsked>();
  private readonly _asked = new WeakSet<IAsked>();
}
