import { found } from '../../watch/core/probes/found.ts';
import {
  judgeNoPostgres,
  judgePostgres,
  POSTGRES_QUESTION,
} from '../../watch/core/probes/postgres.ts';
import type { Probe } from '../../watch/shell/agent/probe.ts';
import type { Account } from '../engines/account.ts';
import { boundedProbe } from './bounded-probe.ts';
import { ProbeChild } from './probe-child.ts';
import type { ToolOptions } from './tool-probe.ts';

export interface PostgresOptions extends ToolOptions {
  readonly name: string;
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly user: string | undefined;
  readonly database: string | undefined;
  readonly lagMaxMs: number;
  readonly everyMs: number;
  /** Whose password file and socket rights count, where we are root. */
  readonly account?: Account | undefined;
}

/** A PostgreSQL: whether it takes connections, archives, and how far standbys are behind. */
export function postgresProbe(options: PostgresOptions): Probe {
  const { name, host, port, user, database = 'postgres', lagMaxMs, everyMs, account } = options;
  const { program = 'psql', timeoutMs = 15_000 } = options;
  const child = new ProbeChild();
  return boundedProbe({
    kind: 'postgres',
    name,
    everyMs,
    timeoutMs,
    look: async (signal) => {
      const answer = await child.run({
        program,
        args: ['-XAtqw', `--dbname=${database}`, `--command=${POSTGRES_QUESTION}`],
        env: {
          ...(host === undefined ? {} : { PGHOST: host }),
          ...(port === undefined ? {} : { PGPORT: String(port) }),
          ...(user === undefined ? {} : { PGUSER: user }),
          ...(account === undefined ? {} : { HOME: account.home }),
          PGCONNECT_TIMEOUT: '5',
          PGAPPNAME: 'holdfast-probe',
          PGOPTIONS: '-c statement_timeout=5000 -c default_transaction_read_only=on',
        },
        limitMs: timeoutMs - 500,
        signal,
        account,
      });
      if (answer.how !== 'ended') return found('unreadable', answer.why);
      return answer.status === 0
        ? judgePostgres(answer.stdout, lagMaxMs)
        : judgeNoPostgres(answer.stderr);
    },
  });
}
