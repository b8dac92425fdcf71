/** Which data sets of holdfast.yaml lie on this machine: one file serves many hosts. */
import os from 'node:os';
import { Fault } from '../../base/fault.ts';
import { type Config, hostOfDataSet } from '../../wire/config.ts';
import { isNameOfThis } from './machine-names.ts';

/** A data set that another host has, and backs up. */
export interface DataSetElsewhere {
  readonly dataSet: string;
  readonly host: string;
}

export function dataSetsElsewhere(config: Config): readonly DataSetElsewhere[] {
  return Object.entries(config.datasets ?? {}).flatMap(([dataSet, given]) => {
    const host = hostOfDataSet(given);
    return host === undefined || isThisMachine(config, host) ? [] : [{ dataSet, host }];
  });
}

/** Behind a name, or an address of IPv6 in brackets. */
const PORT = /(?<=^[^:]*|\]):\d+$/;

/** Whether a host of the file is the machine that reads it: by its name or its address. */
export function isThisMachine({ hosts }: Config, host: string): boolean {
  const address = hosts?.[host]?.address?.replace(PORT, '').replace(/^.*@|[[\]]/g, '');
  const names = [host, ...(address === undefined ? [] : [address])];
  return names.some((name) => isNameOfThis(name, os.hostname()));
}

/** @throws Fault HF_DATA_SET_ELSEWHERE where `name` lies on another host */
export function demandHere(config: Config, name: string): void {
  const elsewhere = dataSetsElsewhere(config).find(({ dataSet }) => dataSet === name);
  if (elsewhere === undefined) return;
  const { host } = elsewhere;
  const message = `data set ${name} lies on ${host}: this machine does not back it up`;
  throw new Fault('HF_DATA_SET_ELSEWHERE', message, { host });
}
