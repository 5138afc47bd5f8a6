/** The name of the package; plugins' and settings' names begin with it. */
export const PACKAGE = '@headstart-nb/labextension';

/** The commands, as the palette, shortcuts and settings name them. */
export const COMMANDS = {
  showRuns: 'headstart:show-runs',
  showData: 'headstart:show-data',
  showPredict: 'headstart:show-predict',
  showCapture: 'headstart:show-capture',
  showVariables: 'headstart:show-variables',
  doctor: 'headstart:run-doctor',
  newNotebook: 'headstart:new-transfer-notebook'
} as const;
