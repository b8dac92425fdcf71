/** What would be lost, as the API answers it. Names and paths are as hosts sent them, made plain text. */
import { setImmediate } from 'node:timers/promises';
import type { z } from 'zod';
import { type Bound, answer, on } from '../../adapters/http/api-routes.ts';
import type { ByteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { domainId, type FailureDomain, loseName } from '../../watch/core/domain.ts';
import type { Exposure, ExposureToAll, Proof } from '../../watch/core/exposure/rows.ts';
import { sentenceOf } from '../../watch/core/exposure/sentence.ts';
import type {
  DataSetView,
  ExposureView,
  Fall,
  PromisedSpan,
  PromiseView,
  ServiceView,
  CheapestStep,
  StepOutcome,
} from '../../watch/core/exposure/view.ts';
import { pathText } from '../../watch/core/look/across.ts';
import { isOwnedBy } from '../../watch/core/look/owners.ts';
import type { Loss } from '../../watch/core/loss.ts';
import type { Outage } from '../../watch/core/outage.ts';
import type { HeldBack } from '../../watch/core/unflushed.ts';
import type {
  coveredShown,
  dataSetShown,
  dataSetWhole,
  domainShown,
  fallShown,
  findingShown,
  hitShown,
  lossShown,
  outageShown,
  promiseShown,
  seenHostShown,
  serviceShown,
} from '../../wire/api/exposure-parts.ts';
import { ROUTES } from '../../wire/api/routes.ts';
import { limitsOfFall, limitsOfService, limitsOfSet, liveSetOf } from './answer-limits.ts';
import { changesAt, exposedNow, loseAt } from './exposed.ts';
import type { Exposed, ExposedData, ExposedFinding, ExposedHost } from './exposed-view.ts';
import { type Served, timeOf, timeOrNull } from './served.ts';

/** Of one failure; `/v1/lose` and `/v1/data-sets` have all. */
const HITS_SHOWN = 20;
const LIST_SHOWN = 200;
const FALLS_PER_TURN = 50;
const ROWS_SHOWN = 5000;

export function exposureAnswers(served: Served): readonly Bound[] {
  return [
    ...setAnswers(served),
    on(ROUTES.exposure, async ({ query }) => {
      const { at, view, hosts } = await exposedNow(served);
      const { falls } = view;
      const shown: ReturnType<typeof fallOf>[] = [];
      for (const fall of falls.slice(query.from, query.from + query.count)) {
        shown.push(fallOf(fall));
        // Others are answered in between.
        if (shown.length % FALLS_PER_TURN === 0) await setImmediate();
      }
      return answer({
        ...{ at: timeOf(at), total: falls.length },
        falls: shown,
        ...atRisk(view),
        hosts: hosts.map(hostOf),
        ...(view.liveSets === undefined ? {} : { liveSets: view.liveSets.map(liveSetOf) }),
      });
    }),
    on(ROUTES.coverage, async ({ query }) => {
      const exposed = await exposedNow(served);
      return answer(coverageOf(exposed, query));
    }),
    on(ROUTES.findings, async ({ query }) => {
      const { at, findings } = await exposedNow(served);
      const { host, code, owner } = query;
      const all = findings.filter(
        (each) =>
          (host === undefined || each.hosts.includes(host)) &&
          (code === undefined || each.code === code) &&
          (owner === undefined || isOwnedBy(each.owners, owner)),
      );
      const shown = all.slice(query.from, query.from + query.count).map(findingOf);
      return answer({ at: timeOf(at), total: all.length, findings: shown });
    }),
    on(ROUTES.changes, async ({ query }) => {
      const changes = await changesAt(served, { host: query.host, countMax: query.count });
      return answer({
        at: timeOf(served.now().wallMs),
        changes: changes.map(({ at, notBefore, before, after, ...rest }) => ({
          ...{ ...rest, at: timeOf(at), notBefore: timeOf(notBefore) },
          ...{ before: before ?? null, after: after ?? null },
        })),
      });
    }),
    on(ROUTES.lose, async ({ query }) => {
      const lost = await loseAt(served, [query.domain].flat());
      const { rows, dataSetCount, services, notSeen, seenInPart } = lost;
      return answer({
        ...{ at: timeOf(lost.at), dataSetCount, hitCount: rows.length },
        lost: lost.lost.map(({ name, hosts }) => ({ name, hosts: [...hosts] })),
        ...{ services: [...services], notSeen: [...notSeen], seenInPart: [...seenInPart] },
        rows: rows
          .slice(0, ROWS_SHOWN)
          .map((row) => ({ ...hitOf(row), within: row.within ?? null })),
      });
    }),
  ];
}

function setAnswers(served: Served): readonly Bound[] {
  return [
    on(ROUTES.dataSets, async ({ query }) => {
      const { at, view } = await exposedNow(served);
      const { host } = query;
      const all = view.dataSets.filter(
        ({ places }) => host === undefined || places.some((place) => place.host === host),
      );
      const dataSets = all.slice(query.from, query.from + query.count).map(dataSetOf);
      return answer({ at: timeOf(at), total: all.length, dataSets });
    }),
    on(ROUTES.dataSet, async ({ params }) => {
      const { at, view } = await exposedNow(served);
      const dataSet = view.dataSets.find(({ name }) => name === params.dataSet);
      if (dataSet === undefined) {
        throw new Fault('HF_API_UNKNOWN', `no data set is called ${params.dataSet}`);
      }
      return answer({ at: timeOf(at), dataSet: wholeSetOf(dataSet, view) });
    }),
    on(ROUTES.services, async () => {
      const { at, view } = await exposedNow(served);
      return answer({ at: timeOf(at), services: view.services.map(serviceOf) });
    }),
  ];
}

function coverageOf(
  { at, coverage }: Exposed,
  query: {
    readonly host?: string | undefined;
    readonly state?: ExposedData['state'] | undefined;
    readonly from: number;
    readonly count: number;
  },
) {
  const counts = { none: 0, unknown: 0, covered: 0 };
  const { host, state, from } = query;
  const ofHost = coverage.filter((row) => host === undefined || row.host === host);
  for (const row of ofHost) counts[row.state] += 1;
  const all = ofHost.filter((row) => state === undefined || row.state === state);
  const rows = all.slice(from, from + query.count).map(coveredOf);
  return { at: timeOf(at), total: all.length, counts, rows };
}

function atRisk({ singlePoints, breaches }: ExposureView) {
  return {
    singlePoints: singlePoints.slice(0, LIST_SHOWN).map(({ domain, dataSets, bytes }) => ({
      ...{ domain: domainOf(domain), dataSetCount: dataSets.length, bytes },
      dataSets: dataSets.slice(0, HITS_SHOWN),
    })),
    breaches: breaches
      .slice(0, LIST_SHOWN)
      .map(({ of, name, what, promisedMs, standing, by, loss, outage }) => ({
        ...{ of, name, what, promisedMs, standing, by: by === undefined ? null : domainOf(by) },
        ...{ loss: lossOf(loss), outage: outageOf(outage) },
      })),
  };
}

function fallOf(fall: Fall): z.input<typeof fallShown> {
  const { domain, hits, counts, services, survives } = fall;
  return {
    domain: domainOf(domain),
    sentence: sentenceOf(fall)
      .map(({ text }) => text)
      .join(''),
    ...{ counts: { ...counts }, services: [...services], survives: survives ?? null },
    ...{ hitCount: hits.length, hits: hits.slice(0, HITS_SHOWN).map(hitOf) },
    ...limitsOfFall(fall),
  };
}

function hitOf(of: ExposureToAll): z.input<typeof hitShown> {
  const { dataSet, bytes, is, loss, outage, survives, proof, pointCount, pointsLeft } = of;
  return {
    ...{ dataSet, bytes, is, loss: lossOf(loss), outage: outageOf(outage), survives },
    ...{ proof: proofOf(proof), pointCount, pointsLeft },
  };
}

function rowOf(of: Exposure) {
  return { ...hitOf(of), domain: domainOf(of.domain) };
}

function domainOf(domain: FailureDomain): z.input<typeof domainShown> {
  const { kind } = domain;
  const none = { host: null, disk: null, path: null, of: null, name: null, lose: null };
  const of = { ...none, id: domainId(domain), kind };
  switch (domain.kind) {
    case 'host':
      return { ...of, host: domain.host, lose: `host:${domain.host}` };
    case 'disk': {
      const { host, disk } = domain;
      return { ...of, host, disk, lose: `disk:${host}/${disk}` };
    }
    case 'directory': {
      const [host, path] = [domain.host, pathText(domain.path)];
      return { ...of, host, path, lose: domain.spared.length === 0 ? `${host}:${path}` : null };
    }
    case 'group':
      return { ...of, of: domain.of, name: domain.name, lose: `${domain.of}:${domain.name}` };
    case 'volume':
      return { ...of, of: domain.of, name: domain.name, lose: loseName(domain) ?? null };
    case 'key':
      return { ...of, name: domain.key };
    case 'credential':
      return { ...of, of: domain.credential, name: domain.who };
  }
}

function lossOf(loss: Loss): z.input<typeof lossShown> {
  const { kind } = loss;
  return {
    kind,
    atLeastMs: 'atLeastMs' in loss ? (loss.atLeastMs ?? null) : null,
    atMostMs: 'atMostMs' in loss ? (loss.atMostMs ?? null) : null,
    why: 'why' in loss ? loss.why : '',
  };
}

function outageOf(outage: Outage): z.input<typeof outageShown> {
  const none = { atLeastMs: null, atMostMs: null, basis: null, bottleneck: null, why: null };
  switch (outage.kind) {
    case 'interval': {
      const { kind, atLeastMs, atMostMs, basis, bottleneck } = outage;
      const ends = { atLeastMs, atMostMs: atMostMs ?? null };
      return { ...none, kind, ...ends, basis, bottleneck: bottleneck ?? null };
    }
    case 'unknown':
      return { ...none, kind: outage.kind, why: outage.why };
    case 'not out':
    case 'for good':
      return { ...none, kind: outage.kind };
  }
}

function proofOf({ kind, ageMs }: Proof) {
  return { kind, ageMs: ageMs === undefined ? null : Math.max(0, ageMs) };
}

function promisedOf(span: PromisedSpan | undefined) {
  if (span === undefined) return null;
  const { promisedMs, standing, by } = span;
  return { promisedMs, standing, by: by === undefined ? null : domainOf(by) };
}

function promiseOf(promise: PromiseView | undefined): z.input<typeof promiseShown> | null {
  if (promise === undefined) return null;
  return { mayLose: promisedOf(promise.mayLose), backWithin: promisedOf(promise.backWithin) };
}

function dataSetOf(of: DataSetView): z.input<typeof dataSetShown> {
  const { name, kind, bytes, isSeen, pointCount, best, worst, survives, services } = of;
  return {
    ...{ name, kind, bytes, isSeen, pointCount, survives, services: [...services] },
    places: of.places.map(({ host, path }) => ({ host, path: textOrNull(path) })),
    best:
      best === undefined
        ? null
        : {
            ...{ coveredUpTo: timeOf(best.coveredUpTo), isProven: best.isProven },
            ...{ proof: proofOf(best.proof), vault: best.vault },
          },
    worst: worst === undefined ? null : rowOf(worst),
    promise: promiseOf(of.promise),
  };
}

function wholeSetOf(of: DataSetView, { falls }: ExposureView): z.input<typeof dataSetWhole> {
  const { copies, lostWith, unflushed, step } = of;
  return {
    ...dataSetOf(of),
    ...limitsOfSet(of),
    copies: copies.map(({ vault, copy, host, path, exists, isElsewhere, newest }) => ({
      ...{ vault, copy, host, path: textOrNull(path), exists, isElsewhere },
      newest: timeOrNull(newest),
    })),
    lostWith: lostWith.map((set) => set.map(domainOf)),
    unflushed: { ...heldOf(unflushed), crash: heldOf(unflushed.crash) },
    step: stepOf(step),
    streaming: stepOf(of.streaming),
    falls: falls.flatMap((fall) => {
      const hit = fall.hitOf(of.name);
      return hit === undefined ? [] : { ...hitOf(hit), domain: domainOf(fall.domain) };
    }),
  };
}

function stepOf(step: CheapestStep | undefined) {
  if (step === undefined) return null;
  const { kind, subject, bytes = null, tookMs = null, before, after } = step;
  return { kind, subject, bytes, tookMs, before: outcomeOf(before), after: outcomeOf(after) };
}

function heldOf({ atMostMs, isKnown, parts }: HeldBack) {
  return { atMostMs: atMostMs ?? null, isKnown, parts: [...parts] };
}

function outcomeOf({ loss, outage, survives }: StepOutcome) {
  return { loss: lossOf(loss), outage: outageOf(outage), survives };
}

function serviceOf(of: ServiceView): z.input<typeof serviceShown> {
  const { name, dataSets, unseen, tier, dependsOn, owners, runbook, worst, survives } = of;
  return {
    ...{ name, dataSets: [...dataSets], unseen: [...unseen], tier: tier ?? null },
    ...{ dependsOn: [...dependsOn], owners: [...owners], runbook: runbook ?? null },
    ...{ survives: survives ?? null, promise: promiseOf(of.promise) },
    worst:
      worst === undefined
        ? null
        : {
            ...{ domain: domainOf(worst.domain), loss: lossOf(worst.loss) },
            ...{ outage: outageOf(worst.outage), lossOf: worst.lossOf ?? null },
            outageOf: worst.outageOf ?? null,
            ...limitsOfService(worst),
          },
  };
}

function coveredOf(of: ExposedData): z.input<typeof coveredShown> {
  const { host, path, kind, bytes, isAtLeast, newestChange, state, why } = of;
  return {
    ...{ host, path: pathText(path), kind, bytes, isAtLeast, state, why },
    ...{ newestChange: timeOrNull(newestChange), coveredUpTo: timeOrNull(of.coveredUpTo) },
    ...{ openCommand: of.openCommand ?? null, seenAt: timeOf(of.seenAt) },
  };
}

function findingOf(of: ExposedFinding): z.input<typeof findingShown> {
  const { code, section, rank, hosts, subject, sentence, bytes, fix, source, since } = of;
  return {
    ...{ code, section, rank, hosts: [...hosts], subject, sentence, bytes },
    owners: [...of.owners],
    fix:
      fix === undefined
        ? null
        : fix.kind === 'command'
          ? { kind: fix.kind, text: fix.line, says: fix.says }
          : { kind: fix.kind, text: fix.text, says: null },
    ...{ source: source ?? null, since: timeOrNull(since) },
  };
}

function hostOf(of: ExposedHost): z.input<typeof seenHostShown> {
  const { host, alsoAs, seenBy, look, why, remedy, system, kernel, runsOn, ledger } = of;
  return {
    ...{ host, alsoAs: [...alsoAs], seenBy: seenBy ?? null, look, why, remedy, system, kernel },
    ...{ seenAt: timeOrNull(of.seenAt), expiresAt: timeOrNull(of.expiresAt) },
    runsOn: runsOn ?? null,
    ledger:
      ledger === undefined
        ? null
        : {
            ...{ seenAt: timeOf(ledger.seenAt), expiresAt: timeOf(ledger.expiresAt) },
            ...{ isFresh: ledger.isFresh, notSeen: ledger.notSeen.map((each) => ({ ...each })) },
          },
  };
}

function textOrNull(path: ByteString | undefined): string | null {
  return path === undefined ? null : pathText(path);
}
