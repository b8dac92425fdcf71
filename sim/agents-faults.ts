/** What befalls an estate, by its seed; and how it ends. */
import { pathOf, type SimEstate } from './agents-estate.ts';
import type { SimHost } from './agents-host.ts';

/** No fault lasts longer. */
export const SPAN_MAX_MS = 65_000;
const STEP_MAX_MS = 3_600_000;

type Befall = (estate: SimEstate, host: SimHost, spanMs: number) => void;

const FAULTS: readonly [Befall, ...Befall[]] = [
  function serverIsKilled(estate, _, spanMs) {
    estate.server.kill();
    estate.time.at(estate.time.now + spanMs / 4, () => estate.startServer());
  },
  function machineOfServerIsBooted(estate, _, spanMs) {
    estate.server.loseMachine();
    estate.time.at(estate.time.now + spanMs / 4, () => estate.startServer());
  },
  function serverStandsStill(estate, _, spanMs) {
    estate.standStill(estate.server.machine, spanMs);
  },
  function commitsFail({ server, time }, _, spanMs) {
    server.commitFails = 0.5;
    time.at(time.now + spanMs, () => (server.commitFails = 0));
  },
  function wallClockOfServerIsSet({ server, seeded }) {
    server.machine.wallBaseMs += seeded.below(2 * STEP_MAX_MS) - STEP_MAX_MS;
  },
  function lineIsBad({ seeded, time }, { line }, spanMs) {
    const kinds = { lost: 0.3, doubled: 0.3, slow: 0.4, slowMaxMs: 20_000 + seeded.below(60_000) };
    Object.assign(line.faults, kinds);
    time.at(time.now + spanMs, () => Object.assign(line.faults, { lost: 0, doubled: 0, slow: 0 }));
  },
  function lineIsCut({ time }, { line }, spanMs) {
    line.cut.set(time.now, 'cut');
    time.at(time.now + spanMs, () => line.cut.set(time.now, 'whole'));
  },
  function agentIsKilled({ time }, host, spanMs) {
    if (!host.machine.isOn) return;
    host.kill();
    time.at(time.now + spanMs, () => host.machine.isOn && host.start());
  },
  function powerIsLost({ time }, host, spanMs) {
    host.kill();
    host.machine.turnOff();
    host.up.set(time.now, 'down');
    time.at(time.now + spanMs, () => turnOn(host));
  },
  function hostIsSuspended({ time }, { machine, up }, spanMs) {
    if (machine.isStopped || !machine.isOn) return;
    machine.stop();
    up.set(time.now, 'down');
    time.at(time.now + spanMs, () => {
      machine.goOn(true);
      if (machine.isOn) up.set(time.now, 'up');
    });
  },
  function hostStandsStill(estate, { machine }, spanMs) {
    estate.standStill(machine, spanMs);
  },
  function wallClockOfHostIsSet({ seeded }, { machine }) {
    machine.wallBaseMs += seeded.below(2 * STEP_MAX_MS) - STEP_MAX_MS;
  },
  function pathIsCut({ hosts, pathsCut, seeded, time }, host, spanMs) {
    const other = hosts[seeded.below(hosts.length)];
    if (other === undefined || other === host || pathsCut.size > 0) return;
    pathsCut.add(pathOf(host, other));
    time.at(time.now + spanMs, () => pathsCut.clear());
  },
];

export function turnOn(host: SimHost): void {
  if (!host.machine.isOn) host.machine.turnOn();
  host.start();
}

/** One fault, by chance. @returns what it is called */
export function befall(estate: SimEstate): string {
  const { seeded, hosts } = estate;
  const fault = seeded.pick(FAULTS);
  const host = hosts[seeded.below(hosts.length)];
  if (host !== undefined) fault(estate, host, 1000 + seeded.below(SPAN_MAX_MS));
  return fault.name;
}
