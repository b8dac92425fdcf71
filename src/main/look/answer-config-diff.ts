/** `config diff`: holdfast.yaml against the last look. */
import { Fault } from '../../base/fault.ts';
import { formatAge } from '../../base/say-time.ts';
import { declaredDiff } from '../../watch/core/look/declared-diff.ts';
import { firstConfig, notDeclared } from '../../watch/core/look/first-config.ts';
import { linesToTakeOver } from '../../watch/core/look/first-config-text.ts';
import { renderDeclaredDiff } from '../../watch/core/look/render-declared-diff.ts';
import type { Answer, Cli } from '../cli/cli.ts';
import { EXIT } from '../cli/exit-code.ts';
import { timeJson } from '../cli/json-shape.ts';
import type { Settings } from '../cli/settings.ts';
import { declaredEstate } from './declared-estate.ts';
import { lookHere } from './host-here.ts';
import { damagedJson, damagedWords, lookStore } from './look-store.ts';
import { newestLook } from './saved-looks.ts';

/** @throws Fault HF_LOOK_WANTED */
export function answerConfigDiff(
  cli: Cli,
  settings: Settings,
  asked: { readonly exitCode: boolean },
): Answer {
  const { look, damaged } = newestLook(lookStore(settings));
  if (look === undefined) throw new Fault('HF_LOOK_WANTED', 'no look was kept');
  const declared = declaredEstate(settings, lookHere(look.looks)?.host);
  const differences = declaredDiff(declared, look.looks);
  const lines = linesToTakeOver(notDeclared(firstConfig(look.looks, look.at), declared));
  const isFound = differences.some(({ kind }) => kind !== 'unknown');
  const age = formatAge(cli.clock.now() - look.at);
  return {
    code: asked.exitCode && isFound ? EXIT.differs : EXIT.done,
    say: (style) => [
      ...damagedWords(damaged, style),
      ...renderDeclaredDiff(differences, style, { file: settings.configFile, age, lines }),
    ],
    json: {
      file: settings.configFile ?? null,
      lookedAt: timeJson(look.at),
      differences,
      takeOver: lines,
      damaged: damagedJson(damaged),
    },
  };
}
