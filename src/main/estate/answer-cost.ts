/** `cost`: what a vault's data sets cost, from its snapshots, its objects and the last look. */
import type { ByteString } from '../../base/bytes.ts';
import { standingOf } from '../../base/evidence.ts';
import type { Style } from '../../base/say.ts';
import { sayName, sayText } from '../../base/say-name.ts';
import { wrap } from '../../base/say-width.ts';
import type { UnixMs } from '../../base/units.ts';
import type { Estate, RecoveryPoint } from '../../watch/core/estate.ts';
import { costOf, type Price, type VaultCost } from '../../watch/core/exposure/cost.ts';
import {
  fullInMs,
  type KeptCapture,
  roomLine,
  type WouldFree,
  wouldFree,
  wouldFreeLines,
} from '../../watch/core/exposure/would-free.ts';
import { renderCost } from '../../watch/core/exposure/render-cost.ts';
import {
  renderRepositoryCosts,
  repositoryCosts,
} from '../../watch/core/exposure/repository-cost.ts';
import type { Answer, Cli } from '../cli/cli.ts';
import { EXIT } from '../cli/exit-code.ts';
import { timeJson } from '../cli/json-shape.ts';
import { type Opened, openWith } from '../cli/open.ts';
import { textOfBytes } from '../cli/places.ts';
import { type Settings, type VaultOptions, vaultOf } from '../cli/settings.ts';
import { knownRepositories } from '../connect/connecting.ts';
import { lookHere } from '../look/host-here.ts';
import { lookStore } from '../look/look-store.ts';
import { newestLook } from '../look/saved-looks.ts';
import { nameOfPlace } from '../vault-place.ts';
import { captureOf, roomThere } from './captures.ts';
import { parseKeep } from './keep-policy.ts';
import { type ReadSnapshot, readSnapshots } from './points.ts';
import { seeEstate } from './see-estate.ts';

type CostOptions = VaultOptions & { readonly keep?: string };

export async function answerCost(
  cli: Cli,
  settings: Settings,
  options: CostOptions,
): Promise<Answer> {
  const theirs = await theirCosts(cli, settings);
  // Where no vault is named, what was connected is answered alone.
  if (settings.vault === undefined && options.keep === undefined && theirs.isAny) {
    return {
      code: EXIT.done,
      say: theirs.say,
      json: { computedAt: timeJson(cli.clock.now()), ...NO_VAULT, ...theirs.json },
    };
  }
  const own = await ownCost(cli, settings, options);
  return {
    ...own,
    say: (style) => [...own.say(style), ...(theirs.isAny ? ['', ...theirs.say(style)] : [])],
    json: { ...own.json, ...theirs.json },
  };
}

const NO_VAULT = {
  ...{ vault: null, dataSets: [], storedBytes: null, monthBytes: null },
  ...{ room: null, wouldFree: null },
};

interface TheirCosts {
  readonly isAny: boolean;
  readonly say: (style: Style) => readonly string[];
  readonly json: { readonly repositories: readonly object[] };
}

/** Of the team's own repositories, as looks at them showed. */
async function theirCosts(cli: Cli, settings: Settings): Promise<TheirCosts> {
  const { repositories } = await knownRepositories(settings.state.value);
  const price = priceIn(settings);
  const costs = repositoryCosts(repositories, price);
  const now = cli.clock.now();
  return {
    isAny: costs.length > 0,
    say: (style) => renderRepositoryCosts(costs, style, { price, now }),
    json: {
      repositories: costs.map(({ measuredAt, ...each }) => ({
        ...{ ...each, storedBytes: each.storedBytes ?? null, by: each.by ?? null },
        ...{ monthBytes: each.monthBytes ?? null, basisMs: each.basisMs ?? null },
        ...{ unknown: each.unknown ?? null },
        measuredAt: measuredAt === undefined ? null : timeJson(measuredAt),
      })),
    },
  };
}

function priceIn({ config: { prices } }: Settings): Price | undefined {
  return prices && { currency: prices.currency, perGibMonth: prices['gib-month'] };
}

async function ownCost(cli: Cli, settings: Settings, options: CostOptions): Promise<Answer> {
  vaultOf(settings);
  const policy = options.keep === undefined ? undefined : parseKeep(options.keep, 'cost');
  const opened = await openWith(cli, settings, { ...options, needs: 'names' });
  const { vault, line } = opened.session;
  const objects = await line.store.list('');
  const { estate } = await seeEstate(opened);
  const now = cli.clock.now();
  const snapshots = await readSnapshots(opened.session);
  const storedBytes = objects.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const cost = costOf({
    ...{ estate, vault: vault.id, now, storedBytes },
    captures: snapshots.map(captureOf),
    link: line.place.kind !== 'directory' ? { bitsPerSecond: linkSpeed(opened) } : undefined,
    price: priceIn(settings),
  });
  const place = nameOfPlace(line.place);
  const proven = provenIn(estate, now);
  const kept = snapshots.map((each) => keptOf(each, proven));
  const free = policy && wouldFree(kept, { policy, now, storedBytes });
  const space = await roomThere(opened);
  const room = space && { ...space, monthBytes: cost.monthBytes };
  return {
    code: EXIT.done,
    say: (style) => [
      ...renderCost(cost, style, sayName(place, style)),
      ...[
        roomLine(room),
        ...(free ? ['', ...wouldFreeLines(free, options.keep ?? '', now)] : []),
      ].flatMap((text) => wrap(sayText(text, style), style.width)),
    ],
    json: {
      ...costJson(cost, place, timeJson(now)),
      room:
        room === undefined
          ? null
          : { ...room, monthBytes: room.monthBytes ?? null, fullInMs: fullInMs(room) ?? null },
      wouldFree: free === undefined ? null : freeJson(free),
    },
  };
}

function freeJson({ dataSets, atMostBytes, ...rest }: WouldFree): object {
  return {
    ...{ ...rest, atLeastBytes: 0, atMostBytes: atMostBytes ?? null },
    dataSets: dataSets.map((each) => ({
      ...{ ...each, atMostBytes: each.atMostBytes ?? null, oldest: timeJson(each.oldest) },
    })),
  };
}

/** Whole, and read back within the limit. */
function provenIn({ points, clockSkewMax }: Estate, now: UnixMs): ReadonlySet<string> {
  const isProven = ({ isTorn, exists }: RecoveryPoint): boolean =>
    !isTorn && exists.some(({ evidence }) => standingOf(evidence, now, clockSkewMax) === 'ok');
  return new Set(points.filter(isProven).map(({ id }) => id));
}

function keptOf(read: ReadSnapshot, proven: ReadonlySet<string>): KeptCapture {
  const { record, content } = read;
  const { id, time: at, writer, seq } = record;
  return {
    ...{ host: content.host, dataSet: content.dataSet, newBytes: captureOf(read).newBytes },
    snapshot: {
      ...{ id, dataSet: `${writer}\0${content.dataSet}`, writer, seq, at },
      ...{
        tags: content.tags ?? [],
        isHeld: false,
        isProven: proven.has(id),
        isTimeDoubted: false,
      },
    },
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
