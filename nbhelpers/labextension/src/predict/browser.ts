import type { Contents } from '@jupyterlab/services';

import type { Translation } from '../translation';
import { checkSize } from './image';

/** The type of what is dragged out of JupyterLab's file browser: paths. */
const PATHS = 'application/x-jupyter-icontents';

/** What is used of the events of JupyterLab's own drags. */
interface IDragEvent extends Event {
  readonly mimeData: { hasData(type: string): boolean; getData(type: string): unknown };
  readonly proposedAction: string;
  dropAction: string;
}

/** The part of the server's files that is read. */
export type IFiles = Pick<Contents.IManager, 'get'>;

/** Take files that are dragged out of JupyterLab's file browser onto a node. */
export function takeFromFileBrowser(node: HTMLElement, take: (paths: string[]) => void, over: (on: boolean) => void): void {
  const on = (type: string, hear: (event: IDragEvent) => void) =>
    node.addEventListener(type, event => {
      const drag = event as IDragEvent;
      if (drag.mimeData.hasData(PATHS)) {
        event.preventDefault();
        event.stopPropagation();
        hear(drag);
      }
    });
  const accept = (drag: IDragEvent) => {
    drag.dropAction = drag.proposedAction; // "move"; the file browser moves nothing by itself
    over(true);
  };
  on('lm-dragenter', accept);
  on('lm-dragover', accept);
  on('lm-dragleave', () => over(false));
  on('lm-drop', drag => {
    over(false);
    drag.dropAction = drag.proposedAction;
    const paths = drag.mimeData.getData(PATHS);
    take(Array.isArray(paths) ? paths.filter(path => typeof path === 'string') : []);
  });
}

/** Read a file of the server. It is not fetched where it is too large to be sent on. */
export async function readFile(files: IFiles, path: string, trans: Translation): Promise<File> {
  const { size, type, name } = await files.get(path, { content: false });
  if (type === 'directory') {
    throw new Error(trans.__('%1 is a folder: use a file.', name));
  }
  checkSize(size ?? 0, trans);
  const { content } = (await files.get(path, { type: 'file', format: 'base64', content: true })) as { content: unknown };
  const characters = atob(String(content));
  return new File([Uint8Array.from(characters, character => character.charCodeAt(0))], name);
}
