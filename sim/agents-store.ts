/** The state of a simulated server: it keeps exactly what was committed. */
import type { Word } from '../src/watch/core/agent/messages.ts';
import type {
  ServerChange,
  StoredAgent,
  StoredItem,
  StoredJob,
  StoredLine,
  StoredTransition,
  StoredWord,
} from '../src/watch/core/server/changes.ts';
import type { Kept } from '../src/watch/core/server/held.ts';
import { isOver } from '../src/watch/core/server/job-over.ts';

export class SimStore {
  readonly agents = new Map<string, StoredAgent>();
  readonly items = new Map<string, StoredItem>();
  readonly jobs = new Map<string, StoredJob>();
  readonly lines = new Map<string, StoredLine>();
  readonly transitions: StoredTransition[] = [];
  #words: StoredWord[] = [];

  commit(changes: readonly ServerChange[]): void {
    for (const change of changes) this.#apply(change);
  }

  kept(): Kept {
    return {
      agents: [...this.agents.values()],
      items: [...this.items.values()],
      words: this.#words.map(({ agent, body }) => ({ agent, word: JSON.parse(body) as Word })),
      openJobs: [...this.jobs.values()].filter(({ state }) => !isOver(state)),
    };
  }

  #apply(change: ServerChange): void {
    switch (change.do) {
      case 'agent':
        this.agents.set(change.agent.agent, change.agent);
        return;
      case 'item':
        this.items.set(`${change.item.agent} ${change.item.item}`, change.item);
        return;
      case 'forget-item':
        this.items.delete(`${change.agent} ${change.item}`);
        return;
      case 'transition':
        this.transitions.push(change.transition);
        return;
      case 'line':
        this.lines.set(`${change.line.agent} ${change.line.n}`, change.line);
        return;
      case 'job':
        this.jobs.set(change.job.job, change.job);
        return;
      case 'word':
        this.#words.push(change.word);
        return;
      case 'heard':
        this.#words = this.#words.filter(
          ({ agent, n }) => agent !== change.agent || n > change.upTo,
        );
        return;
      default:
        // Of silence, maintenance and freezes nothing is read again here.
        return;
    }
  }
}
