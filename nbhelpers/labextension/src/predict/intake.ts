import { button, element } from '../dom';
import type { Translation } from '../translation';
import { readFile, takeFromFileBrowser, type IFiles } from './browser';
import { filesOf, type ITransfer } from './image';

/** Takes images that are dropped on a node, also from JupyterLab's file browser, pasted there, or chosen as files. */
export class Intake {
  /**
   * @param node where images are dropped and pasted
   * @param _files the server's files
   * @param _take gets the files, at least one
   * @param _fail gets what is wrong with what was dropped or pasted
   */
  constructor(
    node: HTMLElement,
    multiple: boolean,
    private readonly _files: IFiles,
    private readonly _take: (files: File[]) => void,
    private readonly _fail: (error: Error) => void,
    private readonly _trans: Translation
  ) {
    this._input = element('input', { type: 'file', accept: 'image/*', multiple, hidden: true, 'aria-hidden': 'true', tabindex: -1 });
    this._input.addEventListener('change', () => {
      const files = Array.from(this._input.files ?? []);
      this._input.value = ''; // the same file may be chosen again
      if (files.length > 0) {
        this._take(files);
      }
    });
    const choose = () => this._input.click();
    this.choose = button(_trans.__('Choose'), _trans.__('Choose image files of this computer'), choose);
    this.node = element(
      'div',
      { class: 'hs-drop', role: 'group', tabindex: 0, 'aria-label': _trans.__('Drop or paste an image here') },
      element('span', {}, _trans.__('Drop or paste an image here')),
      this._input
    );
    node.addEventListener('dragover', event => {
      event.preventDefault();
      event.stopPropagation();
      this.node.classList.add('hs-drop-over');
    });
    node.addEventListener('dragleave', () => this.node.classList.remove('hs-drop-over'));
    node.addEventListener('drop', event => {
      this.node.classList.remove('hs-drop-over');
      this._receive(event, event.dataTransfer);
    });
    takeFromFileBrowser(
      node,
      paths => void this._read(paths),
      on => this.node.classList.toggle('hs-drop-over', on)
    );
    node.addEventListener('paste', event => this._receive(event, event.clipboardData));
  }

  readonly node: HTMLElement;
  readonly choose: HTMLButtonElement;

  private async _read(paths: readonly string[]): Promise<void> {
    try {
      const files = [];
      for (const path of paths) {
        files.push(await readFile(this._files, path, this._trans));
      }
      if (files.length > 0) {
        this._take(files);
      }
    } catch (error) {
      this._fail(error as Error);
    }
  }

  private _receive(event: Event, transfer: ITransfer | null): void {
    if (event.target instanceof HTMLInputElement && event.type === 'paste') {
      return; // text into a field
    }
    event.preventDefault(); // the browser would open the file
    event.stopPropagation();
    try {
      this._take(filesOf(transfer, this._trans));
    } catch (error) {
      this._fail(error as Error);
    }
  }

  private readonly _input: HTMLInputElement;
}
