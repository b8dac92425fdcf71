/** Units of systemd: what runs of them, and what a timer has set going. */
import { StopperFailure, type StopperSight } from '../../guard/shell/stopper.ts';
import { runWell, type StopperWorld } from './stopper-world.ts';

export interface UnitState {
  readonly id: string;
  readonly isLoaded: boolean;
  /** `active`, `activating`, `inactive`, `failed`, ... */
  readonly active: string;
  readonly triggers: readonly string[];
}

const RUNNING = ['active', 'activating', 'reloading', 'refreshing'];
const SHOW = ['systemctl', 'show', '--no-pager', '--property=Id,LoadState,ActiveState,Triggers'];

/**
 * Those of `units` that run, and what those that are timers have set going.
 *
 * @param wanted `all`: one that is not there cannot be told; `any`: at least one must be there
 * @throws StopperFailure
 */
export async function lookAtUnits(
  world: StopperWorld,
  { units, wanted }: { readonly units: readonly string[]; readonly wanted: 'all' | 'any' },
  signal: AbortSignal,
): Promise<StopperSight> {
  needSystemd(world);
  const seen = await show(world, units, signal);
  const absent = units.filter((unit) => !seen.some(({ id, isLoaded }) => id === unit && isLoaded));
  if (wanted === 'all' ? absent.length > 0 : absent.length === units.length) {
    throw new StopperFailure(`systemd knows no ${absent.join(', ')}`);
  }
  const runs = seen.filter(isRunning).map(({ id }) => id);
  const triggered = seen
    .flatMap(({ id, triggers }) => (id.endsWith('.timer') ? triggers : []))
    .filter((unit) => !units.includes(unit));
  const jobs = triggered.length === 0 ? [] : await show(world, triggered, signal);
  const underWay = jobs.filter(isRunning).map(({ id }) => id);
  return { runs, underWay, why: unitWords(runs, underWay) };
}

export async function stopUnits(
  world: StopperWorld,
  parts: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  await runWell(world, ['systemctl', 'stop', '--no-block', '--', ...parts], signal);
}

export async function startUnits(
  world: StopperWorld,
  parts: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  needSystemd(world);
  await runWell(world, ['systemctl', 'start', '--no-block', '--', ...parts], signal);
}

/** Blocks of `Key=value`, an empty line between two units. */
export function parseShow(text: string): readonly UnitState[] {
  return text.split(/\n{2,}/).flatMap((block) => {
    const values = new Map(
      block.split('\n').map((line) => {
        const at = line.indexOf('=');
        return [line.slice(0, Math.max(0, at)), line.slice(at + 1)] as const;
      }),
    );
    const id = values.get('Id') ?? '';
    if (id === '') return [];
    const triggers = (values.get('Triggers') ?? '').split(' ').filter((word) => word !== '');
    const isLoaded = values.get('LoadState') === 'loaded';
    return [{ id, isLoaded, active: values.get('ActiveState') ?? '', triggers }];
  });
}

async function show(
  world: StopperWorld,
  units: readonly string[],
  signal: AbortSignal,
): Promise<readonly UnitState[]> {
  const seen = parseShow(await runWell(world, [...SHOW, '--', ...units], signal));
  if (seen.length === 0) throw new StopperFailure('systemctl show said nothing of these units');
  return seen;
}

function isRunning({ active }: UnitState): boolean {
  return RUNNING.includes(active);
}

function needSystemd({ isSystemd }: StopperWorld): void {
  if (!isSystemd) throw new StopperFailure('systemd is not the first process here');
}

function unitWords(runs: readonly string[], underWay: readonly string[]): string {
  if (runs.length > 0) return `active: ${runs.join(', ')}`;
  return underWay.length > 0
    ? `what they set going still runs: ${underWay.join(', ')}`
    : 'inactive';
}
