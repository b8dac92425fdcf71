/** What each rule says, at length: `holdfast explain RULE`. */
import { RULE_NAMES } from '../../base/plan.ts';
import type { Style } from '../../base/say.ts';
import { wrap } from '../../base/say-width.ts';

export type ExplainedRule = (typeof RULE_NAMES)[number];

export interface RuleExplanation {
  readonly says: string;
  readonly holds: string;
  readonly todo: readonly string[];
}

const NEVER = 'No approval releases it; root on the spot may, with --break-glass REASON.';

const EXPLANATIONS: Readonly<Record<ExplainedRule, RuleExplanation>> = {
  complete: {
    says: 'What is missing from a listing is deleted only where the listing is proven complete, for the same scope. An empty, unmounted, filtered or half-read source is not a wish to delete.',
    holds: `Else what is new is created, and nothing is deleted or overwritten. ${NEVER}`,
    todo: [
      'Look whether the source is mounted, and whether all of it can be read.',
      'Leave out the filter, or let it narrow the deletes too (rsync: no --delete-excluded).',
      'What is to go without a source, name yourself: holdfast guard run -- rm -r PATH',
    ],
  },
  scoped: {
    says: 'What goes lies in the scope that the plan declares, and was put there or taken over by this pipeline. An empty scope means nothing. The first run takes over what lies there, and deletes nothing.',
    holds: `What is not its own waits, and with it all deletes; what lies outside the scope is denied. ${NEVER}`,
    todo: [
      'After a first run: run it again, and it deletes what is its own.',
      'What others put there, remove by name: holdfast guard run -- rm -r PATH',
    ],
  },
  'eligible-source': {
    says: 'What decides over others is the source: enrolled, the same machine and file system as then, not older than its target. A re-imaged machine, a clone or a replica may be synced to, not from.',
    holds: `It is denied. A source that has become much smaller is held until a person has looked. ${NEVER}`,
    todo: [
      'Sync the other way around, from the one that is whole.',
      'When it has been restored and compared: holdfast promote PLACE --reason REASON',
    ],
  },
  undo: {
    says: 'What cannot be put back is not taken away unasked. A proven undo is a place on the same file system that was tried, or a copy that does not share the fate of what goes.',
    holds:
      'It waits for two persons, or for one and ten minutes (guard.approvals in holdfast.yaml).',
    todo: [
      'Make it possible to put it back: holdfast backup PATH; or free space on that file system.',
      'Or let it pass: holdfast approve PLAN',
    ],
  },
  live: {
    says: 'What is open, or being written, is not taken away. What is only overwritten counts where it is known to be in use.',
    holds: 'It waits until a person has typed the name of the target.',
    todo: ['Stop what uses it, or wait.', 'Or let it pass: holdfast approve PLAN'],
  },
  radius: {
    says: 'What one pipeline takes away in 24 hours has a limit: 20 entries, three times what its own history has, or, at once, 15 % of what lies there up to 1 000; never more than half of it unless it has done so before; and something must remain. Renames, caches, and what you name yourself and can put back do not count.',
    holds: 'It waits for one person.',
    todo: [
      'Where that is usual here: guard.limits or guard.pipelines in holdfast.yaml; for once, the latter with until: DAY',
      'See how often it would have asked: holdfast guard replay',
      'Or let it pass: holdfast approve PLAN',
    ],
  },
  'exact-plan': {
    says: 'What is done is exactly what was judged: in its time, once, by one at a time, not while changes are frozen or somebody has claimed the place. An agent never takes away by itself.',
    holds: `It waits; one that has expired is denied. ${NEVER}`,
    todo: [
      'See who froze or claimed it above, and ask them: holdfast unfreeze, holdfast claim',
      'Make one that has expired anew, by the command that made it.',
    ],
  },
};

/** By its name, or its number: `R1`. */
export function ruleNamed(text: string): ExplainedRule | undefined {
  const wanted = text.toLowerCase();
  return RULE_NAMES.find((name, at) => name === wanted || `r${at + 1}` === wanted);
}

export function explanationOf(rule: ExplainedRule): RuleExplanation & { readonly number: string } {
  return { number: `R${RULE_NAMES.indexOf(rule) + 1}`, ...EXPLANATIONS[rule] };
}

export function* sayRule(rule: ExplainedRule, style: Style): Generator<string> {
  const { number, says, holds, todo } = explanationOf(rule);
  yield `${rule} (${number} of 7)`;
  yield '';
  yield* wrap(says, style.width);
  yield '';
  yield* wrap(holds, style.width);
  yield '';
  for (const each of todo) {
    const [first = '', ...rest] = wrap(each, style.width - 4);
    yield `  - ${first}`;
    for (const line of rest) yield `    ${line}`;
  }
}
