import { button, element, keepFocus, onChosen, select } from '../dom';
import { KernelPanel } from '../kernel/panel';
import type { KernelSession, KernelSessions } from '../kernel/session';
import { percent } from '../run/model';
import type { Translation } from '../translation';
import { DataNews, readDataNews } from './news';
import { Browser, moved, PAGE_SIZE, type IItem, type IPage } from './model';

const SPLITS = ['train', 'val', 'test'];

/** The images of a dataset as a grid, with the model's predictions, and edits of its log. */
export class DataPanel extends KernelPanel {
  constructor(
    sessions: KernelSessions,
    private readonly _trans: Translation
  ) {
    super(sessions);
    this.addClass('hs-data');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', _trans.__('Data'));
    this._edits.setAttribute('aria-label', _trans.__('Edit the selected images'));
    this._grid.setAttribute('aria-label', _trans.__('Images'));
    this._grid.addEventListener('keydown', event => this._onKey(event));
    this.node.append(
      element('h2', { class: 'hs-panel-title' }, _trans.__('Data')),
      this._message,
      this._filters,
      this._edits,
      this._grid,
      this._pages
    );
  }

  protected override begin(session: KernelSession): () => void {
    this._clear();
    this._browser = new Browser(request => session.client.ask('dataset', request), this._trans);
    this._news = new DataNews();
    void this._do(this._browser.show());
    const leave = session.client.watch('dataset', {
      news: news => {
        this._news.hear(readDataNews(news));
        this._follow();
      },
      ended: () => {} // it is asked, by the button
    });
    return () => {
      leave();
      this._browser = null;
    };
  }

  protected override showNone(): void {
    this._clear();
    this._message.textContent = this._trans.__('Open a notebook with the Go (Headstart) kernel to see its images.');
  }

  /** Wait for a change of what is shown, and show it. */
  private async _do(change: Promise<void>): Promise<void> {
    const browser = this._browser;
    this.node.setAttribute('aria-busy', 'true');
    await change;
    if (browser === this._browser && browser) {
      this.node.setAttribute('aria-busy', String(browser.busy));
      keepFocus(this.node, () => this._draw(browser));
      this._follow();
    }
  }

  /** Show what the kernel has told of, unless a page still loads. */
  private _follow(): void {
    const change = this._browser && this._news.change(this._browser);
    if (change && this._browser) {
      void this._do(this._browser.show(change));
    }
  }

  private _draw(browser: Browser): void {
    const { page } = browser;
    this._message.textContent = browser.error || (page ? `${page.name}: ${this._count(page)}` : '');
    this._message.classList.toggle('hs-error', browser.error !== '');
    if (!page) {
      this._clear();
      this._filters.append(this._refresh(() => void this._do(browser.show())));
      return;
    }
    this._drawFilters(browser, page);
    this._drawEdits(browser, page);
    this._grid.replaceChildren(...page.items.map((item, i) => this._tile(browser, item, i === 0)));
    this._drawPages(browser, page);
  }

  private _drawFilters(browser: Browser, page: IPage): void {
    const trans = this._trans;
    const choose = (change: object) => void this._do(browser.show(change));
    this._filters.replaceChildren(
      select(trans.__('Dataset'), page.datasets, browser.dataset, null, dataset => choose({ dataset })),
      select(trans.__('Class'), page.classes, browser.className, trans.__('all classes'), className => choose({ className })),
      select(trans.__('Split'), SPLITS, browser.split, trans.__('all splits'), split => choose({ split })),
      this._refresh(() => choose({ offset: browser.offset }))
    );
  }

  private _drawEdits(browser: Browser, page: IPage): void {
    const trans = this._trans;
    const edit = (...args: Parameters<Browser['edit']>) => void this._do(browser.edit(...args));
    const undo = button(trans.__('Undo'), trans.__('Undo the last edit of this dataset'), () => edit('undo'));
    undo.disabled = page.edits === 0;
    const relabel = select(trans.__('Relabel as'), page.classes, '', trans.__('relabel as'), () => {});
    relabel.title = trans.__('%1; Enter takes what keys have chosen', trans.__('Relabel as'));
    onChosen(relabel, to => edit('relabel', to));
    this._edits.replaceChildren(
      relabel,
      button(trans.__('Skip'), trans.__('Do not use the selected images; their files are not changed'), () => edit('delete')),
      button(trans.__('Keep'), trans.__('The labels of the selected images are correct: do not list them again'), () => edit('keep')),
      undo
    );
  }

  private _tile(browser: Browser, item: IItem, first: boolean): HTMLElement {
    const wrong = item.predicted !== '' && item.predicted !== item.label;
    const verdict = item.predicted && `${wrong ? `✗ ${item.predicted}` : '✓'} ${percent(item.probability)}`;
    const tile = element(
      'div',
      {
        class: 'hs-tile',
        role: 'option',
        tabindex: first ? 0 : -1,
        title: item.path,
        'data-path': item.path,
        'aria-selected': String(browser.selected.has(item.path)),
        'aria-label': item.predicted
          ? this._trans.__('%1, %2, %3, predicted %4', item.path, item.label, item.split, item.predicted)
          : `${item.path}, ${item.label}, ${item.split}`
      },
      element('img', { src: `data:image/jpeg;base64,${item.thumb}`, alt: '', draggable: 'false' }),
      element('span', { class: 'hs-tile-label' }, item.label),
      verdict && element('span', { class: wrong ? 'hs-wrong' : 'hs-right' }, verdict)
    );
    tile.addEventListener('click', () => {
      this._toggle(tile);
      this._focus(tile);
    });
    return tile;
  }

  private _toggle(tile: HTMLElement): void {
    const path = tile.dataset.path ?? '';
    this._browser?.toggle(path);
    tile.setAttribute('aria-selected', String(this._browser?.selected.has(path) ?? false));
  }

  private _focus(tile: HTMLElement): void {
    this._grid.querySelector('[tabindex="0"]')?.setAttribute('tabindex', '-1');
    tile.setAttribute('tabindex', '0');
    tile.focus();
  }

  private _onKey(event: KeyboardEvent): void {
    const tiles = [...this._grid.children] as HTMLElement[];
    const at = tiles.indexOf(event.target as HTMLElement);
    if (at < 0) {
      return;
    }
    if (event.key === ' ' || event.key === 'Enter') {
      this._toggle(tiles[at]);
    } else {
      const columns = getComputedStyle(this._grid).gridTemplateColumns.split(' ').length;
      const target = moved(at, event.key, columns, tiles.length);
      if (target === at) {
        return;
      }
      this._focus(tiles[target]);
    }
    event.preventDefault();
    event.stopPropagation();
  }

  private _drawPages(browser: Browser, page: IPage): void {
    const go = (offset: number | null) => offset !== null && void this._do(browser.show({ offset }));
    const previous = button('‹', this._trans.__('Previous page'), () => go(browser.previous));
    const next = button('›', this._trans.__('Next page'), () => go(browser.next));
    previous.disabled = browser.previous === null;
    next.disabled = browser.next === null;
    const last = Math.min(browser.offset + PAGE_SIZE, page.total);
    this._pages.replaceChildren(previous, this._trans.__('%1 to %2 of %3', Math.min(browser.offset + 1, last), last, page.total), next);
  }

  private _refresh(onclick: () => void): HTMLButtonElement {
    return button(this._trans.__('Refresh'), this._trans.__('Ask the kernel for its images again'), onclick);
  }

  private _count(page: IPage): string {
    const images = this._trans._n('%1 image', '%1 images', page.total);
    return this._trans.__('%1, %2', images, this._trans._n('%1 edit', '%1 edits', page.edits));
  }

  private _clear(): void {
    for (const part of [this._filters, this._edits, this._grid, this._pages]) {
      part.replaceChildren();
    }
  }

  private _browser: Browser | null = null;
  private _news = new DataNews();
  private readonly _message = element('p', { class: 'hs-message', role: 'status' });
  private readonly _filters = element('div', { class: 'hs-buttons' });
  private readonly _edits = element('div', { class: 'hs-buttons', role: 'toolbar' });
  private readonly _grid = element('div', {
    class: 'hs-grid-view',
    role: 'listbox',
    'aria-multiselectable': 'true'
  });
  private readonly _pages = element('div', { class: 'hs-pages' });
}
