/** `holdfast probe`: what the agent would see of this machine, looked at once. */
import type { Command } from 'commander';
import { AGENT_CONFIG, parseAgentConfig } from '../../adapters/agent-config/agent-config-file.ts';
import { discoverHost } from '../../adapters/probes/host-found.ts';
import { type ProbesConfigured, probesHere } from '../../adapters/probes/probes-here.ts';
import { Fault } from '../../base/fault.ts';
import { nearestWord } from '../../base/nearest-word.ts';
import type { Style } from '../../base/say.ts';
import { type StateMark, stateRank } from '../../base/say-mark.ts';
import { countOf } from '../../base/say-quantity.ts';
import { layoutRows, layoutSentence } from '../../base/say-rows.ts';
import type { ItemSaw } from '../../watch/core/agent/messages.ts';
import type { Probe, ProbeFinding } from '../../watch/shell/agent/probe.ts';
import type { Act, Answer, Cli } from './cli.ts';
import { EXIT } from './exit-code.ts';

interface Options {
  readonly config?: string;
  readonly exitCode?: true;
}

interface Probed {
  readonly probe: Pick<Probe, 'item' | 'kind' | 'everyMs'>;
  readonly finding: ProbeFinding;
}

/** Programs of others start at once: not more than these. */
const AT_ONCE = 8;
const MARKS: Readonly<Record<ItemSaw, StateMark>> = {
  broken: 'failed',
  unreadable: 'unknown',
  impaired: 'degraded',
  healthy: 'ok',
};

const EXAMPLE = `
NAME is an item as \`space:/srv\`, a kind as \`space\`, or the name that a probe
has in agent.yaml. What needs time to be seen, as a process that hangs, is not
seen by one look: the agent sees it.

Examples:
  holdfast probe
  holdfast probe space --exit-code`;

export function define(command: Command, act: Act): void {
  command
    .summary('look at this machine once, with all its probes, worst first')
    .description(
      'Runs the probes of this machine once and says what they see. It reads, and changes nothing.',
    )
    .argument('[name]', 'an item, a kind, or a name in agent.yaml; else all')
    .option('--config <file>', 'instead of /etc/holdfast/agent.yaml')
    .option('--exit-code', 'end with 5 where something is not ok')
    .addHelpText('after', EXAMPLE)
    .action(
      act((cli, [name, options]: [string | undefined, Options]) => perform(cli, name, options)),
    );
}

async function perform({ stop }: Cli, name: string | undefined, options: Options): Promise<Answer> {
  const { configured, trouble } = readConfigured(options.config);
  const all = probesHere(configured, discoverHost());
  const wanted = name === undefined ? all : named(all, name);
  const stopped = new AbortController();
  const release = stop.onStop(() => stopped.abort());
  const probed: Probed[] = [];
  try {
    const queue = [...wanted];
    const lane = async (): Promise<void> => {
      for (let probe = queue.shift(); probe !== undefined; probe = queue.shift()) {
        probed.push({ probe, finding: await probe.look(stopped.signal) });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
  } finally {
    release();
  }
  if (trouble !== undefined) probed.push(trouble);
  probed.sort(byWorst);
  const isOk = probed.length > 0 && probed.every(({ finding }) => finding.saw === 'healthy');
  return {
    code: options.exitCode === true && !isOk ? EXIT.differs : EXIT.done,
    say: (style) => lines(style, probed),
    json: {
      probes: probed.map(({ probe, finding }) => ({
        item: probe.item,
        kind: probe.kind,
        standing: MARKS[finding.saw],
        saw: finding.saw,
        why: finding.why,
        detail: finding.detail,
        everyMs: probe.everyMs,
      })),
    },
  };
}

/**
 * What agent.yaml says; a file that does not hold is a finding, as it is one of the agent.
 *
 * @throws Fault HF_AGENT_CONFIG
 */
function readConfigured(file: string | undefined): {
  readonly configured: ProbesConfigured;
  readonly trouble: Probed | undefined;
} {
  const read = parseAgentConfig(file ?? AGENT_CONFIG);
  if (read === undefined && file !== undefined) {
    const instead = 'Name a file that is there.';
    throw new Fault('HF_AGENT_CONFIG', `there is no ${file}`, { file, instead });
  }
  const { probes = {}, without = [] } = read?.config ?? {};
  const why = read?.trouble;
  const probe = { item: 'agent:config', kind: 'agent', everyMs: 60_000 };
  const trouble: Probed | undefined =
    why === undefined ? undefined : { probe, finding: { saw: 'broken', why, detail: {} } };
  return { configured: { probes, without }, trouble };
}

/** @throws Fault HF_USAGE */
function named(all: readonly Probe[], name: string): readonly Probe[] {
  const found = all.filter(
    ({ item, kind }) => item === name || kind === name || item === `${kind}:${name}`,
  );
  if (found.length > 0) return found;
  const near = nearestWord(name, [...new Set(all.flatMap(({ item, kind }) => [item, kind]))]);
  const meant = near === undefined ? '' : `; did you mean ${near}?`;
  throw new Fault('HF_USAGE', `there is no probe ${name} here${meant}`, { command: 'probe' });
}

function byWorst(one: Probed, other: Probed): number {
  const rank = ({ finding }: Probed): number => stateRank(MARKS[finding.saw]);
  return rank(one) - rank(other) || (one.probe.item < other.probe.item ? -1 : 1);
}

function lines(style: Style, probed: readonly Probed[]): readonly string[] {
  const count = (saw: ItemSaw): number =>
    probed.filter(({ finding }) => finding.saw === saw).length;
  const [worst] = probed;
  const words = [
    [count('broken'), 'failed'],
    [count('unreadable'), 'unknown'],
    [count('impaired'), 'degraded'],
  ] as const;
  const bad = words.filter(([many]) => many > 0).map(([many, word]) => `${many} ${word}`);
  const all = countOf(probed.length, 'probe');
  const text = bad.length === 0 ? `${all}, all ok now` : `${all}: ${bad.join(', ')}`;
  const is = worst === undefined ? 'unknown' : MARKS[worst.finding.saw];
  return [
    ...layoutSentence(style, { mark: { is }, text, tone: 'strong' }),
    '',
    ...layoutRows(
      style,
      probed.map(({ probe, finding }) => ({
        mark: { is: MARKS[finding.saw] },
        label: probe.item,
        text: finding.why,
      })),
    ),
  ];
}
