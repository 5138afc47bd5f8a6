import { nullTranslator, type ITranslator, type TranslationBundle } from '@jupyterlab/translation';

/** What turns the strings that people read into their language. `%1`, `%2` ... stand for the arguments. */
export type Translation = Pick<TranslationBundle, '__' | '_n'>;

/** The name of the extension's catalog of strings. */
const DOMAIN = 'headstart';

/** The translation of an application; English where it has no translator. */
export function translation(translator: ITranslator | null): Translation {
  return (translator ?? nullTranslator).load(DOMAIN);
}
