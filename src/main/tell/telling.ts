/** All of telling people, over the state of a server. */
import timers from 'node:timers/promises';
import { randomId } from './random-id.ts';
import type { DurationMs } from '../../base/units.ts';
import type { Cipher } from '../../host/cipher.ts';
import type { Clock } from '../../host/clock.ts';
import type { Random } from '../../host/random.ts';
import type { Alert, Subject, TellChange } from '../../tell/core/alert.ts';
import { channelSubjects } from '../../tell/core/channel-subjects.ts';
import { confirmationSubjects, planTests, readersNow } from '../../tell/core/confirmations.ts';
import { decide } from '../../tell/core/decide.ts';
import { endUnwatched } from '../../tell/core/end-unwatched.ts';
import type { LinkKey } from '../../tell/core/signed-link.ts';
import type { TellPolicy } from '../../tell/core/tell-policy.ts';
import { OutboxSender } from '../../tell/shell/outbox-sender.ts';
import { recentAlerts } from '../../tell/shell/recent-alerts.ts';
import type { TellStore } from '../../tell/shell/tell-store.ts';
import type { TellConfig } from '../../wire/tell-config.ts';
import { linkKey } from '../../adapters/channels/link-key.ts';
import { openChannels } from './open-channels.ts';
import { type TellingNow, tellingNow } from './telling-now.ts';
import { ratesOf, tellPolicyOf } from './tell-policy-of.ts';

export interface TellingParts {
  readonly config: TellConfig;
  /** Where relative names of files begin: the directory of the configuration. */
  readonly configDirectory: string;
  /** The state directory of the server; it is there. */
  readonly stateDirectory: string;
  readonly store: TellStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly cipher: Cipher;
  readonly log: (line: string) => void;
}

export interface Telling {
  readonly policy: TellPolicy;
  /** `run(signal)` sends until it is told to stop. */
  readonly sender: OutboxSender;
  /** Of `readAckLink` and `readConfirmLink`. */
  readonly linkKey: LinkKey;

  /**
   * What follows from how things stand now, to be committed: alerts, messages, tests that are due.
   * To be asked after each transition and every five seconds, one call after the other.
   */
  changes(subjects: readonly Subject[]): Promise<readonly TellChange[]>;

  /** What is not watched any more: ended and said, to be committed. */
  endUnwatched(alert: Alert, why: string): readonly TellChange[];

  /** Whether people would be told of this one if it were all there is, and the time had come. */
  wouldTell(subject: Subject): boolean;
  /** Whether what is said reaches people. */
  standing(): Promise<TellingNow>;
}

const ROWS_LOOKED_AT = 500;

/** @throws Fault HF_TELL_SECRET */
export function openTelling(parts: TellingParts): Telling {
  const { config, configDirectory, stateDirectory, store, clock, random, cipher, log } = parts;
  const key: LinkKey = { cipher, key: linkKey(stateDirectory, random) };
  const policy = tellPolicyOf(config);
  const channels = openChannels(config, {
    directory: configDirectory,
    clock,
    linkKey: key,
    openAlerts: () => store.openAlerts(),
  });
  const names = channels.map(({ name }) => name);
  const newId = (): string => randomId(random);
  return {
    policy,
    linkKey: key,
    sender: new OutboxSender({ store, channels, clock, wait, rates: ratesOf(config), log }),
    endUnwatched: (alert, why) => endUnwatched(alert, { why, now: clock.now(), policy, newId }),
    wouldTell(subject) {
      const now = clock.now();
      const soon = { ...policy, groupMs: 0, delayMs: { failed: 0, unknown: 0, degraded: 0 } };
      const said = decide({ subjects: [subject], alerts: [], now, policy: soon, newId });
      const isOpened = said.some((change) => change.do === 'alert');
      return isOpened && (names.length === 0 || said.some((change) => change.do === 'outbox'));
    },
    async changes(subjects) {
      const now = clock.now();
      const [alerts, rows, confirmations] = await Promise.all([
        recentAlerts(store, policy, now),
        store.rows(ROWS_LOOKED_AT),
        store.confirmations(),
      ]);
      const own = [
        ...channelSubjects(rows, names),
        ...confirmationSubjects(policy.channels, confirmations, now),
      ];
      return [
        ...decide({ subjects: [...subjects, ...own], alerts, now, policy, newId }),
        ...planTests({ channels: policy.channels, confirmations, now, newId }),
      ];
    },
    async standing() {
      const [rows, confirmations, open] = await Promise.all([
        store.rows(ROWS_LOOKED_AT),
        store.confirmations(),
        store.openAlerts(),
      ]);
      const readers = readersNow(policy.channels, confirmations, clock.now());
      const openAlerts = open.length;
      return { ...tellingNow(names, channelSubjects(rows, names), readers), openAlerts };
    },
  };
}

/** Ends early, and in silence, where it is told to. */
export async function wait(span: DurationMs, signal: AbortSignal): Promise<void> {
  await timers.setTimeout(span, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
