import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Widget } from '@lumino/widgets';

import { moved, readPage } from '../data/model';
import { element } from '../dom';
import { notebookOf, type IPlace } from '../kernel/place';
import { percent } from '../run/model';
import type { Translation } from '../translation';
import { cellText, CONFUSION_MIME, fractionOf, imagesOf, readConfusion, type IConfusion, type IJudged } from './model';

/** Images of a cell that are shown at once: as many as an output names. */
const SHOWN = 50;

/** Shows a confusion matrix; a click on a cell shows the images behind it. */
class ConfusionCard extends Widget implements IRenderMime.IRenderer {
  constructor(
    private readonly _place: IPlace | null,
    private readonly _trans: Translation
  ) {
    super();
    this.addClass('hs-output');
    this._normalized.addEventListener('change', () => this._draw());
    this._images.setAttribute('aria-live', 'polite');
  }

  renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this._confusion = readConfusion(model.data[CONFUSION_MIME]);
    this._images.replaceChildren();
    if (!this._confusion) {
      this.node.replaceChildren(this._trans.__('This output does not describe a confusion matrix.'));
      return Promise.resolve();
    }
    const title = this._confusion.title || this._trans.__('confusion matrix');
    this.node.replaceChildren(
      element(
        'section',
        { class: 'hs-card', 'aria-label': title },
        element('header', { class: 'hs-card-title' }, title),
        element('div', { class: 'hs-card-summary' }, this._trans.__('rows: true class, columns: predicted class; choose a cell to see its images')),
        this._some(this._confusion),
        element('label', { class: 'hs-check' }, this._normalized, this._trans.__('Normalize by true class')),
        this._frame,
        this._images
      )
    );
    this._draw();
    return Promise.resolve();
  }

  /** That the matrix has some of the model's classes; null where it has all. */
  private _some({ classes, of }: IConfusion): HTMLElement | null {
    return of > classes.length
      ? element('div', { class: 'hs-card-summary' }, this._trans.__('%1 of %2 classes: those with the most mistakes', classes.length, of))
      : null;
  }

  private _draw(): void {
    const confusion = this._confusion;
    if (!confusion) {
      return;
    }
    const { classes } = confusion;
    const table = element(
      'table',
      { class: 'hs-table hs-confusion', role: 'grid', 'aria-label': this._trans.__('Confusion matrix') },
      element('thead', {}, element('tr', {}, element('td', {}), ...classes.map(name => element('th', { scope: 'col' }, name)))),
      element(
        'tbody',
        {},
        ...classes.map((name, actual) =>
          element('tr', {}, element('th', { scope: 'row' }, name), ...classes.map((_, predicted) => this._cell(confusion, actual, predicted)))
        )
      )
    );
    table.addEventListener('keydown', event => this._onKey(event));
    this._frame.replaceChildren(table);
  }

  private _cell(confusion: IConfusion, actual: number, predicted: number): HTMLElement {
    const { classes, counts } = confusion;
    const count = counts[actual][predicted];
    const label = this._trans._n('%2 predicted as %3: %1 image', '%2 predicted as %3: %1 images', count, classes[actual], classes[predicted]);
    const cell = element(
      'td',
      {
        class: `hs-cell ${actual === predicted ? 'hs-cell-right' : 'hs-cell-wrong'}`,
        role: 'gridcell',
        tabindex: actual === 0 && predicted === 0 ? 0 : -1,
        'aria-label': label,
        title: label,
        'data-cell': `${actual},${predicted}`
      },
      cellText(confusion, actual, predicted, this._normalized.checked)
    );
    cell.style.setProperty('--hs-fraction', count > 0 ? `${Math.round(8 + 72 * fractionOf(confusion, actual, predicted))}%` : '0%');
    cell.addEventListener('click', () => {
      this._focus(cell);
      void this._open(confusion, actual, predicted);
    });
    return cell;
  }

  private _focus(cell: HTMLElement): void {
    this._frame.querySelector('[tabindex="0"]')?.setAttribute('tabindex', '-1');
    cell.setAttribute('tabindex', '0');
    cell.focus();
  }

  private _onKey(event: KeyboardEvent): void {
    const cells = [...this._frame.querySelectorAll<HTMLElement>('.hs-cell')];
    const at = cells.indexOf(event.target as HTMLElement);
    if (at < 0 || !this._confusion) {
      return;
    }
    const columns = this._confusion.classes.length;
    if (event.key === 'Enter' || event.key === ' ') {
      void this._open(this._confusion, Math.floor(at / columns), at % columns);
    } else {
      const target = moved(at, event.key, columns, cells.length);
      if (target === at) {
        return;
      }
      this._focus(cells[target]);
    }
    event.preventDefault();
    event.stopPropagation(); // the notebook has commands on these keys
  }

  /** Show the images of a cell, with thumbnails where the kernel has them loaded. */
  private async _open(confusion: IConfusion, actual: number, predicted: number): Promise<void> {
    const turn = ++this._turn;
    const images = imagesOf(confusion, actual, predicted).slice(0, SHOWN);
    const count = confusion.counts[actual][predicted];
    const [from, to] = [confusion.classes[actual], confusion.classes[predicted]];
    const status = element('p', { class: 'hs-message', role: 'status' }, this._summary(from, to, count, images.length));
    const list = element('ul', { class: 'hs-grid-view hs-judged-list' }, ...images.map(image => this._tile(image, '')));
    this._images.replaceChildren(status, list);
    const session = this._place?.sessions.of(notebookOf(this._place, this.node));
    if (images.length === 0) {
      return;
    }
    try {
      if (!session) {
        throw new Error(this._trans.__('The images themselves need a running Go (Headstart) kernel that has loaded them.'));
      }
      const request = { dataset: confusion.dataset, only: images.map(image => image.path), limit: SHOWN };
      const page = readPage(await session.client.ask('dataset', request));
      const thumbs = new Map(page.items.map(item => [item.path, item.thumb]));
      if (turn === this._turn) {
        list.replaceChildren(...images.map(image => this._tile(image, thumbs.get(image.path) ?? '')));
      }
    } catch (error) {
      if (turn === this._turn) {
        status.append(` ${(error as Error).message}`);
      }
    }
  }

  private _summary(actual: string, predicted: string, count: number, shown: number): string {
    const text = this._trans._n('%2 predicted as %3: %1 image', '%2 predicted as %3: %1 images', count, actual, predicted);
    return shown < count ? `${text}. ${this._trans.__('This output names %1 of them.', shown)}` : text;
  }

  private _tile({ path, predicted, probability }: IJudged, thumb: string): HTMLElement {
    return element(
      'li',
      { class: 'hs-tile hs-judged', title: path, 'data-path': path },
      thumb !== '' && element('img', { src: `data:image/jpeg;base64,${thumb}`, alt: path }),
      element('span', {}, path.split('/').at(-1) ?? path),
      element('span', { class: 'hs-card-summary' }, `${predicted} ${percent(probability)}`)
    );
  }

  private _confusion: IConfusion | null = null;
  private _turn = 0;
  private readonly _normalized = element('input', { type: 'checkbox' });
  private readonly _frame = element('div', { class: 'hs-confusion-frame' });
  private readonly _images = element('div');
}

/** A renderer of confusion matrices. It sets no markup from the data, so that it may show untrusted data. */
export function confusionRendererFactory(place: IPlace | null, trans: Translation): IRenderMime.IRendererFactory {
  return {
    safe: true,
    mimeTypes: [CONFUSION_MIME],
    createRenderer: () => new ConfusionCard(place, trans)
  };
}
