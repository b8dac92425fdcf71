/** `holdfast explain`: what an error code means. */
import type { Command } from 'commander';
import { Fault, type FaultCode, FAULTS, type FaultKind } from '../../base/fault.ts';
import { sayText } from '../../base/say-name.ts';
import { wrap } from '../../base/say-width.ts';
import type { Act, Answer } from './cli.ts';
import { EXIT, exitCodeOf } from './exit-code.ts';
import { nearestWord } from '../../base/nearest-word.ts';

const KINDS: Readonly<Record<FaultKind, string>> = {
  usage: 'the call asks for something that cannot be',
  refused: 'it could be done, and was not',
  transient: 'trying again may help',
  corrupt: 'bytes are not what they were',
  unavailable: 'something that is needed is not there',
};

export function define(command: Command, act: Act): void {
  command
    .summary('what an error code means')
    .description('What an error code means and what to do. {words} are filled in where it happens.')
    .argument('<code>', 'for example HF_VAULT_ABSENT')
    .addHelpText('after', '\nExample:\n  holdfast explain HF_VAULT_ABSENT')
    .action(act((_cli, [code]: [string]) => explain(code)));
}

async function explain(given: string): Promise<Answer> {
  const code = given.toUpperCase();
  if (!isCode(code)) {
    const near = nearestWord(code, Object.keys(FAULTS));
    const meant = near === undefined ? '' : `; did you mean ${near}?`;
    throw new Fault('HF_USAGE', `there is no error ${sayText(given)}${meant}`, {
      command: 'explain',
    });
  }
  const { kind, remedy } = FAULTS[code];
  return {
    code: EXIT.done,
    say: (style) => [
      `${code}, ${kind}: ${KINDS[kind]}; exit code ${exitCodeOf(kind)}.`,
      ...wrap(remedy, style.width),
    ],
    json: { code, kind, remedy, exitCode: exitCodeOf(kind) },
  };
}

function isCode(text: string): text is FaultCode {
  return Object.hasOwn(FAULTS, text);
}
