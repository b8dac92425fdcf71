/** What would be lost with each host, and what it is now. */
import { smallest } from '../../../base/long-list.ts';
import { stateRank } from '../../../base/say-mark.ts';
import { countOf } from '../../../base/say-quantity.ts';
import type { UnixMs } from '../../../base/units.ts';
import type { FailureDomain } from '../domain.ts';
import { survivesOf } from '../exposure/exposure-index.ts';
import { type Loss, lossOf, severityOf } from '../loss.ts';
import { mayHoldSet } from '../may-hold.ts';
import { isWithin } from '../place.ts';
import { fateOfData } from '../survival.ts';
import { pathText } from './across.ts';
import type { DataLoss, Finding, HostAnswer, HostLoss } from './answer.ts';
import { engineName } from './find-single.ts';
import { isVirtual } from './guests.ts';
import { mostHarmFirst } from './host-harm.ts';
import type { LookData, ManyEstate } from './look-estate.ts';
import type { LookedHost } from './looked-hosts.ts';

/** Every machine once, worst first: by what is, then by what would be, then by how much. */
export function hostAnswers(
  many: ManyEstate,
  degraded: readonly Finding[],
  now: UnixMs,
): readonly HostAnswer[] {
  return many.across.hosts
    .map((host) => hostAnswer(many, { host, degraded }, now))
    .sort((one, other) => stateRank(one.is) - stateRank(other.is) || mostHarmFirst(one, other));
}

const KINDS: readonly Loss['kind'][] = ['nothing', 'window', 'unknown', 'all'];

function hostAnswer(
  many: ManyEstate,
  of: { readonly host: LookedHost; readonly degraded: readonly Finding[] },
  now: UnixMs,
): HostAnswer {
  const { host, alsoAs, look, sight, why } = of.host;
  const isSeen = look === 'whole' || look === 'partial';
  const own = of.degraded.filter(({ hosts }) => hosts.includes(host));
  const state = [...own].sort((one, other) => stateRank(one.is) - stateRank(other.is))[0];
  const data = lostWith(many, host, now);
  const [loss = lossOfNone(many, of.host), ...alsoLoss] = lossesOf(many, host, data);
  const unseen: HostLoss = { ...NOTHING, kind: 'unknown', isAtLeast: true, why };
  const worstIs = state !== undefined && (look === 'whole' || stateRank(state.is) < UNKNOWN_RANK);
  return {
    ...{ host, alsoAs, look, data },
    seenAt: sight?.discovery.seenAt,
    is: worstIs ? state.is : look === 'whole' ? 'ok' : 'unknown',
    why: worstIs ? state.sentence : why,
    runsOn: many.guests.find((guest) => guest.host === host)?.on,
    guestCount: isSeen ? (sight?.guests.length ?? 0) : 0,
    loss: isSeen && (look === 'whole' || data.length > 0) ? loss : unseen,
    alsoLoss: isSeen ? alsoLoss : data.length === 0 ? [] : [loss, ...alsoLoss],
    survives: look === 'whole' ? survivesOfHost(many, data, now) : undefined,
    survivesDisks: look === 'whole' ? survivesDisks(many, of.host) : undefined,
  };
}

/** Of what was seen; nothing says that there is none. */
export const NO_COPY = 'no second copy seen';

const UNKNOWN_RANK = stateRank('unknown');

const NOTHING: HostLoss = { kind: 'nothing', what: '', bytes: 0, isAtLeast: false, why: '' };

/** Root sees all that lies there, and every other host all that it keeps there: else who knows. */
function lossOfNone({ across }: ManyEstate, { sight }: LookedHost): HostLoss {
  const isAllSeen = across.hosts.every(({ look }) => look === 'whole');
  if (isAllSeen && sight?.discovery.user.isRoot === true) return NOTHING;
  return { ...NOTHING, kind: 'unknown', isAtLeast: true, why: 'no data seen' };
}

/** What is hit when the host dies, worst first. The images of guests stand for what is in them. */
function lostWith(many: ManyEstate, host: string, now: UnixMs): readonly DataLoss[] {
  const domains: readonly FailureDomain[] = [{ kind: 'host', host }];
  const own = many.data.filter((each) => each.set.places[0]?.host === host);
  return many.data
    .filter((each) => fateOfData(each.set.places, domains) !== 'kept')
    .filter((each) => own.includes(each) || !isInside(each, { host, own }))
    .map((each) => dataLoss(each, lossOf({ estate: many.estate, now }, each.set, domains)))
    .sort(
      (one, other) =>
        severityOf(other.loss) - severityOf(one.loss) ||
        other.bytes - one.bytes ||
        (one.dataSet < other.dataSet ? -1 : 1),
    );
}

function isInside(
  { set }: LookData,
  { host, own }: { readonly host: string; readonly own: readonly LookData[] },
): boolean {
  return set.places.some(
    (place) =>
      place.host === host &&
      own.some(({ data }) => place.path !== undefined && isWithin(place.path, data.path)),
  );
}

function dataLoss({ host, data, set }: LookData, loss: Loss): DataLoss {
  const { path, kind, bytes, newestChange, isComplete } = data;
  return {
    dataSet: set.name,
    ...{ host, path, kind, bytes, newestChange, loss },
    isAtLeast: !isComplete,
  };
}

/** One for each kind of loss, worst first. */
function lossesOf(many: ManyEstate, host: string, data: readonly DataLoss[]): readonly HostLoss[] {
  return [...KINDS].reverse().flatMap((kind) => {
    const of = data.filter((each) => each.loss.kind === kind);
    if (kind === 'nothing' || of.length === 0) return [];
    const [largest] = [...of].sort((one, other) => other.bytes - one.bytes);
    return [
      {
        kind,
        what: whatOf(many, host, of),
        bytes: of.reduce((sum, each) => sum + each.bytes, 0),
        isAtLeast: of.some((each) => each.isAtLeast),
        why: largest === undefined ? '' : whyOf(many, largest),
      },
    ];
  });
}

function whyOf(many: ManyEstate, { dataSet, loss }: DataLoss): string {
  if (loss.kind === 'nothing') return '';
  if (loss.kind !== 'all' || many.estate.points.some((point) => point.dataSet === dataSet)) {
    return loss.why;
  }
  const set = many.estate.dataSets.find(({ name }) => name === dataSet);
  const found = many.estate.found.filter((each) => set !== undefined && mayHoldSet(each, set));
  const tools = [...new Set(found.map(({ tool }) => tool))].sort().join(', ');
  return tools === '' ? NO_COPY : `${tools} would be lost with it`;
}

/** `/srv/images`, `5 guests`, `PostgreSQL`, `/srv/www and 3 more`. */
function whatOf(many: ManyEstate, host: string, data: readonly DataLoss[]): string {
  const [first] = [...data].sort((one, other) => other.bytes - one.bytes);
  if (first === undefined) return '';
  const bytes = data.reduce((sum, each) => sum + each.bytes, 0);
  const images = data.filter(({ kind }) => kind === 'image');
  const guests = many.across.sightOf(host)?.guests ?? [];
  const inThem = guests.filter((guest) =>
    guest.images.some((image) => images.some(({ path }) => isWithin(image.path, path))),
  ).length;
  const imageBytes = images.reduce((sum, each) => sum + each.bytes, 0);
  if (inThem > 0 && imageBytes >= MOST * bytes) return countOf(inThem, 'guest');
  const rest = data.length - 1;
  const elsewhere = first.host === host ? '' : `${first.host}:`;
  const name = engineName(first.kind) ?? `${elsewhere}${pathText(first.path)}`;
  if (rest === 0) return name;
  return first.bytes >= MOST * bytes
    ? `${name} and ${rest} more`
    : countOf(data.length, 'data set');
}

const MOST = 0.8;

/** Only what is proven counts, and that is a recovery point: without one the host itself takes all. */
function survivesOfHost(many: ManyEstate, data: readonly DataLoss[], now: UnixMs): number {
  const { estate } = many;
  const kept = new Set(estate.points.map(({ dataSet }) => dataSet));
  const each = data.map(({ dataSet }) => {
    const set = estate.dataSets.find(({ name }) => name === dataSet);
    if (set === undefined || !kept.has(dataSet)) return 0;
    return survivesOf({ estate, now }, set);
  });
  return smallest(each, each.length === 0 ? 0 : Number.POSITIVE_INFINITY);
}

/** The disk of a guest is a file of its hypervisor: how many of those may fail is known there only. */
function survivesDisks(many: ManyEstate, { host, sight }: LookedHost): number | undefined {
  const own = many.data.filter((each) => each.host === host);
  const isGuest = many.guests.some((guest) => guest.host === host);
  if (sight === undefined || own.length === 0 || (isVirtual({ sight }) && !isGuest)) {
    return undefined;
  }
  let fewest = Number.POSITIVE_INFINITY;
  for (const { set } of own) {
    for (const { host: on, beneath } of set.places) {
      if (isGuest && on === host) continue;
      if (beneath === undefined) return undefined;
      fewest = Math.min(fewest, beneath.failuresSurvived);
    }
  }
  return fewest;
}
