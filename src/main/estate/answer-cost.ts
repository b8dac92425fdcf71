/** `cost`: what a vault's data sets cost, from its snapshots, its objects and the last look. */
import type { ByteString } from '../../base/bytes.ts';
import { sayName } from '../../base/say-name.ts';
import { type Capture, costOf, type VaultCost } from '../../watch/core/exposure/cost.ts';
import { renderCost } from '../../watch/core/exposure/render-cost.ts';
import type { Answer, Cli } from '../cli/cli.ts';
import { EXIT } from '../cli/exit-code.ts';
import { timeJson } from '../cli/json-shape.ts';
import { type Opened, openWith } from '../cli/open.ts';
import { textOfBytes } from '../cli/places.ts';
import { type Settings, type VaultOptions, vaultOf } from '../cli/settings.ts';
import { lookHere } from '../look/host-here.ts';
import { lookStore } from '../look/look-store.ts';
import { newestLook } from '../look/saved-looks.ts';
import { nameOfPlace } from '../vault-place.ts';
import { type ReadSnapshot, readSnapshots } from './points.ts';
import { seeEstate } from './see-estate.ts';

export async function answerCost(
  cli: Cli,
  settings: Settings,
  options: VaultOptions,
): Promise<Answer> {
  vaultOf(settings);
  const opened = await openWith(cli, settings, options);
  const { vault, line } = opened.session;
  const objects = await line.store.list('');
  const { prices } = settings.config;
  const { estate } = await seeEstate(opened);
  const cost = costOf({
    ...{ estate, vault: vault.id, now: cli.clock.now() },
    captures: (await readSnapshots(vault)).map(captureOf),
    storedBytes: objects.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    link: line.place.kind === 'ssh' ? { bitsPerSecond: linkSpeed(opened) } : undefined,
    price: prices && { currency: prices.currency, perGibMonth: prices['gib-month'] },
  });
  const place = nameOfPlace(line.place);
  return {
    code: EXIT.done,
    say: (style) => renderCost(cost, style, sayName(place, style)),
    json: costJson(cost, place, timeJson(cli.clock.now())),
  };
}

function captureOf({ content }: ReadSnapshot): Capture {
  const { dataSet, host, started, finished, roots, stats } = content;
  const figure = (name: string): number | undefined => {
    const given = stats[name];
    const value = typeof given === 'string' ? Number(given) : given;
    return value !== undefined && Number.isFinite(value) && value >= 0 ? value : undefined;
  };
  return {
    ...{ dataSet, host, startedAt: started, tookMs: Math.max(0, finished - started) },
    bytes: Number(roots.reduce((sum, root) => sum + root.bytes, 0n)),
    readBytes: figure('readBytes'),
    newBytes: figure('newBytes'),
  };
}

/** Of the slowest cable of this machine that carries, as the last look saw them. */
function linkSpeed({ settings }: Opened): number | undefined {
  const { look } = newestLook(lookStore(settings));
  const links = look === undefined ? [] : (lookHere(look.looks)?.sight.links ?? []);
  const speeds = links.flatMap(({ isUp, speedMbit }) => (isUp ? (speedMbit ?? []) : []));
  const cables = speeds.filter((mbit) => mbit > 0);
  return cables.length === 0 ? undefined : Math.min(...cables) * 1e6;
}

function costJson(cost: VaultCost, place: ByteString, computedAt: string): object {
  const { dataSets, ...vault } = cost;
  return {
    ...{ computedAt, vault: textOfBytes(place), ...vault },
    monthBytes: cost.monthBytes ?? null,
    dataSets: dataSets.map((each) => ({
      ...each,
      storedBytes: each.storedBytes ?? null,
      monthBytes: each.monthBytes ?? null,
    })),
  };
}
