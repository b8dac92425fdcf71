/** Where this Holdfast keeps its looks. */
import { nodeDisk } from '../../adapters/node/disk.ts';
import { nodeTools } from '../../adapters/node/tools.ts';
import type { Style } from '../../base/say.ts';
import { sayName, sayText } from '../../base/say-name.ts';
import { layoutSentence } from '../../base/say-rows.ts';
import { bytesJson } from '../cli/json-shape.ts';
import type { Settings } from '../cli/settings.ts';
import type { DamagedLook, LookStore } from './saved-looks.ts';

export function lookStore({ state }: Pick<Settings, 'state'>): LookStore {
  return { disk: nodeDisk(), tools: nodeTools(), state: state.value };
}

export function damagedWords(damaged: readonly DamagedLook[], style: Style): readonly string[] {
  return damaged.flatMap(({ path, why }) => {
    const text = `${sayName(path, style)} was left out: ${sayText(why, style)}.`;
    return layoutSentence(style, { mark: { is: 'unknown' }, text, tone: 'unknown' });
  });
}

export function damagedJson(damaged: readonly DamagedLook[]): readonly object[] {
  return damaged.map(({ path, why }) => ({ ...bytesJson('file', path), why }));
}
