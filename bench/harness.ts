import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { differences, sizeOfTree } from './compare.ts';
import { changeInput, type Generated, generateInput } from './generate.ts';
import type { InputSpec } from './inputs.ts';
import { type Cost, measure, warmCache } from './measure.ts';
import type { FreshPlace, Scratch } from './scratch.ts';
import type { Act, Run } from './summary.ts';
import { type Site, type Tool, TOOLS, type ToolName } from './tools.ts';

/** What was modified less than this before a capture may be read twice, by any careful tool. */
const SETTLE_MS = 61_000;

export interface Campaign {
  readonly spec: InputSpec;
  readonly tools: readonly ToolName[];
  readonly runCount: number;
  /** Also a backup after 1 % of the input was rewritten. */
  readonly withChange: boolean;
  /** Waits before a first backup until the input is old. Off for tests only. */
  readonly settles: boolean;
  readonly onRun: (run: Run) => void;
}

/** One tool's turn: what it needs to know of the campaign, and where it notes its costs. */
interface Turn {
  readonly campaign: Campaign;
  readonly scratch: Scratch;
  readonly tool: Tool;
  readonly input: Input;
  readonly home: string;
  readonly note: (act: Act, cost: Cost, repositoryBytes?: number) => void;
  readonly isFirstRun: boolean;
}

interface Input extends Generated {
  readonly path: string;
  generation: number;
  changedAtMs: number;
}

/**
 * Makes the input, lets the tools take turns on it, and takes it away. In each run every tool does
 * all its acts and its data are deleted before the next tool begins; the next run begins with
 * another tool, so that none always meets the machine in the same mood.
 */
export async function runCampaign(campaign: Campaign, scratch: Scratch): Promise<Generated> {
  const path = scratch.directory('input');
  const generated = await generateInput(campaign.spec, path, scratch);
  const input: Input = { ...generated, path, generation: 0, changedAtMs: Date.now() };
  for (let run = 1; run <= campaign.runCount; run++) {
    for (const name of rotate(campaign.tools, run - 1)) {
      scratch.signal.throwIfAborted();
      const tool = TOOLS[name];
      const note: Turn['note'] = (act, cost, repositoryBytes) =>
        campaign.onRun({ tool: name, run, act, ...cost, repositoryBytes });
      const home = scratch.directory(`home-${name}`);
      const turn = { campaign, scratch, tool, input, home, note, isFirstRun: run === 1 };
      await settle(turn);
      await (tool.kind === 'backup' ? takeBackupTurn(turn) : takeCopyTurn(turn));
      await scratch.remove(home);
    }
  }
  await scratch.remove(path);
  return generated;
}

async function takeBackupTurn(turn: Turn): Promise<void> {
  const { tool, scratch } = turn;
  const repository = join(turn.home, tool.repository);
  const site = siteOf(turn, '');
  if (tool.prepare !== undefined) await measure({ command: tool.prepare(site) }, scratch);
  const first = await saveOnce(turn, site);
  turn.note('first', first, sizeOfTree(repository));
  let last = { ...site, backupNumber: 1 };
  turn.note('unchanged', await saveOnce(turn, last));
  if (turn.campaign.withChange) {
    await change(turn);
    last = { ...site, backupNumber: 2 };
    turn.note('changed', await saveOnce(turn, last));
  }
  if (tool.check !== undefined) {
    await warmCache(repository, scratch.signal);
    turn.note('check', await measure({ command: tool.check(last) }, scratch));
  }
  if (tool.restore !== undefined) {
    const fresh = await freshPlaceFor(turn);
    await warmCache(repository, scratch.signal);
    const command = tool.restore({ ...last, target: fresh.path });
    turn.note('restore', await measure({ command, syncPath: fresh.path }, scratch));
    verify(turn, fresh.path);
    await fresh.discard();
  }
}

/** A copy to a fresh file system is backup and restore in one; it is noted as the first backup. */
async function takeCopyTurn(turn: Turn): Promise<void> {
  const { tool, scratch } = turn;
  const fresh = await freshPlaceFor(turn);
  const site = siteOf(turn, fresh.path);
  turn.note('first', await saveOnce(turn, site));
  verify(turn, fresh.path);
  turn.note('unchanged', await saveOnce(turn, { ...site, backupNumber: 1 }));
  if (turn.campaign.withChange) {
    await change(turn);
    turn.note('changed', await saveOnce(turn, { ...site, backupNumber: 2 }));
  }
  if (tool.check !== undefined) {
    await warmCache(fresh.path, scratch.signal);
    turn.note('check', await measure({ command: tool.check(site) }, scratch));
  }
  await fresh.discard();
}

async function saveOnce(turn: Turn, site: Site): Promise<Cost> {
  await warmCache(site.input, turn.scratch.signal);
  const command = turn.tool.save(site);
  const isCopy = turn.tool.kind === 'copy';
  return measure(isCopy ? { command, syncPath: site.target } : { command }, turn.scratch);
}

/** Each change set is left in place: the next tool starts from it, with as many other bytes. */
async function change(turn: Turn): Promise<void> {
  const { input, campaign, scratch } = turn;
  input.generation++;
  const { path: root, generation } = input;
  await changeInput({ spec: campaign.spec, root, generation }, scratch.signal);
  input.changedAtMs = Date.now();
}

async function settle({ campaign, input, scratch }: Turn): Promise<void> {
  const leftMs = input.changedAtMs + SETTLE_MS - Date.now();
  if (campaign.settles && leftMs > 0) await sleep(leftMs, undefined, { signal: scratch.signal });
}

async function freshPlaceFor({ campaign, input, scratch }: Turn): Promise<FreshPlace> {
  // An image may come back without its holes.
  return scratch.freshPlace(campaign.spec.imageSizeBytes ?? input.sizeBytes);
}

function verify({ campaign, input, isFirstRun, tool }: Turn, restored: string): void {
  if (!isFirstRun) return;
  const found = differences(campaign.spec, input.path, restored);
  if (found.length === 0) return;
  throw new Error(
    `${tool.name} did not give back what it was given:\n${found.slice(0, 9).join('\n')}`,
  );
}

function siteOf({ campaign, input, home }: Turn, target: string): Site {
  const isSparse = campaign.spec.imageSizeBytes !== undefined;
  return { input: input.path, home, target, backupNumber: 0, isSparse };
}

function rotate<T>(values: readonly T[], by: number): T[] {
  const at = by % values.length;
  return [...values.slice(at), ...values.slice(0, at)];
}
