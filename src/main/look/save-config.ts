/** `look --save`: the first holdfast.yaml. One that is there is never written over. */
import { byteString } from '../../base/bytes.ts';
import type { Style } from '../../base/say.ts';
import { sayName } from '../../base/say-name.ts';
import { countOf } from '../../base/say-quantity.ts';
import { layoutSentence } from '../../base/say-rows.ts';
import { bytesOfUtf8 } from '../../manifest/core/utf8.ts';
import { firstConfig } from '../../watch/core/look/first-config.ts';
import { firstConfigText } from '../../watch/core/look/first-config-text.ts';
import type { SavedLook } from '../../watch/core/look/saved-look.ts';
import type { Cli } from '../cli/cli.ts';
import { publishFile } from '../../vault/shell/whole-file.ts';
import { bytesOfText, textOfBytes } from '../cli/places.ts';
import { CONFIG_NAME, type Settings } from '../cli/settings.ts';
import { lookStore } from './look-store.ts';

export interface SavedConfig {
  readonly file: string;
  readonly outcome: 'written' | 'was there';
  readonly lineCount: number;
}

/** @param settings those that hold: where they come of a file, that file stays as it is */
export function saveConfig(
  { cwd }: Pick<Cli, 'cwd'>,
  { settings, look }: { readonly settings: Settings; readonly look: SavedLook },
): SavedConfig {
  const text = firstConfigText(firstConfig(look.looks, look.at));
  const lineCount = text.split('\n').length - 1;
  if (settings.configFile !== undefined) {
    return { file: settings.configFile, outcome: 'was there', lineCount };
  }
  const path = byteString(`${cwd}/${CONFIG_NAME}`);
  const { disk, tools } = lookStore(settings);
  const bytes = tools.codec.bytesOf(bytesOfUtf8(text));
  const isNew = publishFile({ disk, tools }, path, bytes) === 'published';
  return { file: textOfBytes(path), outcome: isNew ? 'written' : 'was there', lineCount };
}

export function savedWords(
  { file, outcome, lineCount }: SavedConfig,
  style: Style,
): readonly string[] {
  const name = sayName(bytesOfText(file), style);
  const text =
    outcome === 'written'
      ? `Written: ${name}, ${countOf(lineCount, 'line')}. What is guessed in it stands in its comments: correct it, then holdfast config check.`
      : `${name} was there and stays as it is. What differs, with the lines to take over: holdfast config diff`;
  return layoutSentence(style, { mark: undefined, text });
}

export function savedJson({ file, outcome, lineCount }: SavedConfig): object {
  return { file, isWritten: outcome === 'written', lineCount };
}
