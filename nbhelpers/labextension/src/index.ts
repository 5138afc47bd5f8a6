import { editor, recall, renderer } from './plugin/notebook';
import { capture, predict } from './plugin/images';
import { data, runs, status } from './plugin/panels';
import { sessions, settings } from './plugin/services';
import { theme } from './plugin/theme';
import { variables } from './plugin/variables';
import { wizard } from './plugin/wizard';

export default [settings, sessions, editor, renderer, recall, runs, data, predict, capture, status, theme, variables, wizard];
