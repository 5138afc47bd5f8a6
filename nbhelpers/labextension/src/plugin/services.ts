import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator } from '@jupyterlab/translation';
import { Token } from '@lumino/coreutils';

import { PACKAGE } from '../ids';
import { KernelSessions } from '../kernel/session';
import { translation } from '../translation';

/** What users set; see schema/settings.json. */
export interface IPreferences {
  readonly pollMS: number;
  readonly tabs: boolean;
}

export const IPreferences = new Token<IPreferences>(`${PACKAGE}:IPreferences`, 'The settings of Headstart.');
export const IKernelSessions = new Token<KernelSessions>(`${PACKAGE}:IKernelSessions`, 'The Headstart kernels of notebooks.');

const DEFAULTS: IPreferences = { pollMS: 1000, tabs: true };

export const settings: JupyterFrontEndPlugin<IPreferences> = {
  id: `${PACKAGE}:settings`,
  description: 'The settings of Headstart.',
  autoStart: true,
  provides: IPreferences,
  optional: [ISettingRegistry],
  activate: (_, registry: ISettingRegistry | null) => {
    const now = { ...DEFAULTS };
    registry?.load(settings.id).then(
      loaded => {
        const read = () => {
          now.pollMS = 1000 * (loaded.composite.pollSeconds as number);
          now.tabs = loaded.composite.tabs as boolean;
        };
        read();
        loaded.changed.connect(read);
      },
      error => console.warn('Headstart: the settings could not be loaded; the defaults apply.', error)
    );
    return now;
  }
};

export const sessions: JupyterFrontEndPlugin<KernelSessions> = {
  id: `${PACKAGE}:sessions`,
  description: 'Finds the Headstart kernel of the current notebook.',
  autoStart: true,
  provides: IKernelSessions,
  requires: [INotebookTracker, IPreferences],
  optional: [ITranslator],
  activate: (_, tracker: INotebookTracker, preferences: IPreferences, translator: ITranslator | null) =>
    new KernelSessions(tracker, () => preferences.pollMS, translation(translator))
};
