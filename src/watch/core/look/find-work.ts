/** Work that is nowhere else, and what runs by itself and could destroy it. */
import { countOf } from '../../../base/say-quantity.ts';
import { quoteWord } from '../../../base/shell-word.ts';
import { trimSlashes } from '../../../base/trim-slashes.ts';
import { bytesOfUtf8 } from '../../../manifest/core/utf8.ts';
import { isWithin } from '../place.ts';
import { pathText } from './across.ts';
import type { Finding } from './answer.ts';
import { bytesOf } from './at-stake.ts';
import { change, command, finding } from './finding.ts';
import { isLoopback } from './host-names.ts';
import type { Automation, GitTree } from './host-sight.ts';
import type { LookData, ManyEstate } from './look-estate.ts';

export function workFindings(many: ManyEstate): readonly Finding[] {
  const opened = new Set(many.estate.points.map(({ dataSet }) => dataSet));
  // A backup that nobody opened is no reason to say nothing.
  const bare = many.data.filter(({ set }) => !opened.has(set.name));
  return many.across.seen.flatMap(({ host, sight }) => [
    ...sight.gitTrees.flatMap((tree) => gitFindings(host, tree)),
    ...sight.automation.flatMap((each) => automationFindings(many, { host, each, bare })),
  ]);
}

function gitFindings(host: string, tree: GitTree): readonly Finding[] {
  const path = pathText(tree.path);
  const base = { hosts: [host], subject: path };
  const git = `git -C ${quoteWord(path)}`;
  const work = [
    tree.untrackedCount > 0 ? countOf(tree.untrackedCount, 'untracked file') : '',
    tree.changedCount > 0 ? countOf(tree.changedCount, 'changed file') : '',
    (tree.unpushedCount ?? 0) > 0 ? countOf(tree.unpushedCount ?? 0, 'unpushed commit') : '',
  ].filter((each) => each !== '');
  const found: Finding[] = [];
  if (tree.remoteCount === 0) {
    const also = work.length === 0 ? '' : `; ${work.join(', ')}`;
    const sentence = `${path} is a Git tree without a remote${also}`;
    const fix = command(`${git} remote add origin URL`, 'and push');
    found.push(finding('git-no-remote', { ...base, sentence, fix }));
  } else if (work.length > 0) {
    const sentence = `${path} has what no remote has: ${work.join(', ')}`;
    const fix = command(`${git} status`, 'commit and push, or ignore by name');
    found.push(finding('git-work-unpushed', { ...base, sentence, fix }));
  }
  if (tree.submodulesMissing > 0) {
    const count = countOf(tree.submodulesMissing, 'submodule');
    const sentence = `${path} lacks ${count}: who copies it copies it without them`;
    const fix = command(`${git} submodule update --init --recursive`, 'fetches them');
    found.push(finding('git-submodules-missing', { ...base, sentence, fix }));
  }
  return found;
}

const TREES = ['tree', 'www', 'config', 'home', 'repository'];

/** What could destroy matters where nothing could bring it back. */
function automationFindings(
  many: ManyEstate,
  of: {
    readonly host: string;
    readonly each: Automation;
    readonly bare: readonly LookData[];
  },
): readonly Finding[] {
  const { host, each, bare } = of;
  const target = each.target === undefined ? undefined : targetOf(many, host, each.target);
  if (each.target !== undefined && target === undefined) return [];
  const hit = bare
    .filter(({ host: on, data }) =>
      target === undefined
        ? on === host && TREES.includes(data.kind)
        : on === target.host &&
          (isWithin(data.path, target.path) || isWithin(target.path, data.path)),
    )
    .sort((one, other) => other.data.bytes - one.data.bytes);
  const [worst] = hit;
  if (worst === undefined) return [];
  const more = hit.length === 1 ? '' : ` and ${hit.length - 1} more`;
  const what = `${pathText(worst.data.path)}${more}`;
  const does = target === undefined ? 'could change or delete' : 'writes to and may delete from';
  return [
    finding('automation-could-delete', {
      hosts: [...new Set([host, worst.host])],
      subject: `${each.kind} ${each.trace}`,
      sentence: `${each.kind} (${each.foundBy}: ${each.trace}) ${does} ${what}, in no recovery point that was opened`,
      bytes: bytesOf(hit),
      ...(target === undefined ? { rank: 3 as const } : {}),
      fix: change(
        'Back that up first, or open what may hold it; let it delete only below a path that it made.',
      ),
    }),
  ];
}

/** `HOST:/PATH` or a path; undefined where that is no path of a host that was looked at. */
function targetOf(many: ManyEstate, host: string, target: string) {
  const remote = /^(?:[^@/:]*@)?(\[[^\]]+\]|[^:/]+)::?(\/.*)$/.exec(target);
  const path = remote === null ? target : (remote[2] ?? '');
  if (!path.startsWith('/')) return undefined;
  const named = remote?.[1];
  const on = named === undefined || isLoopback(named) ? host : many.across.hostOf(named);
  if (on === undefined) return undefined;
  return { host: on, path: bytesOfUtf8(trimSlashes(path)) };
}
