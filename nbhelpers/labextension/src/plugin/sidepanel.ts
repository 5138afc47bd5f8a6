import type { ILayoutRestorer, JupyterFrontEnd } from '@jupyterlab/application';
import type { ICommandPalette } from '@jupyterlab/apputils';
import type { LabIcon } from '@jupyterlab/ui-components';
import type { Widget } from '@lumino/widgets';

/** A side panel with the command that shows it. */
export interface ISidePanel {
  widget: Widget;
  id: string;
  caption: string;
  icon: LabIcon;
  command: string;
  label: string;
  rank: number;
  category: string;
}

/** Put a panel into the right sidebar, with a command that shows it. */
export function addSidePanel(
  app: JupyterFrontEnd,
  { widget, id, caption, icon, command, label, rank, category }: ISidePanel,
  palette: ICommandPalette | null,
  restorer: ILayoutRestorer | null
): void {
  widget.id = id;
  widget.title.caption = caption;
  widget.title.icon = icon;
  app.shell.add(widget, 'right', { rank, type: 'Headstart' });
  restorer?.add(widget, id);
  app.commands.addCommand(command, {
    label,
    icon,
    execute: () => app.shell.activateById(id)
  });
  palette?.addItem({ command, category });
}
