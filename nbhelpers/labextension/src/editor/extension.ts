import type { CodeEditor } from '@jupyterlab/codeeditor';
import type { IEditorExtensionFactory } from '@jupyterlab/codemirror';
import { indentUnit } from '@codemirror/language';
import { Compartment, Prec, type Extension } from '@codemirror/state';
import { ViewPlugin, type EditorView } from '@codemirror/view';

import { headstartGo } from './language';

const GO = 'text/x-go';

/** What an editor of cells gets: our language and gofmt's tabs while its text is Go. */
export function cellEditor(tabs: () => boolean): IEditorExtensionFactory {
  return {
    name: 'headstart-go',
    factory: ({ inline, model }) =>
      inline ? { instance: () => following(model, tabs), reconfigure: () => null } : null
  };
}

/** A cell's language is known only when its kernel is, so that the extension follows the model's MIME type. */
function following(model: CodeEditor.IModel, tabs: () => boolean): Extension {
  const place = new Compartment();
  const wanted = () => (model.mimeType === GO ? goExtension(tabs()) : []);
  const watcher = ViewPlugin.define((view: EditorView) => {
    const change = () => view.dispatch({ effects: place.reconfigure(wanted()) });
    model.mimeTypeChanged.connect(change);
    return { destroy: () => void model.mimeTypeChanged.disconnect(change) };
  });
  return [place.of(wanted()), watcher];
}

function goExtension(tabs: boolean): Extension {
  return [Prec.highest(headstartGo()), tabs ? Prec.highest(indentUnit.of('\t')) : []];
}
