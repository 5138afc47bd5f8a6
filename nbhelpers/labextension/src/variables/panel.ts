import { button, element, keepFocus } from '../dom';
import { Activity } from '../kernel/activity';
import { KernelPanel } from '../kernel/panel';
import type { KernelSession, KernelSessions } from '../kernel/session';
import { sizeText } from '../size';
import type { Translation } from '../translation';
import { matching, readVariables, type IVariable } from './model';

/** The variables of Go cells of the kernel in front, with types and values, after each cell. */
export class VariablesPanel extends KernelPanel {
  /**
   * @param _insert puts a cell into the notebook in front
   * @param _everyMS the time between two looks at whether a cell has run
   */
  constructor(
    sessions: KernelSessions,
    private readonly _insert: (code: string) => void,
    private readonly _everyMS: () => number,
    private readonly _trans: Translation
  ) {
    super(sessions);
    this.addClass('hs-variables');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', _trans.__('Variables'));
    this._search.setAttribute('aria-label', _trans.__('Filter by name or type'));
    this._search.setAttribute('placeholder', _trans.__('Filter by name or type'));
    this._search.addEventListener('input', () => this._draw());
    this._list.setAttribute('aria-label', _trans.__('Variables of Go cells'));
    this.node.append(element('h2', { class: 'hs-panel-title' }, _trans.__('Variables')), this._search, this._message, this._list);
  }

  protected override begin(session: KernelSession): () => void {
    const activity = new Activity(session);
    let ended = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async (): Promise<void> => {
      // While a cell runs nothing has changed yet: values are kept at its end.
      if (activity.news && !session.busy) {
        await this._ask(session, {});
      }
      if (!ended) {
        timer = setTimeout(() => void look(), this._everyMS());
      }
    };
    void this._ask(session, {}).then(look);
    return () => {
      ended = true;
      clearTimeout(timer);
    };
  }

  protected override showNone(): void {
    this._variables = [];
    this._draw();
    this._say(this._trans.__('Open a notebook with the Go (Headstart) kernel to see its variables.'));
  }

  private async _ask(session: KernelSession, request: object): Promise<void> {
    let problem = '';
    let variables: IVariable[] = [];
    try {
      variables = readVariables(await session.client.ask('vars', request));
    } catch (error) {
      problem = (error as Error).message;
      variables = this._variables;
    }
    if (session === this.session) {
      this._variables = variables;
      this._draw();
      if (problem) {
        this._say(problem);
      }
    }
  }

  private _draw(): void {
    const shown = matching(this._variables, this._search.value);
    this._search.hidden = this._variables.length === 0;
    this._say(this._variables.length === 0 ? this._trans.__('No variable has a value yet. Declare one in a cell: x := 1') : '');
    keepFocus(this._list, () => this._list.replaceChildren(...shown.map(variable => this._row(variable))));
  }

  private _row({ name, type, value, bytes, shared }: IVariable): HTMLElement {
    const sharing = shared.length > 0 ? this._trans.__('It shares memory with %1.', shared.join(', ')) : undefined;
    return element(
      'li',
      { class: 'hs-variable', title: sharing },
      button(name, this._trans.__('Insert a cell that shows %1', name), () => this._insert(name)),
      element('span', { class: 'hs-variable-type', title: type }, type),
      element('span', { class: 'hs-variable-size' }, sizeText(bytes)),
      button('×', this._trans.__('Drop the value of %1', name), () => this._drop(name)),
      element('code', { class: 'hs-variable-value', title: value }, value)
    );
  }

  private _drop(name: string): void {
    if (this.session) {
      void this._ask(this.session, { drop: [name] });
    }
  }

  private _say(message: string): void {
    if (this._message.textContent !== message) {
      this._message.textContent = message;
    }
  }

  private readonly _message = element('p', { class: 'hs-message', role: 'status' });
  private readonly _search = element('input', { type: 'search', class: 'hs-variable-filter' });
  private readonly _list = element('ul', { class: 'hs-variable-list' });
  private _variables: IVariable[] = [];
}
