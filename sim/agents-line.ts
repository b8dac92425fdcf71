/** The lines between agents and their server: slow, lossy, doubling, cut. */
import { Fault } from '../src/base/fault.ts';
import type { Hear, Heard, Said, Say } from '../src/watch/core/agent/messages.ts';
import type { ServerLink } from '../src/watch/shell/agent/server-link.ts';
import type { Answer, SimServer } from './agents-server.ts';
import type { SimMachine } from './agents-time.ts';
import { Truth } from './agents-truth.ts';
import type { Seeded } from './seeded.ts';

const SAY_TIMEOUT_MS = 30_000;
const HEAR_TIMEOUT_MS = 60_000;
const USUAL_MAX_MS = 60;

/** What a line does while it is bad. */
export interface LineFaults {
  lost: number;
  doubled: number;
  slow: number;
  slowMaxMs: number;
}

export class SimLine implements ServerLink {
  readonly faults: LineFaults = { lost: 0, doubled: 0, slow: 0, slowMaxMs: 0 };
  readonly cut = new Truth<'cut' | 'whole'>('whole');
  /** True time at which its agent last sent a `say`. */
  saidAt = Number.NEGATIVE_INFINITY;
  readonly #machine: SimMachine;
  readonly #server: SimServer;
  readonly #seeded: Seeded;

  constructor(machine: SimMachine, server: SimServer, seeded: Seeded) {
    this.#machine = machine;
    this.#server = server;
    this.#seeded = seeded;
  }

  enrol(): Promise<never> {
    throw new Error('agents of a simulation are enrolled before it begins');
  }

  async say(say: Say): Promise<Said> {
    this.saidAt = this.#machine.time.now;
    const answer = await this.#ask(() => this.#server.say(say), SAY_TIMEOUT_MS);
    if ('acked' in answer) return answer;
    throw refusedFault(answer);
  }

  async hear(hear: Hear): Promise<Heard> {
    const answer = await this.#ask(() => this.#server.hear(hear), HEAR_TIMEOUT_MS);
    if ('words' in answer) return answer;
    throw refusedFault(answer);
  }

  async #ask(ask: () => Promise<Answer>, timeoutMs: number): Promise<Answer> {
    return await new Promise((resolve, reject) => {
      const away = (): void => reject(new Fault('HF_SERVER_AWAY', 'no answer', { server: 'sim' }));
      this.#machine.after(timeoutMs, away);
      // The answer finds the process that asked, or nobody.
      const process = this.#machine.process;
      const arrived = (answer: Answer): void => {
        if (this.#machine.process === process) this.#machine.after(0, () => resolve(answer));
      };
      const copies = this.#seeded.isTrue(this.faults.doubled) ? 2 : 1;
      for (let copy = 0; copy < copies; copy++) this.#carry(ask, arrived);
    });
  }

  #carry(ask: () => Promise<Answer>, arrived: (answer: Answer) => void): void {
    const { machine } = this.#server;
    this.#travel(() => {
      if (!machine.isOn || this.#server.core === undefined) return;
      machine.after(0, () => void ask().then((answer) => this.#travel(() => arrived(answer))));
    });
  }

  #travel(then: () => void): void {
    const { lost, slow, slowMaxMs } = this.faults;
    if (this.cut.now === 'cut' || this.#seeded.isTrue(lost)) return;
    const ms = this.#seeded.isTrue(slow)
      ? this.#seeded.below(slowMaxMs)
      : 1 + this.#seeded.below(USUAL_MAX_MS);
    const { time } = this.#machine;
    time.at(time.now + ms, then);
  }
}

function refusedFault(answer: Answer): Fault {
  const problem = 'problem' in answer ? answer.problem : 'malformed';
  const instead = 'remedy' in answer ? answer.remedy : '';
  return new Fault('HF_SERVER_REFUSED', problem, { server: 'sim', problem, instead });
}
