import { byteString } from '../../../base/bytes.ts';
import { durationMs, type UnixMs } from '../../../base/units.ts';
import type { HostClock } from '../../../watch/core/look/host-sight.ts';
import { linesOf, type Told } from './told.ts';

/** When the script was sent, and when its first record came. */
export interface Asked {
  readonly askedAt: UnixMs;
  readonly answeredAt: UnixMs;
}

/** @param nowMs what its clock said in between, in whole seconds perhaps */
export function clockOf(told: Told, nowMs: number | undefined, asked: Asked): HostClock {
  const isSynchronised = isSynchronisedBy(told);
  if (nowMs === undefined) {
    return { offsetMs: undefined, offsetWithinMs: undefined, isSynchronised };
  }
  const { askedAt, answeredAt } = asked;
  // A whole second stands for all of it.
  const latestMs = nowMs % 1000 === 0 ? nowMs + 999 : nowMs;
  const [least, most] = [nowMs - answeredAt, latestMs - askedAt];
  return {
    offsetMs: Math.round((least + most) / 2),
    offsetWithinMs: durationMs(Math.max(0, Math.ceil((most - least) / 2))),
    isSynchronised,
  };
}

function isSynchronisedBy(told: Told): boolean | undefined {
  const chrony = told.printed('chronyc tracking');
  const leap = chrony && /^Leap status\s*:\s*(.*\S)\s*$/m.exec(chrony)?.[1];
  if (leap) return leap !== 'Not synchronised';
  const timedate = told.printed('timedatectl') ?? '';
  const said = /^\s*(?:NTPSynchronized=|NTP synchronized: |System clock synchronized: )(\w+)/m.exec(
    timedate,
  )?.[1];
  if (said !== undefined) return said === 'yes';
  const peers = linesOf(told.printed('ntpq -pn'));
  if (peers.length > 0) return peers.some((line) => /^[*o]\d/.test(line));
  const timesync = told.world.list(byteString('/run/systemd/timesync'));
  return timesync?.some(({ name }) => name === 'synchronized');
}
