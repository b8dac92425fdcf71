/** `vault upgrade`: the plan, the question, and what follows from the answer. */
import { byteString } from '../../base/bytes.ts';
import type { Op } from '../../base/plan.ts';
import type { Style } from '../../base/say.ts';
import { sayName } from '../../base/say-name.ts';
import { countOf } from '../../base/say-quantity.ts';
import { type LabelledRow, layoutRows, layoutSentence } from '../../base/say-rows.ts';
import { layoutObjections } from '../../guard/core/say-verdict.ts';
import {
  planUpgrade,
  type UpgradePlan,
  type UpgradeStep,
  upgradeVault,
} from '../../vault/shell/upgrade-vault.ts';
import { askLine } from '../cli/ask.ts';
import type { Answer, Cli } from '../cli/cli.ts';
import { EXIT } from '../cli/exit-code.ts';
import { absolutePath, bytesOfArgument, textOfBytes } from '../cli/places.ts';
import { readSettings, type VaultOptions, vaultOf } from '../cli/settings.ts';
import { vaultDocuments } from '../cli/vault-documents.ts';
import { demandKeeper } from '../gc/demand-keeper.ts';
import {
  type JudgedGc,
  judgeVaultPlan,
  leaseGc,
  noteGc,
  sealGc,
  UPGRADE_PIPELINE,
  type VaultPlan,
} from '../gc/gc-guard.ts';
import { type GuardSession, openGuard } from '../guard/guard-session.ts';
import { exitCodeOfDecision } from '../guard/verdict-exit.ts';
import { storeAt } from '../vault-line.ts';
import { type DirectoryPlace, parseVaultPlace } from '../vault-place.ts';
import { nodePorts } from '../vault-session.ts';

export interface UpgradeOptions extends Pick<VaultOptions, 'config'> {
  readonly dryRun?: true;
  readonly yes?: true;
}

const COMMAND = 'holdfast vault upgrade';
const WORD = 'upgrade';

interface Made {
  readonly place: DirectoryPlace;
  readonly guard: GuardSession;
  readonly plan: UpgradePlan;
  readonly toJudge: VaultPlan;
  readonly judged: JudgedGc;
}

/**
 * @param given where the vault lies; undefined: as the settings say
 * @throws Fault HF_VAULT_KEEPER, HF_VAULT_WANTED, HF_PLAN_LEASED, and what `planUpgrade` throws
 */
export async function answerUpgrade(
  cli: Cli,
  given: string | undefined,
  options: UpgradeOptions,
): Promise<Answer> {
  const settings = await readSettings(cli, options);
  const place =
    given === undefined
      ? vaultOf(settings)
      : parseVaultPlace(bytesOfArgument(given), (path) => absolutePath(cli.cwd, path));
  demandKeeper(place, COMMAND, '');
  const guard = await openGuard(cli, settings);
  const plan = await planUpgrade(portsOf(guard, place), vaultDocuments());
  const toJudge = await judgedOf(guard, place, plan);
  const made = { place, guard, plan, toJudge, judged: judgeVaultPlan(guard, toJudge) };
  if (plan.steps.length === 0) return nothingToDo(made);
  const { decision } = made.judged.verdict;
  if (decision !== 'allow')
    return shown(made, 'Nothing was changed.', exitCodeOfDecision(decision));
  if (options.dryRun === true) {
    return shown(made, 'Nothing was changed: this was a dry run.', EXIT.done);
  }
  if (options.yes !== true && !(await isWanted(cli, made))) {
    return shown(made, 'Nothing was changed: nobody was here to ask. --yes does it.', EXIT.held);
  }
  return perform(made);
}

function portsOf({ ports }: GuardSession, { root }: DirectoryPlace) {
  const { tools, clock } = nodePorts();
  return { store: storeAt(ports, root), tools, clock, place: textOfBytes(root) };
}

async function judgedOf(
  guard: GuardSession,
  place: DirectoryPlace,
  { steps }: UpgradePlan,
): Promise<VaultPlan> {
  const objects = await portsOf(guard, place).store.list('');
  return {
    ...{ root: place.root, command: COMMAND.split(' '), pipeline: UPGRADE_PIPELINE },
    ...{ entries: objects.length, scope: [''], ops: steps.map(opOf) },
  };
}

/** What lay there is kept in the vault: nothing is lost by it. */
function opOf({ name, oldBytes, bytes }: UpgradeStep): Omit<Op, 'n'> {
  const isNew = oldBytes === undefined;
  return {
    ...{ op: isNew ? 'create' : 'replace', kind: 'object', path: byteString(name), entries: 1 },
    ...{ bytes: oldBytes ?? bytes.length, owner: 'pipeline', cause: 'explicit' },
    ...{ cascade: 'expanded', cls: 'data', live: { state: 'idle' } },
    undo: { kind: 'vault', verified: true, fidelity: 'exact' },
  };
}

async function isWanted(cli: Cli, made: Made): Promise<boolean> {
  if (!cli.terminal.canAsk || cli.wantsJson) return false;
  for (const line of planLines(made, cli.terminal.errorStyle)) cli.terminal.err(`${line}\n`);
  return (
    (await askLine(cli, `\nType ${WORD} to do it, anything else to leave all: `)).trim() === WORD
  );
}

function nothingToDo({ place, plan }: Made): Answer {
  return {
    code: EXIT.done,
    say: (style) => {
      const text = `${sayName(place.root, style)} is of format ${plan.to} already: nothing is to be done.`;
      return layoutSentence(style, { mark: { is: 'ok' }, text });
    },
    json: { ...json(place, plan), done: false },
  };
}

function shown(made: Made, end: string, code: Answer['code']): Answer {
  return {
    code,
    say: (style) => [
      ...planLines(made, style),
      '',
      ...layoutSentence(style, { mark: undefined, text: end }),
    ],
    json: { ...json(made.place, made.plan), ...verdictJson(made), done: false },
  };
}

async function perform({ place, guard, plan, toJudge, judged }: Made): Promise<Answer> {
  const lease = leaseGc(guard, place.root, judged.header.id);
  try {
    // What was frozen or claimed while somebody thought it over counts.
    const again = judgeVaultPlan(guard, toJudge, judged.header.id);
    const made = { place, guard, plan, toJudge, judged: again };
    const { decision } = again.verdict;
    if (decision !== 'allow') {
      return shown(made, 'Nothing was changed.', exitCodeOfDecision(decision));
    }
    sealGc(guard, again);
    const aside = await upgradeVault(portsOf(guard, place), plan);
    noteGc(guard, again, { done: plan.steps.length, until: guard.now() });
    return {
      code: EXIT.done,
      say: (style) => [
        ...layoutSentence(style, {
          ...{ mark: { is: 'ok' }, tone: 'strong' },
          text: `${sayName(place.root, style)} is of format ${plan.to} now.`,
        }),
        ...layoutRows(style, [row('kept', asideText(aside))]),
      ],
      json: { ...json(place, plan), plan: again.header.id, setAside: aside, done: true },
    };
  } finally {
    lease.free();
  }
}

function asideText(aside: readonly string[]): string {
  const what = countOf(aside.length, 'object');
  return `${what} of before, below damaged/ in the vault; nothing reads them`;
}

function planLines({ place, plan, judged }: Made, style: Style): readonly string[] {
  const { from, to, steps } = plan;
  const text = `${sayName(place.root, style)}: format ${from} becomes ${to}.`;
  const { decision, objections } = judged.verdict;
  return [
    ...layoutSentence(style, { mark: undefined, text, tone: 'strong' }),
    '',
    ...layoutRows(style, [
      row('replaces', steps.map(({ name }) => name).join(', ')),
      row(
        'keeps',
        'all else as it lies; what is replaced goes below damaged/, and nothing is lost',
      ),
      row('then', 'a Holdfast that knows no format 1 reads and writes this vault no more'),
      row('before', 'let backups end that an older Holdfast has begun here'),
      row('undo', 'none'),
    ]),
    ...(decision === 'allow' ? [] : ['', ...layoutObjections(objections, style)]),
  ];
}

function row(label: string, text: string): LabelledRow {
  return { mark: undefined, label, text };
}

function json({ root }: DirectoryPlace, { vault, from, to, steps }: UpgradePlan): object {
  return { vault, place: textOfBytes(root), from, to, replaces: steps.map(({ name }) => name) };
}

function verdictJson({ judged: { verdict } }: Made): object {
  return {
    verdict: verdict.decision,
    objections: verdict.objections.map(({ rule, why, fix }) => ({ rule, why, fix })),
  };
}
