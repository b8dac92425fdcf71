// What an agent shows, made up: one host, one directory of data, one backup of it that was drilled.
import { nodeTools } from '../../src/adapters/node/tools.ts';
import { byteString } from '../../src/base/bytes.ts';
import type { Evidence } from '../../src/base/evidence.ts';
import { GIB, hours, minutes, seconds, unixMs } from '../../src/base/units.ts';
import { ledgerReportText } from '../../src/wire/ledger-report.ts';
import { savedLookText } from '../../src/wire/saved-look.ts';
import type { Place } from '../../src/watch/core/place.ts';
import type { LedgerReport } from '../../src/watch/core/ledger-report.ts';
import type { HostLook, HostSight } from '../../src/watch/core/look/host-sight.ts';
import { answered, sightOf } from '../look/host-sight-example.ts';
import { dataAt } from '../watch/discovery-example.ts';

export const tools = nodeTools();
export const NOW = unixMs(Date.now());

export function placeOn(host: string, path: string, disk = 'vda'): Place {
  return { host, beneath: { disks: [disk], failuresSurvived: 0 }, path: byteString(path) };
}

/** A host with one directory of data, as a look at itself sees it. */
export function lookAt(host: string, path: string, change: Partial<HostSight> = {}): HostLook {
  const { discovery } = sightOf(host);
  const data = [dataAt(path, { kind: 'www', bytes: 20 * GIB, place: placeOn(host, path) })];
  return answered(host, {
    discovery: { ...discovery, seenAt: NOW, data, backups: [] },
    ...change,
  });
}

export function sightFrame(...looks: readonly HostLook[]): Uint8Array {
  return framed(savedLookText({ at: NOW, looks }, tools.hash));
}

export function framed(text: string): Uint8Array {
  return tools.codec.compress(tools.codec.bytesOf(byteString(text)));
}

/** One data set, backed up to another machine an hour ago, and drilled. */
export function reportOf(
  host: string,
  path: string,
  change: Partial<LedgerReport> = {},
): LedgerReport {
  const evidence: Evidence = {
    ...{ subject: 'x', saw: 'healthy', source: `${host}/drill`, bootId: 'b', seq: 1, detail: {} },
    ...{ observedAt: unixMs(NOW - minutes(10)), receivedAt: NOW },
    expiresAt: unixMs(NOW + hours(24)),
  };
  const of = { dataSet: path, vault: 'v1', copy: 'st9:/vault' };
  const far: Place = { host: 'server st9', beneath: undefined, path: undefined };
  return {
    ...{ at: NOW, host, coverage: [], notSeen: [], leftOut: 0 },
    estate: {
      dataSets: [
        {
          ...{ name: path, kind: 'www', bytes: 20 * GIB, entries: 10, needsEngine: false },
          ...{ places: [placeOn(host, path)], unflushedMax: seconds(5), isSeen: true },
        },
      ],
      points: [
        {
          ...{ id: 'p1', dataSet: path, vault: 'v1', coveredUpTo: unixMs(NOW - hours(1)) },
          ...{ isTorn: false, gapCount: 0, exists: [{ copy: of.copy, evidence }] },
        },
      ],
      vaults: [{ vault: 'v1', copy: of.copy, place: far, openedBy: ['k1'] }],
      keys: [{ id: 'k1', places: [placeOn(host, '/root/key')], isConfirmedElsewhere: true }],
      drills: [
        {
          ...{ ...of, point: 'p1', evidence, bytes: 20 * GIB, entries: 10, tookMs: seconds(60) },
          ...{ target: placeOn(host, '/scratch'), isPastCache: true, engineStarted: undefined },
          bottleneck: undefined,
        },
      ],
      ...{ found: [], readers: [host, 'server st9'], clockSkewMax: seconds(1) },
    },
    ...change,
  };
}

export function ledgerFrame(report: LedgerReport): Uint8Array {
  return framed(ledgerReportText(report, tools.hash));
}
