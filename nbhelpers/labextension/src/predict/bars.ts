import { element } from '../dom';
import { percent } from '../run/model';
import type { Translation } from '../translation';
import { shownScores, type IAnswer } from './data';

/** The probabilities of classes as bars. It is updated in place, so that a live one moves instead of flickering. */
export class Bars {
  constructor(private readonly _trans: Translation) {
    this.node.setAttribute('aria-label', _trans.__('Probabilities of the classes'));
  }

  readonly node = element('ul', { class: 'hs-bars', hidden: true });

  /** Show an answer; live ones come many times a second. */
  show(answer: IAnswer, live: boolean): void {
    const scores = shownScores(answer, live);
    if (answer.values.length > 0) {
      const values = answer.values.map(value => value.toPrecision(4)).join(', ');
      this.node.replaceChildren(element('li', {}, this._trans.__('value: %1', values)));
      this.node.hidden = false;
      return;
    }
    while (this.node.children.length > scores.length) {
      this.node.lastElementChild?.remove();
    }
    const best = answer.scores[0]?.name;
    scores.forEach(({ name, probability }, i) => {
      const there = this.node.children[i] as HTMLElement | undefined;
      const bar = there?.dataset.class !== undefined ? there : this._row(i);
      bar.dataset.class = name;
      bar.classList.toggle('hs-bar-best', name === best);
      const [label, track, value] = [...bar.children] as HTMLElement[];
      label.textContent = name;
      label.title = name;
      (track.firstElementChild as HTMLElement).style.width = `${100 * probability}%`;
      value.textContent = percent(probability);
    });
    this.node.hidden = scores.length === 0;
  }

  clear(): void {
    this.node.replaceChildren();
    this.node.hidden = true;
  }

  private _row(place: number): HTMLElement {
    const row = element(
      'li',
      { class: 'hs-bar' },
      element('span', { class: 'hs-bar-class' }),
      element('span', { class: 'hs-bar-track', 'aria-hidden': 'true' }, element('span', { class: 'hs-bar-fill' })),
      element('span', { class: 'hs-bar-value' })
    );
    this.node.children[place]?.remove(); // one of another kind
    this.node.insertBefore(row, this.node.children[place] ?? null);
    return row;
  }
}
