import { Fault } from '../../base/fault.ts';

/**
 * A backup that a collector has overtaken begins again by itself, once: it then stores what is gone.
 * Once, since whoever is overtaken twice in one run stands still for days each time.
 *
 * @param run a whole backup: what it captures from is opened anew
 */
export async function onceMoreIfOvertaken<T>(run: (isAgain: boolean) => Promise<T>): Promise<T> {
  try {
    return await run(false);
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'HF_BACKUP_OVERTAKEN') throw error;
    return run(true);
  }
}
