import { variablesIcon } from '../icons';
import { COMMANDS } from '../ids';
import { VariablesPanel } from '../variables/panel';
import { sidePanel } from './sidepanel';

/** How often the panel, while it is visible, looks whether a cell has run; it asks the kernel only then. */
const LOOK_MS = 300;

export const variables = sidePanel({
  name: 'variables',
  description: 'The panel of the variables of Go cells.',
  icon: variablesIcon,
  command: COMMANDS.showVariables,
  rank: 904,
  caption: trans => trans.__('Headstart variables'),
  label: trans => trans.__('Show Variables'),
  widget: ({ sessions, trans, insert }) => new VariablesPanel(sessions, insert, () => LOOK_MS, trans)
});
