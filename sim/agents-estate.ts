/** A small estate by a seed: one server, hosts with the real loop of an agent, and what befalls them. */
import type { ItemSaw } from '../src/watch/core/agent/messages.ts';
import { SimHost, type SimItem } from './agents-host.ts';
import { SimLine } from './agents-line.ts';
import { SimServer } from './agents-server.ts';
import { SimMachine, SimTime } from './agents-time.ts';
import { Truth } from './agents-truth.ts';
import { Seeded, seededRandom } from './seeded.ts';

const WALL_MS = 1_800_000_000_000;
const WALL_OFF_MAX_MS = 7_200_000;
const DRIFT_MAX = 0.0002;
const SAWS: readonly [ItemSaw, ItemSaw, ItemSaw, ItemSaw] = [
  'healthy',
  'broken',
  'impaired',
  'unreadable',
];

/** In which the clock of a machine did not count. */
export interface StoodStill {
  readonly machine: string;
  readonly from: number;
  until: number;
}

export class SimEstate {
  readonly seed: number;
  readonly seeded: Seeded;
  readonly time = new SimTime();
  readonly server: SimServer;
  readonly hosts: readonly SimHost[];
  readonly stoodStill: StoodStill[] = [];
  /** True times at which the server began. */
  readonly serverStarts: number[] = [];
  /** Pairs of hosts between which there is no path. */
  readonly pathsCut = new Set<string>();
  readonly jobsAsked: string[] = [];

  constructor(seed: number) {
    this.seed = seed;
    this.seeded = new Seeded(seed);
    const machine = this.#machine('server');
    this.server = new SimServer(machine, this.seeded, seededRandom(seed + 1));
    machine.turnOn();
    const count = this.seeded.isTrue(0.3) ? 3 : 2;
    this.hosts = Array.from({ length: count }, (_, nth) => this.#host(nth));
    for (const host of this.hosts) this.#enrol(host);
    for (const host of this.hosts) {
      host.reaches = (peer) => this.#reaches(host, peer);
    }
  }

  startServer(): void {
    const { machine } = this.server;
    if (this.server.core !== undefined) return;
    this.server.start();
    this.serverStarts.push(machine.time.now);
  }

  /** Its clock stands still, as that of a guest whose hypervisor halts it. */
  standStill(machine: SimMachine, spanMs: number): void {
    if (machine.isStopped || !machine.isOn) return;
    machine.stop();
    const host = this.hosts.find((each) => each.machine === machine);
    host?.up.set(this.time.now, 'down');
    const from = this.time.now;
    const record: StoodStill = { machine: machine.name, from, until: Number.POSITIVE_INFINITY };
    this.stoodStill.push(record);
    this.time.at(from + spanMs, () => {
      machine.goOn(false);
      if (machine.isOn) host?.up.set(this.time.now, 'up');
      record.until = this.time.now;
    });
  }

  hostName(host: SimHost): string {
    return host.machine.name;
  }

  /** Whether a connection to the agent's port of `peer` would come about now. */
  #reaches(from: SimHost, peer: string): boolean {
    const to = this.hosts.find(({ agent }) => agent === peer);
    if (to === undefined || !to.machine.isOn || to.machine.isStopped) return false;
    return !this.pathsCut.has(pathOf(from, to));
  }

  #machine(name: string): SimMachine {
    const offMs = this.seeded.isTrue(0.3) ? this.seeded.below(WALL_OFF_MAX_MS) : 0;
    const driftPerMs = (this.seeded.next() - 0.5) * 2 * DRIFT_MAX;
    return new SimMachine(this.time, name, { wallBaseMs: WALL_MS + offMs, driftPerMs });
  }

  #host(nth: number): SimHost {
    const agent = `${nth + 1}`.repeat(32).slice(0, 32);
    const machine = this.#machine(`host${nth + 1}`);
    const line = new SimLine(machine, this.server, this.seeded);
    const items = Array.from({ length: 1 + this.seeded.below(2) }, (_, at) => this.#item(at));
    return new SimHost({ agent, machine, line, items, seeded: this.seeded });
  }

  #item(nth: number): SimItem {
    const everyMs = 15_000 + this.seeded.below(25_000);
    const first: ItemSaw = this.seeded.isTrue(0.8) ? 'healthy' : this.seeded.pick(SAWS);
    return { item: `sim:${nth}`, everyMs, timeoutMs: 5000, truth: new Truth(first) };
  }

  #enrol({ agent, machine }: SimHost): void {
    const publicKey = '';
    this.server.store.agents.set(agent, {
      ...{ agent, host: machine.name, publicKey, level: 'look', version: 'sim' },
      ...{ enrolledAt: machine.wallMs(), run: 0, seq: 0, acked: 0, boot: '', isRevoked: false },
    });
  }

  changeTruth(): void {
    const host = this.hosts[this.seeded.below(this.hosts.length)];
    const item = host?.items[this.seeded.below(host.items.length)];
    const saw = this.seeded.isTrue(0.4) ? 'healthy' : this.seeded.pick(SAWS);
    item?.truth.set(this.time.now, saw);
  }
}

export function pathOf(a: SimHost, b: SimHost): string {
  return [a.agent, b.agent].sort().join(' ');
}
