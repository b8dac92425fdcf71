/** `holdfast explain`: what an error code means, or a rule of the guard. */
import type { Command } from 'commander';
import { Fault, type FaultCode, FAULTS, type FaultKind } from '../../base/fault.ts';
import { sayText } from '../../base/say-name.ts';
import { wrap } from '../../base/say-width.ts';
import { RULE_NAMES } from '../../base/plan.ts';
import {
  type ExplainedRule,
  explanationOf,
  ruleNamed,
  sayRule,
} from '../../guard/core/say-rule.ts';
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
    .summary('what an error code or a rule of the guard means')
    .description(
      'What an error code means, or a rule of the guard, and what to do. {words} of a code are filled in where it happens.',
    )
    .argument('<code or rule>', 'HF_VAULT_ABSENT, or eligible-source, or R3')
    .addHelpText(
      'after',
      `\nRules: ${RULE_NAMES.join(', ')}\n\nExamples:\n  holdfast explain HF_VAULT_ABSENT\n  holdfast explain radius`,
    )
    .action(act((_cli, [code]: [string]) => explain(code)));
}

async function explain(given: string): Promise<Answer> {
  const rule = ruleNamed(given);
  if (rule !== undefined) return explainRule(rule);
  const code = given.toUpperCase();
  if (!isCode(code)) {
    const near =
      nearestWord(code, Object.keys(FAULTS)) ?? nearestWord(given.toLowerCase(), RULE_NAMES);
    const meant = near === undefined ? '' : `; did you mean ${near}?`;
    throw new Fault('HF_USAGE', `there is no error or rule ${sayText(given)}${meant}`, {
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

function explainRule(rule: ExplainedRule): Answer {
  return {
    code: EXIT.done,
    say: (style) => sayRule(rule, style),
    json: { rule, ...explanationOf(rule) },
  };
}

function isCode(text: string): text is FaultCode {
  return Object.hasOwn(FAULTS, text);
}
